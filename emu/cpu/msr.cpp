#include "cpu/msr.hpp"

#include "cpu/cpu.hpp"

namespace paemu {

namespace {

// SDM 4, chapter 2.
enum Index : u32 {
  kTsc = 0x10,
  kPlatformId = 0x17,
  kApicBase = 0x1b,
  kEblCrPoweron = 0x2a,
  kBiosUpdateTrigger = 0x79,
  kBiosSignature = 0x8b,
  kMtrrCap = 0xfe,
  kBblCrCtl3 = 0x11e,
  kSysenterCs = 0x174,
  kSysenterEsp = 0x175,
  kSysenterEip = 0x176,
  kMcgCap = 0x179,
  kMcgStatus = 0x17a,
  kPerfStatus = 0x198,
  kPerfCtl = 0x199,
  kClockModulation = 0x19a,
  kThermInterrupt = 0x19b,
  kThermStatus = 0x19c,
  kMiscEnable = 0x1a0,
  kDebugCtl = 0x1d9,
  kMtrrVariable = 0x200,
  kMtrrFix64k = 0x250,
  kMtrrFix16k = 0x258,
  kMtrrFix4k = 0x268,
  kPat = 0x277,
  kMtrrDefType = 0x2ff,
  kEfer = 0xc0000080,
};

constexpr u64 kMtrrCapValue = 8 | (1 << 8) | (1 << 10);  // 8 variable ranges, fixed ranges, write-combining

bool memory_type(u64 t) { return t <= 1 || (t >= 4 && t <= 6); }

u64 address_mask(const Cpu& cpu) { return (u64{1} << cpu.model.physical_bits()) - 1; }

// The stored fixed-range MTRR of an index, or nullptr.
template <class State>
auto* fixed_mtrr(State& s, u32 index) {
  auto* none = static_cast<decltype(&s.mtrr_fixed[0])>(nullptr);
  if (index == kMtrrFix64k) return &s.mtrr_fixed[0];
  if (index == kMtrrFix16k || index == kMtrrFix16k + 1) return &s.mtrr_fixed[1 + index - kMtrrFix16k];
  if (index >= kMtrrFix4k && index < kMtrrFix4k + 8) return &s.mtrr_fixed[3 + index - kMtrrFix4k];
  return none;
}

// The register's value is kept for the guest; caching is not modelled (SDM 3A, 11.11).
bool write_mtrr(Cpu& cpu, u32 index, u64 value) {
  CpuState& s = cpu.state;
  if (index == kMtrrDefType) {
    if ((value & ~u64{0xcff}) || !memory_type(value & 0xff)) return false;
    s.mtrr_default = value;
    return true;
  }
  if (u64* fixed = fixed_mtrr(s, index); fixed != nullptr) {
    for (u32 i = 0; i < 8; ++i) {
      if (!memory_type((value >> (8 * i)) & 0xff)) return false;
    }
    *fixed = value;
    return true;
  }
  const u32 n = (index - kMtrrVariable) / 2;
  const bool is_mask = index & 1;
  if (value & ~address_mask(cpu)) return false;
  if (is_mask ? (value & 0x7ff) != 0 : (value & 0xf00) != 0 || !memory_type(value & 0xff)) return false;
  (is_mask ? s.mtrr_mask : s.mtrr_base)[n] = value;
  return true;
}

bool mtrr_index(const Cpu& cpu, u32 index) {
  if (!cpu.model.has(Feature::kMtrr)) return false;
  return index == kMtrrDefType || fixed_mtrr(cpu.state, index) != nullptr ||
         (index >= kMtrrVariable && index < kMtrrVariable + 16);
}

u64 read_mtrr(const CpuState& s, u32 index) {
  if (index == kMtrrDefType) return s.mtrr_default;
  if (const u64* fixed = fixed_mtrr(s, index); fixed != nullptr) return *fixed;
  const u32 n = (index - kMtrrVariable) / 2;
  return (index & 1) ? s.mtrr_mask[n] : s.mtrr_base[n];
}

bool write_pat(CpuState& s, u64 value) {
  for (u32 i = 0; i < 8; ++i) {
    const u64 type = (value >> (8 * i)) & 0xff;
    if (!memory_type(type) && type != 7) return false;  // 7: UC-
  }
  s.pat = value;
  return true;
}

bool write_apic_base(Cpu& cpu, u64 value) {
  // SDM 3A, 10.4.4: BSP (8) and enable (11) bits, base from bit 12 up. BSP says what the hardware is.
  constexpr u64 kBsp = 1 << 8, kEnable = 1 << 11;
  if (value & ~(kBsp | kEnable | (address_mask(cpu) & ~u64{0xfff}))) return false;
  cpu.state.apic_base = (value & ~kBsp) | (cpu.state.apic_base & kBsp);
  if (cpu.hooks != nullptr) cpu.hooks->on_apic_base(cpu.state.apic_base);
  return true;
}

bool write_efer(Cpu& cpu, u64 value) {
  const u32 allowed = cpu.model.has(Feature::kNx) ? efer::kNoExecute : 0;
  if (value & ~u64{allowed}) return false;  // no long mode, no SYSCALL
  const u32 old = cpu.state.efer;
  cpu.state.efer = static_cast<u32>(value);
  cpu.mmu.paging_changed(cpu.state.cr0, cpu.state.cr4, old);
  return true;
}

}  // namespace

bool read_msr(const Cpu& cpu, u32 index, u64& value) {
  const CpuState& s = cpu.state;
  if (mtrr_index(cpu, index)) {
    value = read_mtrr(s, index);
    return true;
  }
  switch (index) {
    case kTsc: value = cpu.clock.now().value + s.tsc_offset; return true;
    case kApicBase: value = s.apic_base; return cpu.model.has(Feature::kApic);
    case kBiosSignature: value = s.microcode_revision; return true;
    case kMtrrCap: value = kMtrrCapValue; return cpu.model.has(Feature::kMtrr);
    case kSysenterCs: value = s.sysenter_cs; return cpu.model.has(Feature::kSep);
    case kSysenterEsp: value = s.sysenter_esp; return cpu.model.has(Feature::kSep);
    case kSysenterEip: value = s.sysenter_eip; return cpu.model.has(Feature::kSep);
    case kMiscEnable: value = s.misc_enable; return true;
    case kPat: value = s.pat; return cpu.model.has(Feature::kPat);
    case kEfer: value = s.efer; return cpu.model.has(Feature::kNx);
    // Registers that are there and say nothing: no machine-check banks, no thermal or power management.
    case kPlatformId:
    case kEblCrPoweron:
    case kBblCrCtl3:
    case kMcgCap:
    case kMcgStatus:
    case kPerfStatus:
    case kPerfCtl:
    case kClockModulation:
    case kThermInterrupt:
    case kThermStatus:
    case kDebugCtl: value = 0; return true;
    default: return false;
  }
}

bool write_msr(Cpu& cpu, u32 index, u64 value) {
  CpuState& s = cpu.state;
  if (mtrr_index(cpu, index)) return write_mtrr(cpu, index, value);
  switch (index) {
    case kTsc: s.tsc_offset = value - cpu.clock.now().value; return true;
    case kApicBase: return cpu.model.has(Feature::kApic) && write_apic_base(cpu, value);
    case kBiosUpdateTrigger: return true;  // there is no microcode to update
    case kBiosSignature: s.microcode_revision = value; return true;
    case kSysenterCs: s.sysenter_cs = static_cast<u32>(value); return cpu.model.has(Feature::kSep);
    case kSysenterEsp: s.sysenter_esp = static_cast<u32>(value); return cpu.model.has(Feature::kSep);
    case kSysenterEip: s.sysenter_eip = static_cast<u32>(value); return cpu.model.has(Feature::kSep);
    case kMiscEnable: s.misc_enable = value; return true;
    case kPat: return cpu.model.has(Feature::kPat) && write_pat(s, value);
    case kEfer: return cpu.model.has(Feature::kNx) && write_efer(cpu, value);
    case kEblCrPoweron:
    case kBblCrCtl3:
    case kMcgStatus:
    case kPerfCtl:
    case kClockModulation:
    case kThermInterrupt:
    case kThermStatus:
    case kDebugCtl: return true;  // accepted without effect
    default: return false;
  }
}

}  // namespace paemu
