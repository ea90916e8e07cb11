// MMX rows, and those of SSE and SSE2 that have an MMX register (SDM 1, chapter 9): the guest's registers are in the
// host's own unit while the x87 state is lent (cpu/host_fpu.hpp), so that the instruction itself remains. TOP, tags and
// the ones in the exponent of a register that is written are the host's matter (SDM 1, 9.6.2), as the pointers to the
// last x87 instruction are not: MMX leaves these alone.
//
// That the state is lent says that CR0 has neither EM nor TS and that no x87 exception is pending.
#include "jit/block_translator.hpp"
#include "jit/simd_operand.hpp"

namespace paemu::jit {

using namespace Xbyak;
using namespace simd_operand;

namespace {

constexpr u8 kScratch = 8;  // XMM8, which no guest has, nor those after it

// Plain moves of so many bytes between memory and kScratch, or to ECX.
Opcode plain_load(u32 size) {
  switch (size) {
    case 16: return {0, true, 0x10};    // MOVUPS
    case 8: return {0xf3, true, 0x7e};  // MOVQ
    case 4: return {0x66, true, 0x6e};  // MOVD
    default: return {0, true, 0xb7};    // MOVZX ECX, m16
  }
}
Opcode plain_store(u32 size) {
  switch (size) {
    case 16: return {0, true, 0x11};
    case 8: return {0x66, true, 0xd6};
    default: return {0x66, true, 0x7e};
  }
}

}  // namespace

// The operand is read, or written with what it is, by an instruction that does nothing else. Of 16 bytes it must be
// aligned, as that of CVTPD2PI.
void BlockTranslator::touch_by_xmm(const HostOperand& at, u32 size, Access access) {
  constexpr Opcode kMovaps{0, true, 0x28};
  encode(size == 16 ? kMovaps : plain_load(size), size == 2 ? static_cast<u8>(rcx.getIdx()) : kScratch, at);
  if (access == Access::kWrite) encode(plain_store(size), kScratch, at);
}

bool BlockTranslator::copy_mmx(const Insn& i) {
  const isa::Row& r = row(i);
  if (r.map != isa::Map::k0F) return false;
  if (i.opcode == 0x77) return copy_emms();
  if (i.opcode == 0xf7) return copy_masked_store(i);
  const Operand first = r.operands[0], second = r.operands[1];
  if (!is_mmx(first) && !is_mmx(second)) return false;
  const bool shift = second == Operand::Ib, to_rm = is_mmx_reg(second);
  const bool to_xmm = is_xmm(first), from_xmm = is_xmm_rm(second);
  const Operand rm_kind = shift || to_rm ? first : second;
  const Access access = to_rm ? Access::kWrite : Access::kRead;
  const u32 size = memory_size(rm_kind);
  if (memory(i) && (size == 0 || !reachable(i, access))) return false;

  // From memory CVTPI2PD has nothing to do with MMX; CVTPI2PS has by the rule, and not on all hosts
  // (docs/undefined.md).
  const bool converts_memory = to_xmm && memory(i);
  const bool enters = !converts_memory || r.prefix == isa::Prefix::kNone;
  if (to_xmm || from_xmm) need_lent(lent::kMxcsr);
  if (enters) need_lent(lent::kX87);
  if (to_xmm) hold_xmm(i.reg, true);
  HostOperand rm = HostOperand::reg(is_general_rm(rm_kind) ? kHostRegister[i.rm & 7] : i.rm);
  if (memory(i)) {
    rm = look_up(i, size, access, size == 16 ? Alignment::kRequired16 : Alignment::kAny);
    // An MMX instruction that faults has not entered the MMX state, by the rule; on some hosts it has.
    if (enters && rm.window && !in_mmx_) touch_by_xmm(rm, size, access);
  } else if (from_xmm) {
    hold_xmm(i.rm, true);
  }
  const u8 reg = shift ? u8(i.modrm >> 3 & 7) : first == Operand::Gd ? kHostRegister[i.reg] : i.reg;
  encode({mandatory(r.prefix), true, i.opcode}, reg, rm);
  if (shift || r.operands[2] == Operand::Ib) db(i.immediate, 1);
  if (to_xmm) xmm_.dirty |= static_cast<u8>(1u << i.reg);
  if (converts_memory && enters) movd(ecx, mm0);
  in_mmx_ = in_mmx_ || enters;
  return true;
}

bool BlockTranslator::copy_emms() {
  need_lent(lent::kX87);
  emms();
  in_mmx_ = false;
  return true;
}

// MASKMOVQ and MASKMOVDQU, at DS:EDI: some hosts take a hundred times as long as what is done here, which is to write
// all bytes, those that are not chosen as they were. Nobody else writes meanwhile.
bool BlockTranslator::copy_masked_store(const Insn& i) {
  const bool mmx = row(i).prefix == isa::Prefix::kNone;
  const u32 size = mmx ? 8 : 16;
  if (i.segment == isa::kFs || i.segment == isa::kGs || !reachable(i, Access::kWrite)) return false;
  need_lent(mmx ? lent::kX87 : lent::kMxcsr);
  if (!mmx) {
    hold_xmm(i.reg, true);
    hold_xmm(i.rm, true);
  }
  const HostOperand at = look_up(Address{.base = isa::kEdi}, size, Access::kWrite, Alignment::kAny, false);
  if (mmx && at.window && !in_mmx_) touch_by_xmm(at, size, Access::kWrite);
  const Xmm old(kScratch), data(kScratch + 1), chosen(kScratch + 2), mask(kScratch + 3);
  encode(plain_load(size), kScratch, at);
  if (mmx) {
    movq2dq(data, Mmx(i.reg));
    movq2dq(mask, Mmx(i.rm));
  } else {
    movdqa(data, Xmm(i.reg));
    movdqa(mask, Xmm(i.rm));
  }
  pxor(chosen, chosen);
  pcmpgtb(chosen, mask);  // bytes whose sign is set
  pand(data, chosen);
  pandn(chosen, old);
  por(data, chosen);
  encode(plain_store(size), kScratch + 1, at);
  in_mmx_ = in_mmx_ || mmx;
  return true;
}

}  // namespace paemu::jit
