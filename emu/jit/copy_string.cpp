// String instructions without a repeat prefix (SDM 2): one element, and ESI and EDI go on by its size. Repeated ones
// are the handler's, which moves whole pages.
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
  if (i.flags & (kRep | kRepne | kAddress16)) return false;
  if (from && (i.segment == isa::kFs || i.segment == isa::kGs)) return false;
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

}  // namespace paemu::jit
