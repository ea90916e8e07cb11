// String instructions (SDM 2). One element: ESI and EDI go on by its size. Repeated ones are copied as they are when
// they go up and have time left, as far as the pages reach; all else of them, and REP LODS, is the handler's.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

// Up or down as EFLAGS.DF says, without touching a flag: size * (1 - 2 DF).
void BlockTranslator::go_on_by(u32 reg, u32 size) {
  mov(ecx, ptr[in_cpu(&cpu_.state.eflags)]);
  pext(ecx, ecx, ptr[CONTEXT(direction_bit)]);
  not_(ecx);  // -1 - DF
  lea(guest32(reg), ptr[guest64(reg) + rcx * static_cast<int>(2 * size) + static_cast<int>(3 * size)]);
}

bool BlockTranslator::copy_string(const Insn& i) {
  using namespace isa::insn_flag;
  const u8 o = i.opcode, kind = o & 0xfe;
  const bool moves = kind == 0xa4, compares = kind == 0xa6, stores = kind == 0xaa, loads = kind == 0xac,
             scans = kind == 0xae;
  if (row(i).map != isa::Map::k1 || !(moves || compares || stores || loads || scans)) return false;
  const bool from = moves || compares || loads, to = !loads;
  if ((i.flags & kAddress16) || (from && (i.segment == isa::kFs || i.segment == isa::kGs))) return false;
  if (i.flags & (kRep | kRepne)) return moves || stores ? copy_repeated(i) : !loads && copy_repeated_compare(i);
  const u32 size = !(o & 1) ? 1 : operand16(i) ? 2 : 4;
  const u8 p66 = size == 2 ? 0x66 : 0, wide = o & 1, scratch = static_cast<u8>(rcx.getIdx());
  const Opcode load{p66, false, static_cast<u8>(0x8a | wide)}, store{p66, false, static_cast<u8>(0x88 | wide)},
      compare{p66, false, static_cast<u8>(0x3a | wide)};
  HostOperand at;
  if (from) at = look_up(Address{.base = isa::kEsi}, size, Access::kRead, Alignment::kAny, false);
  if (loads) encode(load, 0, at);
  if (moves || compares) {
    encode(load, scratch, at);
    mov(ptr[CONTEXT(spare)], ecx);
  }
  if (to) {
    at = look_up(Address{.base = isa::kEdi}, size, moves || stores ? Access::kWrite : Access::kRead, Alignment::kAny,
                 false);
  }
  if (moves || compares) mov(ecx, ptr[CONTEXT(spare)]);
  if (moves || stores) encode(store, moves ? scratch : 0, at);
  if (compares || scans) {
    encode(compare, compares ? scratch : 0, at);
    flags_written_exactly();
  }
  if (from) go_on_by(isa::kEsi, size);
  if (to) go_on_by(isa::kEdi, size);
  return true;
}

// To `done` when the count is 0, to the handler when the direction is down.
void BlockTranslator::begin_repeated(Label& done) {
  Label none, some, upwards;
  mov(ecx, guest32(isa::kEcx));
  jrcxz(none);
  jmp(some);
  L(none);
  jmp(done, T_NEAR);
  L(some);
  mov(ecx, ptr[in_cpu(&cpu_.state.eflags)]);
  pext(ecx, ecx, ptr[CONTEXT(direction_bit)]);
  jrcxz(upwards);
  jmp(missed(), T_NEAR);
  L(upwards);
}

