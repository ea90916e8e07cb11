#include "cpu/msr.hpp"

#include "cpu/cpu.hpp"
#include "cpu/machine_check.hpp"

namespace paemu {

namespace {

enum Index : u32 {
  kTsc = 0x10,
  kPlatformId = 0x17,
  kApicBase = 0x1b,
  kEblCrPoweron = 0x2a,
  kTestControl = 0x33,
  kTscAdjust = 0x3b,
  kBiosUpdateTrigger = 0x79,
  kBiosSignature = 0x8b,
  kBblCrCtl = 0x119,
  kBblCrCtl3 = 0x11e,
  kSysenterCs = 0x174,
  kSysenterEsp = 0x175,
  kSysenterEip = 0x176,
  kPerfStatus = 0x198,
  kPerfCtl = 0x199,
  kClockModulation = 0x19a,
  kThermInterrupt = 0x19b,
  kThermStatus = 0x19c,
  kMiscEnable = 0x1a0,
  kDebugCtl = 0x1d9,
  kEfer = 0xc0000080,
};

u64 time_stamp(const Cpu& cpu) { return cpu.clock.now().value + cpu.state.tsc_offset; }

bool nx_usable(const Cpu& cpu) {
  return cpu.model.has(Feature::kNx) && !(cpu.state.misc_enable & misc_enable::kDisableNx);
}

// Registers that are there and say nothing: writes have no effect and they read as zero. Which model has which: SDM 4,
// tables 2-56 (Pentium M), 2-58 (Core Duo) and 2-61 (P6 family).
bool is_idle(const Cpu& cpu, u32 index) {
  switch (index) {
    case kPlatformId:
    case kEblCrPoweron:
    case kTestControl:
    case kBblCrCtl:
    case kBblCrCtl3:
    case kDebugCtl: return true;  // neither branch records nor traps on branches
    case kPerfStatus:
    case kPerfCtl:
    case kClockModulation:
    case kThermInterrupt:
    case kThermStatus: return cpu.model.has_misc_enable();  // no thermal or power management
    default: return false;
  }
}

MsrAccess write_apic_base(Cpu& cpu, u64 value) {
  // SDM 3A, 10.4.4: BSP (8) and enable (11) bits, base from bit 12 up. BSP says what the hardware is.
  constexpr u64 kBsp = 1 << 8, kEnable = 1 << 11;
  const u64 width = (u64{1} << cpu.model.physical_bits()) - 1;
  if (value & ~(kBsp | kEnable | (width & ~u64{0xfff}))) return MsrAccess::kRefused;
  cpu.state.apic_base = (value & ~kBsp) | (cpu.state.apic_base & kBsp);
  if (cpu.hooks != nullptr) cpu.hooks->on_apic_base(cpu.state.apic_base);
  return MsrAccess::kDone;
}

MsrAccess write_efer(Cpu& cpu, u64 value) {
  const u32 allowed = nx_usable(cpu) ? efer::kNoExecute : 0;
  if (value & ~u64{allowed}) return MsrAccess::kRefused;  // no long mode, no SYSCALL
  const u32 old = cpu.state.efer;
  cpu.state.efer = static_cast<u32>(value);
  cpu.mmu.paging_changed(cpu.state.cr0, cpu.state.cr4, old);
  return MsrAccess::kDone;
}

// What moves the TSC by a write to it moves IA32_TSC_ADJUST by the same, and the other way round (SDM 3B, 17.17.3).
void move_tsc(CpuState& s, u64 by) {
  s.tsc_offset += by;
  s.tsc_adjust += by;
}

void write_tsc(Cpu& cpu, u64 value) {
  if (!cpu.model.writes_whole_tsc()) value = static_cast<u32>(value);
  move_tsc(cpu.state, value - time_stamp(cpu));
}

MsrAccess write_misc_enable(Cpu& cpu, u64 value) {
  u64& now = cpu.state.misc_enable;
  const u64 writable = misc_enable::kWritable | (cpu.model.has(Feature::kNx) ? misc_enable::kDisableNx : 0) |
                       (cpu.model.has(Feature::kMonitor) ? misc_enable::kMonitor : 0);
  if (value & ~(writable | misc_enable::kReadOnly)) return MsrAccess::kRefused;
  now = (now & ~writable) | (value & writable);
  return MsrAccess::kDone;
}

constexpr MsrAccess done_if(bool there) { return there ? MsrAccess::kDone : MsrAccess::kNoSuch; }

}  // namespace

MsrAccess read_msr(const Cpu& cpu, u32 index, u64& value) {
  const CpuState& s = cpu.state;
  const CpuModel& m = cpu.model;
  if (read_memory_type_msr(cpu, index, value) == MsrAccess::kDone) return MsrAccess::kDone;
  if (read_performance_msr(cpu, index, value) == MsrAccess::kDone) return MsrAccess::kDone;
  if (read_machine_check_msr(cpu, index, value) == MsrAccess::kDone) return MsrAccess::kDone;
  switch (index) {
    case kTsc: value = time_stamp(cpu); return done_if(m.has(Feature::kTsc));
    case kTscAdjust: value = s.tsc_adjust; return done_if(m.has(Feature::kTscAdjust));
    case kApicBase: value = s.apic_base; return done_if(m.has(Feature::kApic));
    case kBiosSignature: value = s.microcode_revision; return MsrAccess::kDone;
    case kSysenterCs: value = s.sysenter_cs; return done_if(m.has(Feature::kSep));
    case kSysenterEsp: value = s.sysenter_esp; return done_if(m.has(Feature::kSep));
    case kSysenterEip: value = s.sysenter_eip; return done_if(m.has(Feature::kSep));
    case kMiscEnable: value = s.misc_enable; return done_if(m.has_misc_enable());
    case kEfer: value = s.efer; return done_if(nx_usable(cpu));
    default: value = 0; return done_if(is_idle(cpu, index));
  }
}

MsrAccess write_msr(Cpu& cpu, u32 index, u64 value) {
  CpuState& s = cpu.state;
  const CpuModel& m = cpu.model;
  for (const auto write : {write_memory_type_msr, write_performance_msr, write_machine_check_msr}) {
    if (const MsrAccess a = write(cpu, index, value); a != MsrAccess::kNoSuch) return a;
  }
  const auto set = [value](u32& to, bool there) {
    if (there) to = static_cast<u32>(value);
    return done_if(there);
  };
  switch (index) {
    case kTsc:
      if (m.has(Feature::kTsc)) write_tsc(cpu, value);
      return done_if(m.has(Feature::kTsc));
    case kTscAdjust:
      if (m.has(Feature::kTscAdjust)) move_tsc(s, value - s.tsc_adjust);
      return done_if(m.has(Feature::kTscAdjust));
    case kApicBase: return m.has(Feature::kApic) ? write_apic_base(cpu, value) : MsrAccess::kNoSuch;
    case kBiosUpdateTrigger: return MsrAccess::kDone;  // there is no microcode to update
    case kBiosSignature: s.microcode_revision = value; return MsrAccess::kDone;
    case kSysenterCs: return set(s.sysenter_cs, m.has(Feature::kSep));
    case kSysenterEsp: return set(s.sysenter_esp, m.has(Feature::kSep));
    case kSysenterEip: return set(s.sysenter_eip, m.has(Feature::kSep));
    case kMiscEnable: return m.has_misc_enable() ? write_misc_enable(cpu, value) : MsrAccess::kNoSuch;
    case kEfer: return nx_usable(cpu) ? write_efer(cpu, value) : MsrAccess::kNoSuch;
    case kPlatformId:
    case kPerfStatus: return is_idle(cpu, index) ? MsrAccess::kRefused : MsrAccess::kNoSuch;  // read-only
    default: return done_if(is_idle(cpu, index));
  }
}

}  // namespace paemu
