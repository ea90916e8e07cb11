// Descriptor-table registers and the instructions that look at descriptors (SDM 2; SDM 3A, 2.4 and 5.10).
#include <algorithm>

#include "cpu/cpu.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/system.hpp"

namespace paemu {

namespace {

void set_zero_flag(Cpu& cpu, bool on) {
  const u32 flags = cpu.flags();
  cpu.set_flags(on ? flags | eflag::kZero : flags & ~eflag::kZero);
}

bool protected_only(Cpu& cpu) {
  if (cpu.protected_mode() && !cpu.virtual8086()) return true;
  cpu.undefined();
  return false;
}

// --- SGDT, SIDT, LGDT, LIDT: limit in the first two bytes, base in the next four.

Outcome store_table(Cpu& cpu, const Insn& i, const DescriptorTable& t) {
  u8 image[6] = {static_cast<u8>(t.limit), static_cast<u8>(t.limit >> 8)};
  for (u32 n = 0; n < 4; ++n) image[2 + n] = static_cast<u8>(t.base >> (8 * n));
  return cpu.store_bytes(i.segment, cpu.effective_address(i), image, 6) ? Outcome::kNext : Outcome::kFault;
}

Outcome load_table(Cpu& cpu, const Insn& i, DescriptorTable& t) {
  u8 image[6];
  if (!require_ring0(cpu) || !cpu.load_bytes(i.segment, cpu.effective_address(i), image, 6)) return Outcome::kFault;
  t.limit = static_cast<u16>(image[0] | (image[1] << 8));
  t.base = image[2] | (u32{image[3]} << 8) | (u32{image[4]} << 16);
  if (!operand16(i)) t.base |= u32{image[5]} << 24;  // 16-bit operand size: 24 bits of base
  return Outcome::kEnd;
}

// SLDT, STR: 16 bits to memory, zero-extended to a register.
Outcome store_selector(Cpu& cpu, const Insn& i, u16 selector) {
  if (i.flags & isa::insn_flag::kMemory) return cpu.store(i, selector) ? Outcome::kNext : Outcome::kFault;
  if (operand16(i))
    cpu.set_reg<u16>(i.rm, selector);
  else
    cpu.set_reg<u32>(i.rm, selector);
  return Outcome::kNext;
}

// --- LAR, LSL, VERR, VERW: a descriptor that the program may see, or ZF clear.

enum class Look : u8 { kVisible, kHidden, kFault };

// The descriptor that the operand selects.
Look look_at(Cpu& cpu, const Insn& i, Descriptor& d) {
  u16 selector;
  if (!protected_only(cpu) || !cpu.read_rm(i, selector)) return Look::kFault;
  u32 linear;
  if (null_selector(selector) || !descriptor_address(cpu, selector, linear)) return Look::kHidden;
  u64 raw;
  if (!cpu.load_linear(linear, raw)) return Look::kFault;
  d = Descriptor{static_cast<u32>(raw), static_cast<u32>(raw >> 32)};
  const bool any_ring = d.code() && d.conforming();
  if (!any_ring && d.dpl() < std::max<u32>(cpu.cpl, rpl_of(selector))) return Look::kHidden;
  return Look::kVisible;
}

// System descriptors that LAR (and LSL, without the gates) accept (SDM 2A, tables of LAR and LSL).
constexpr u32 kLarTypes = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 11 | 1u << 12;
constexpr u32 kLslTypes = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 9 | 1u << 11;

template <class Value>
Outcome load_about(Cpu& cpu, const Insn& i, u32 system_types, Value&& value_of) {
  Descriptor d;
  const Look look = look_at(cpu, i, d);
  if (look == Look::kFault) return Outcome::kFault;
  const bool ok = look == Look::kVisible && (!d.system() || ((system_types >> d.type()) & 1));
  set_zero_flag(cpu, ok);
  if (!ok) return Outcome::kNext;
  if (operand16(i))
    cpu.set_reg<u16>(i.reg, static_cast<u16>(value_of(d)));
  else
    cpu.set_reg<u32>(i.reg, value_of(d));
  return Outcome::kNext;
}

template <class Test>
Outcome verify(Cpu& cpu, const Insn& i, Test&& test) {
  Descriptor d;
  const Look look = look_at(cpu, i, d);
  if (look == Look::kFault) return Outcome::kFault;
  set_zero_flag(cpu, look == Look::kVisible && !d.system() && test(d));
  return Outcome::kNext;
}

}  // namespace

Outcome sem_sgdt(Cpu& cpu, const Insn& i) { return store_table(cpu, i, cpu.state.gdtr); }
Outcome sem_sidt(Cpu& cpu, const Insn& i) { return store_table(cpu, i, cpu.state.idtr); }
Outcome sem_lgdt(Cpu& cpu, const Insn& i) { return load_table(cpu, i, cpu.state.gdtr); }
Outcome sem_lidt(Cpu& cpu, const Insn& i) { return load_table(cpu, i, cpu.state.idtr); }

Outcome sem_sldt(Cpu& cpu, const Insn& i) {
  return protected_only(cpu) ? store_selector(cpu, i, cpu.state.ldtr.selector) : Outcome::kFault;
}

Outcome sem_str(Cpu& cpu, const Insn& i) {
  return protected_only(cpu) ? store_selector(cpu, i, cpu.state.tr.selector) : Outcome::kFault;
}

Outcome sem_lldt(Cpu& cpu, const Insn& i) {
  u16 selector;
  if (!protected_only(cpu) || !require_ring0(cpu) || !cpu.read_rm(i, selector)) return Outcome::kFault;
  if (null_selector(selector)) {
    cpu.state.ldtr = Segment{selector, 0, 0, 0};
    return Outcome::kEnd;
  }
  const u32 error = selector_error(selector);
  if (selector & 4) return cpu.general_protection(error);
  Descriptor d;
  if (!read_descriptor(cpu, selector, d, Vector::kGeneralProtection)) return Outcome::kFault;
  if (!d.system() || d.type() != system_type::kLdt) return cpu.general_protection(error);
  if (!d.present()) return cpu.raise(Vector::kSegmentNotPresent, error);
  cpu.state.ldtr = d.segment(selector);
  return Outcome::kEnd;
}

Outcome sem_ltr(Cpu& cpu, const Insn& i) {
  u16 selector;
  if (!protected_only(cpu) || !require_ring0(cpu) || !cpu.read_rm(i, selector)) return Outcome::kFault;
  if (null_selector(selector)) return cpu.general_protection(0);
  const u32 error = selector_error(selector);
  if (selector & 4) return cpu.general_protection(error);
  Descriptor d;
  if (!read_descriptor(cpu, selector, d, Vector::kGeneralProtection)) return Outcome::kFault;
  const bool available = d.type() == system_type::kTss16Available || d.type() == system_type::kTss32Available;
  if (!d.system() || !available) return cpu.general_protection(error);
  if (!d.present()) return cpu.raise(Vector::kSegmentNotPresent, error);
  d.high |= 2u << 8;  // busy
  u32 linear;
  if (!descriptor_address(cpu, selector, linear) || !cpu.store_linear(linear + 5, static_cast<u8>(d.high >> 8))) {
    return Outcome::kFault;
  }
  cpu.state.tr = d.segment(selector);
  return Outcome::kEnd;
}

Outcome sem_lar(Cpu& cpu, const Insn& i) {
  return load_about(cpu, i, kLarTypes, [](const Descriptor& d) { return d.high & 0x00ffff00; });
}

Outcome sem_lsl(Cpu& cpu, const Insn& i) {
  return load_about(cpu, i, kLslTypes, [](const Descriptor& d) { return d.limit(); });
}

Outcome sem_verr(Cpu& cpu, const Insn& i) {
  return verify(cpu, i, [](const Descriptor& d) { return d.data() || d.readable(); });
}

Outcome sem_verw(Cpu& cpu, const Insn& i) {
  return verify(cpu, i, [](const Descriptor& d) { return d.data() && d.writable(); });
}

Outcome sem_arpl(Cpu& cpu, const Insn& i) {
  if (!protected_only(cpu)) return Outcome::kFault;
  u16 value;
  const bool memory = i.flags & isa::insn_flag::kMemory;
  if (!(memory ? cpu.load_for_write(i, value) : cpu.read_rm(i, value))) return Outcome::kFault;
  const u16 rpl = static_cast<u16>(cpu.reg<u16>(i.reg) & 3);
  const bool adjust = (value & 3) < rpl;
  if (adjust && !cpu.write_rm(i, static_cast<u16>((value & ~3) | rpl))) return Outcome::kFault;
  set_zero_flag(cpu, adjust);
  return Outcome::kNext;
}

}  // namespace paemu