// Each element counts as an instruction, of which the block's count has one.
bool BlockTranslator::copy_repeated(const Insn& i) {
  const bool moves = (i.opcode & 0xfe) == 0xa4;
  const int size = !(i.opcode & 1) ? 1 : operand16(i) ? 2 : 4;
  const Reg64 count = guest64(isa::kEcx), source = guest64(isa::kEsi), destination = guest64(isa::kEdi);
  Label enough, done;
  begin_repeated(done);
  const auto left_after = [&](const Reg64& left) {  // r11 - (count - 1)
    mov(ecx, count.cvt32());
    not_(rcx);
    lea(left, ptr[r11 + rcx + 2]);
  };
  left_after(rcx);
  mov(esi, 63);
  shrx(rcx, rcx, rsi);  // the sign
  jrcxz(enough);
  jmp(missed(), T_NEAR);
  L(enough);
  // Having time for all of them says that there are few: nothing wraps round.
  if (moves) host_address(rsi, source, source + count * size - 1, Access::kRead);
  host_address(rdi, destination, destination + count * size - 1, Access::kWrite);
  mov(ecx, count.cvt32());
  if (size == 2) db(0x66);
  db(0xf3);
  db(i.opcode);
  if (moves) lea(source.cvt32(), ptr[source + count * size]);
  lea(destination.cvt32(), ptr[destination + count * size]);
  left_after(r11);
  mov(count.cvt32(), 0);
  L(done);
  in_rdi_ = kNoSlot;
  return true;
}

// To the handler unless the bytes from `linear` to `last` are in one page that is at hand.
void BlockTranslator::host_address(const Reg64& host, const Reg64& linear, const RegExp& last, Access access) {
  lea(ecx, ptr[last]);
  pext(ecx, ecx, ptr[CONTEXT(page_bits)]);
  compare_tag(table(access), static_cast<u32>(linear.getIdx()), 1);
  lea(host, ptr[rdi + linear]);
}

// REPE and REPNE CMPS and SCAS: as many elements as there is time for, to the end of the page. What is left then is the
// handler's, which finds a state between two elements.
bool BlockTranslator::copy_repeated_compare(const Insn& i) {
  const bool compares = (i.opcode & 0xfe) == 0xa6, while_equal = i.flags & isa::insn_flag::kRep;
  const int size = !(i.opcode & 1) ? 1 : operand16(i) ? 2 : 4;
  const Reg64 source = guest64(isa::kEsi), destination = guest64(isa::kEdi);
  const Reg32 count = guest32(isa::kEcx);
  Label time, finished, done;
  need_flags(eflag::kArithmetic);
  begin_repeated(done);
  lea(ecx, ptr[r11 - 1]);
  pext(ecx, ecx, ptr[CONTEXT(sign_bit)]);
  jrcxz(time);
  jmp(missed(), T_NEAR);
  L(time);
  if (compares) host_address(rsi, source, source + size - 1, Access::kRead);
  host_address(rdi, destination, destination + size - 1, Access::kRead);
  // There is one element at least, so the flags are written: they may be used here.
  mov(ecx, count);
  const auto at_most = [&](const Reg32& limit) {
    cmp(ecx, limit);
    cmova(ecx, limit);
  };
  const auto at_most_in_page = [&](const Reg64& linear) {
    mov(r8d, linear.cvt32());
    or_(r8d, ~kPageMask);
    neg(r8d);
    shr(r8d, size >> 1);
    at_most(r8d);
  };
  if (compares) at_most_in_page(source);
  at_most_in_page(destination);
  at_most(r11d);
  mov(ptr[CONTEXT(spare)], ecx);
  if (size == 2) db(0x66);
  db(while_equal ? 0xf3 : 0xf2);
  db(i.opcode);
  // Now they are the guest's. ecx: how many elements it was
  mov(r8d, ptr[CONTEXT(spare)]);
  not_(rcx);
  lea(ecx, ptr[rcx + r8 + 1]);
  if (compares) lea(source.cvt32(), ptr[source + rcx * size]);
  lea(destination.cvt32(), ptr[destination + rcx * size]);
  not_(rcx);
  lea(count, ptr[count.cvt64() + rcx + 1]);
  lea(r11d, ptr[r11 + rcx + 1]);
  constexpr u32 kEqual = 4, kNotEqual = 5;  // condition codes
  jump_if(while_equal ? kNotEqual : kEqual, finished);
  mov(ecx, count);
  jrcxz(finished);
  jmp(missed(), T_NEAR);
  L(finished);
  lea(r11d, ptr[r11 + 1]);  // the last is the instruction, which the block's count has
  L(done);
  flags_written_exactly();
  in_rdi_ = kNoSlot;
  return true;
}

}  // namespace paemu::jit
