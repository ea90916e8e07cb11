// The ways into kernels and back: INT n, IRET, SYSENTER, SYSEXIT (SDM 2), between flat segments.
#include "cpu/segmentation.hpp"
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::copy_transfer(const Insn& i) {
  if (row(i).map == isa::Map::k0F) return i.opcode == 0x34 ? copy_sysenter() : copy_sysexit();
  return i.opcode == 0xcf ? !operand16(i) && copy_interrupt_return() : copy_interrupt(i);
}

bool BlockTranslator::copy_interrupt_return() {
  if (privilege_ == Privilege::kUser) return false;
  settle_all();
  mov(esi, guest32(isa::kEsp));
  take_shortcut(Shortcut::kInterruptReturn);
  mov(guest32(isa::kEsp), ptr[CONTEXT(went.esp)]);
  load_flags();
  settle_all();
  mov(esi, ptr[CONTEXT(went.eip)]);
  Label to_kernel;
  movzx(ecx, byte[in_cpu(&cpu_.cpl)]);
  jrcxz(to_kernel);
  transfer(Privilege::kUser);
  L(to_kernel);
  transfer(Privilege::kSupervisor);
  ended_ = true;
  return true;
}

bool BlockTranslator::copy_interrupt(const Insn& i) {
  need_flags(eflag::kArithmetic);
  settle_all();
  mov(ptr[CONTEXT(went.esp)], guest32(isa::kEsp));
  mov(dword[CONTEXT(went.eip)], next_eip(i));
  mov(esi, i.immediate & 0xff);
  pushfq();
  pop(rdi);
  take_shortcut(Shortcut::kInterrupt);
  mov(guest32(isa::kEsp), ptr[CONTEXT(went.esp)]);
  mov(esi, ptr[CONTEXT(went.eip)]);
  transfer(Privilege::kSupervisor);
  ended_ = true;
  return true;
}

// --- SDM 3A, 5.8.7: segments by convention, no table is read.

namespace {
constexpr u32 kSelector = 0xfffc;  // the bits of IA32_SYSENTER_CS that count
}

// IA32_SYSENTER_CS must not be NULL.
void BlockTranslator::need_sysenter_segment() {
  Label null, named;
  mov(esi, kSelector);
  pext(ecx, esi, ptr[in_cpu(&cpu_.state.sysenter_cs)]);
  jrcxz(null);
  jmp(named);
  L(null);
  jmp(missed(), T_NEAR);
  L(named);
}

// Base and limit are those of a flat segment already, as all that are translated.
void BlockTranslator::set_flat(u32 segment, u32 beyond, u32 dpl) {
  using namespace segment_attribute;
  const Segment& s = cpu_.state.segment[segment];
  const u32 attributes = kPresent | kNotSystem | kWritable | kAccessed | kDefaultBig | kGranularity | dpl << kDplShift |
                         (segment == isa::kCs ? kCode : 0u);
  mov(esi, kSelector);
  mov(ecx, ptr[in_cpu(&cpu_.state.sysenter_cs)]);
  pext(ecx, ecx, esi);
  lea(ecx, ptr[rcx * 4 + static_cast<int>(beyond + dpl)]);
  mov(word[in_cpu(&s.selector)], cx);
  mov(word[in_cpu(&s.attributes)], attributes);
}

void BlockTranslator::set_privilege(Privilege privilege) {
  const bool user = privilege == Privilege::kUser;
  mov(byte[in_cpu(&cpu_.cpl)], user ? 3 : 0);
  mov(byte[in_cpu(&cpu_.mode_key)], kFastMode | mode::kProtected | (user ? mode::kUser : 0));
}

bool BlockTranslator::copy_sysenter() {
  settle_all();
  need_sysenter_segment();
  clear_flag(eflag::kInterrupt);
  set_flat(isa::kCs, 0, 0);
  set_flat(isa::kSs, 8, 0);
  set_privilege(Privilege::kSupervisor);
  mov(guest32(isa::kEsp), ptr[in_cpu(&cpu_.state.sysenter_esp)]);
  mov(esi, ptr[in_cpu(&cpu_.state.sysenter_eip)]);
  transfer(Privilege::kSupervisor);
  ended_ = true;
  return true;
}

bool BlockTranslator::copy_sysexit() {
  if (privilege_ == Privilege::kUser) return false;
  settle_all();
  need_ring0();
  need_sysenter_segment();
  set_flat(isa::kCs, 16, 3);
  set_flat(isa::kSs, 24, 3);
  set_privilege(Privilege::kUser);
  mov(guest32(isa::kEsp), guest32(isa::kEcx));
  mov(esi, guest32(isa::kEdx));
  transfer(Privilege::kUser);
  ended_ = true;
  return true;
}

}  // namespace paemu::jit
