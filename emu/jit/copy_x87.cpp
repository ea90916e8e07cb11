// x87 rows: the guest's state is in the host's own unit (cpu/host_fpu.hpp), so that the instruction itself remains.
#include "cpu/x87_instruction.hpp"
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

// The state may have been taken back since: by a device, a flush, a task switch. Then the run loop lends it again.
void BlockTranslator::need_lent(u8 bit) {
  if (lent_ & bit) return;
  lent_ |= bit;
  if (bit == lent::kX87) in_mmx_ = false;
  out_.needs_lent |= bit;
  SideExit& e = side_exit(base_ + block_.insns[index_].offset, index_);
  e.to_run_loop = true;
  Label lent;
  movzx(ecx, byte[in_cpu(&cpu_.lent_fpu)]);
  pext(ecx, ecx, ptr[CONTEXT(lent_bits) + bit * 4]);
  lea(ecx, ptr[rcx - 1]);
  jrcxz(lent);
  jmp(e.label, T_NEAR);
  L(lent);
}

bool BlockTranslator::copy_x87(const Insn& i) {
  if (row(i).map != isa::Map::k1) return false;
  in_mmx_ = false;
  const u8 digit = i.modrm >> 3 & 7;
  if (i.opcode == 0x9b) {
    need_lent(lent::kX87);
    return true;
  }
  if (i.opcode < 0xd8 || i.opcode > 0xdf) return false;
  if (memory(i)) return copy_x87_memory(i, digit);
  if (i.opcode == 0xdf && i.modrm == 0xe0) {  // FNSTSW AX
    need_lent(lent::kX87);
    db(0xdf);
    db(0xe0);
    return true;
  }
  if (i.opcode == 0xdb && i.modrm == 0xe2) {  // FNCLEX
    need_lent(lent::kX87);
    db(0xdb);
    db(0xe2);
    return true;
  }
  if (i.opcode == 0xdb && digit == 4) return false;  // FNINIT and kin
  const bool move_if = (i.opcode == 0xda || i.opcode == 0xdb) && digit < 4;
  const bool compare = (i.opcode == 0xdb || i.opcode == 0xdf) && (digit == 5 || digit == 6);
  static constexpr u32 kConditions[4] = {eflag::kCarry, eflag::kZero, eflag::kCarry | eflag::kZero, eflag::kParity};
  if (compare && !rules_.hold(HostRule::kFcomi)) return false;
  if (move_if) need_flags(kConditions[digit]);
  need_lent(lent::kX87);
  db(i.opcode);
  db(i.modrm);
  if (compare) flags_written_exactly();
  x87_.insn = &i;
  return true;
}

// Of words that leave all exceptions masked, as those of compiled conversions to integers do.
bool BlockTranslator::copy_fldcw(const Insn& i) {
  if (!reachable(i, Access::kRead)) return false;
  need_lent(lent::kX87);
  const HostOperand at = look_up(i, 2, Access::kRead);
  const u8 scratch = static_cast<u8>(rcx.getIdx());
  Label masked;
  encode({0, true, 0xb7}, scratch, at);  // MOVZX
  pext(ecx, ecx, ptr[CONTEXT(x87_masks)]);
  lea(ecx, ptr[rcx - fpu_status::kExceptions]);
  jrcxz(masked);
  jmp(missed(), T_NEAR);
  L(masked);
  encode({0, true, 0xb7}, scratch, at);
  // x87_control_word(), as the host's own instruction does it
  pext(ecx, ecx, ptr[CONTEXT(x87_control)]);
  pdep(ecx, ecx, ptr[CONTEXT(x87_control)]);
  lea(ecx, ptr[rcx + kX87ControlSet]);
  mov(ptr[in_cpu(&cpu_.state.fpu.control)], cx);
  encode({0, false, 0xd9}, 5, at);
  return true;
}

bool BlockTranslator::copy_x87_memory(const Insn& i, u32 digit) {
  // FLDENV, FNSTENV; FRSTOR, FNSAVE.
  if (i.opcode == 0xd9 && digit == 5) return copy_fldcw(i);
  if (i.opcode == 0xd9 && (digit == 4 || digit == 6)) return false;
  if (i.opcode == 0xdd && (digit == 4 || digit == 6)) return false;
  const bool control = i.opcode == 0xd9 && digit == 7, status = i.opcode == 0xdd && digit == 7;
  const x87::Operand operand = control || status ? x87::Operand{2, true} : x87::operand_of(i.opcode, digit);
  const Access access = operand.store ? Access::kWrite : Access::kRead;
  if (!reachable(i, access)) return false;
  need_lent(lent::kX87);
  const HostOperand at = look_up(i, operand.size, access);
  encode({0, false, i.opcode}, static_cast<u8>(digit), at);
  if (control || status) return true;
  if (i.segment == isa::kFs || i.segment == isa::kGs) {
    mov(ecx, ptr[CONTEXT(spare)]);
    mov(ptr[in_cpu(&cpu_.state.fpu.data_offset)], ecx);
  } else {
    mov(ptr[in_cpu(&cpu_.state.fpu.data_offset)], linear_address(at));
  }
  x87_.insn = x87_.with_memory = &i;
  return true;
}

}  // namespace paemu::jit
