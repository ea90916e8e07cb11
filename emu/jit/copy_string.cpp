// String instructions (SDM 2). One element: ESI and EDI go on by its size. Of repeated ones MOVS and STOS are copied as
// they are when they go up, stay within their pages, and have time left; all else of them is the handler's.
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
  if (i.flags & (kRep | kRepne)) return (moves || stores) && copy_repeated(i);
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

// Each element counts as an instruction; the block's count has one, and nothing comes after it in the block.
bool BlockTranslator::copy_repeated(const Insn& i) {
  const bool moves = (i.opcode & 0xfe) == 0xa4;
  const int size = !(i.opcode & 1) ? 1 : operand16(i) ? 2 : 4;
  const Reg64 count = guest64(isa::kEcx), source = guest64(isa::kEsi), destination = guest64(isa::kEdi);
  Label none, some, upwards, enough, done;
  mov(ecx, count.cvt32());
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
  const auto host_address = [&](const Reg64& host, const Reg64& linear, Access access) {
    lea(ecx, ptr[linear + count * size - 1]);
    pext(ecx, ecx, ptr[CONTEXT(page_bits)]);
    compare_tag(table(access), static_cast<u32>(linear.getIdx()), 1);
    lea(host, ptr[rdi + linear]);
  };
  if (moves) host_address(rsi, source, Access::kRead);
  host_address(rdi, destination, Access::kWrite);
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

}  // namespace paemu::jit
