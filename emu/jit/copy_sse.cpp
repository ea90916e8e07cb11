// SSE to SSE3 rows on XMM registers, under the guest's MXCSR, which is lent to the host's (cpu/host_fpu.hpp).
//
// A register that a block uses is loaded into the host's of the same number once, and stored when the block is left or
// a handler runs.
#include <bit>

#include "jit/block_translator.hpp"
#include "jit/simd_operand.hpp"

namespace paemu::jit {

using namespace Xbyak;
using namespace simd_operand;

namespace {

// MOVUPS, MOVUPD, MOVDQU and LDDQU ask for no alignment.
bool unaligned(const isa::Row& r) {
  return r.opcode == 0x10 || r.opcode == 0x11 || r.opcode == 0xf0 ||
         ((r.opcode == 0x6f || r.opcode == 0x7f) && r.prefix == isa::Prefix::kF3);
}
// Only loads: the old value of the destination does not matter.
bool whole_load(const isa::Row& r) {
  return r.opcode == 0x28 || r.opcode == 0x6f || r.opcode == 0xf0 ||
         (r.opcode == 0x10 && (r.prefix == isa::Prefix::kNone || r.prefix == isa::Prefix::k66));
}

}  // namespace

void BlockTranslator::hold_xmm(u32 n, bool load) {
  if (!(xmm_.held >> n & 1) && load) movaps(Xmm(static_cast<int>(n)), ptr[in_cpu(cpu_.state.fpu.xmm[n])]);
  xmm_.held |= static_cast<u8>(1u << n);
}

// Of a general register, with CR4.OSFXSR or without.
bool BlockTranslator::copy_movnti(const Insn& i) {
  if (!reachable(i, Access::kWrite)) return false;
  const HostOperand at = look_up(i, 4, Access::kWrite);
  encode({0, true, i.opcode}, kHostRegister[i.reg], at);
  return true;
}

// LDMXCSR of words that leave all exceptions masked and have no bit that is reserved; STMXCSR.
bool BlockTranslator::copy_mxcsr(const Insn& i) {
  const u8 digit = i.modrm >> 3 & 7;
  if (!memory(i) || (digit != 2 && digit != 3)) return false;
  const Access access = digit == 3 ? Access::kWrite : Access::kRead;
  if (!reachable(i, access)) return false;
  need_lent(lent::kMxcsr);
  const HostOperand at = look_up(i, 4, access);
  if (digit == 2) {
    const u32 reserved = ~mxcsr_bits(cpu_);
    Label allowed;
    load(ecx, at);
    mov(r8d, reserved | mxcsr::kMasks);
    pext(ecx, ecx, r8d);
    const u32 below = static_cast<u32>(std::popcount(reserved & (mxcsr::kMasks - 1) & ~mxcsr::kMasks));
    lea(ecx, ptr[rcx - static_cast<int>(mxcsr::kExceptions << below)]);
    jrcxz(allowed);
    jmp(missed(), T_NEAR);
    L(allowed);
  }
  encode({0, true, 0xae}, digit, at);
  return true;
}

bool BlockTranslator::copy_sse(const Insn& i) {
  const isa::Row& r = row(i);
  const Operand first = r.operands[0], second = r.operands[1];
  if (r.map != isa::Map::k0F || is_mmx(first) || is_mmx(second)) return false;
  if (r.opcode == 0xc3) return copy_movnti(i);
  if (r.opcode == 0xae) return copy_mxcsr(i);
  const bool approximate = r.opcode == 0x52 || r.opcode == 0x53;  // RSQRTPS, RCPPS: docs/undefined.md
  if (approximate || r.opcode == 0xf7) return false;
  const bool shift = first == Operand::Udq && second == Operand::Ib;
  const bool to_xmm = is_xmm(first) && (is_xmm_rm(second) || memory_size(second) != 0);
  const bool from_xmm = is_xmm(second) && (is_xmm_rm(first) || memory_size(first) != 0);
  const bool to_general = first == Operand::Gd && is_xmm_rm(second);
  if (!shift && !to_xmm && !from_xmm && !to_general) return false;
  const Access access = from_xmm ? Access::kWrite : Access::kRead;
  const Operand rm_kind = from_xmm || shift ? first : second;
  const u32 size = memory_size(rm_kind);
  if (memory(i) && (size == 0 || !reachable(i, access))) return false;

  need_lent(lent::kMxcsr);
  const bool general_rm = is_general_rm(rm_kind);
  HostOperand rm = HostOperand::reg(general_rm ? kHostRegister[i.rm & 7] : i.rm);
  if (!shift && !to_general) hold_xmm(i.reg, !whole_load(r) || from_xmm || !memory(i));
  if (memory(i))
    rm = look_up(i, size, access, size == 16 && !unaligned(r) ? Alignment::kRequired16 : Alignment::kAny);
  else if (!general_rm)
    hold_xmm(i.rm, true);
  const u8 reg = to_general ? kHostRegister[i.reg] : shift ? u8(i.modrm >> 3 & 7) : i.reg;
  encode({mandatory(r.prefix), true, i.opcode}, reg, rm);
  const bool with_immediate = r.operands[1] == Operand::Ib || r.operands[2] == Operand::Ib;
  if (with_immediate) db(r.opcode == 0xc2 ? i.immediate & 7 : i.immediate, 1);
  const bool compares = r.opcode == 0x2e || r.opcode == 0x2f;  // COMISS and kin
  if (compares)
    flags_written_exactly();
  else if (to_xmm)
    xmm_.dirty |= static_cast<u8>(1u << i.reg);
  else if ((from_xmm && !memory(i) && !general_rm) || shift)
    xmm_.dirty |= static_cast<u8>(1u << i.rm);
  return true;
}

}  // namespace paemu::jit
