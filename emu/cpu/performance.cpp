// The two performance counters of the P6 family (SDM 3B, 18.7 "Performance monitoring (P6 family processor)").
//
// An instruction takes one clock here. Of all events the two that follow from that are counted, and those only when
// they are to be counted in all rings; the others stay where they are. Overflows don't interrupt.
#include "cpu/cpu.hpp"
#include "cpu/msr.hpp"

namespace paemu {

namespace {

enum Index : u32 { kPerfCtr0 = 0xc1, kPerfEvtSel0 = 0x186 };
constexpr u32 kCounters = 2;
constexpr u64 kCounterMask = (u64{1} << 40) - 1;

// PerfEvtSel (SDM 3B, figure 18-36).
constexpr u32 kEventMask = 0xff, kUser = 1u << 16, kSystem = 1u << 17, kEdge = 1u << 18, kEnable = 1u << 22,
              kInvert = 1u << 23, kThreshold = 0xffu << 24, kReserved = 1u << 21;
constexpr u32 kInstructionsRetired = 0xc0, kClocksNotHalted = 0x79;

// The enable bit of the first register is that of both.
bool counting(const CpuState& s, u32 n) {
  const u32 select = s.performance_select[n];
  const u32 event = select & kEventMask;
  return (s.performance_select[0] & kEnable) && (event == kInstructionsRetired || event == kClocksNotHalted) &&
         (select & (kUser | kSystem)) == (kUser | kSystem) && !(select & (kEdge | kInvert | kThreshold));
}

// While a counter runs, its field holds the difference to the retired count.
u64 read_counter(const Cpu& cpu, u32 n) {
  const u64 base = counting(cpu.state, n) ? cpu.own_retired() : 0;
  return (cpu.state.performance_counter[n] + base) & kCounterMask;
}
void write_counter(Cpu& cpu, u32 n, u64 value) {
  const u64 base = counting(cpu.state, n) ? cpu.own_retired() : 0;
  cpu.state.performance_counter[n] = (value - base) & kCounterMask;
}

}  // namespace

MsrAccess read_performance_msr(const Cpu& cpu, u32 index, u64& value) {
  if (index - kPerfCtr0 < kCounters) {
    value = read_counter(cpu, index - kPerfCtr0);
  } else if (index - kPerfEvtSel0 < kCounters) {
    value = cpu.state.performance_select[index - kPerfEvtSel0];
  } else {
    return MsrAccess::kNoSuch;
  }
  return MsrAccess::kDone;
}

MsrAccess write_performance_msr(Cpu& cpu, u32 index, u64 value) {
  if (index - kPerfCtr0 < kCounters) {
    // 32 bits are written and extended by their sign.
    write_counter(cpu, index - kPerfCtr0, static_cast<u64>(static_cast<i64>(static_cast<i32>(value))));
    return MsrAccess::kDone;
  }
  if (index - kPerfEvtSel0 >= kCounters) return MsrAccess::kNoSuch;
  if ((value >> 32) != 0 || (value & kReserved)) return MsrAccess::kRefused;
  const u64 counts[kCounters] = {read_counter(cpu, 0), read_counter(cpu, 1)};
  cpu.state.performance_select[index - kPerfEvtSel0] = static_cast<u32>(value);
  for (u32 n = 0; n < kCounters; ++n) write_counter(cpu, n, counts[n]);
  return MsrAccess::kDone;
}

// SDM 2B, RDPMC.
Outcome sem_rdpmc(Cpu& cpu, const Insn&) {
  const u32 n = cpu.reg<u32>(isa::kEcx);
  if ((!(cpu.state.cr4 & cr4::kPce) && cpu.cpl != 0) || n >= kCounters) return cpu.general_protection(0);
  const u64 count = read_counter(cpu, n);
  cpu.set_reg<u32>(isa::kEax, static_cast<u32>(count));
  cpu.set_reg<u32>(isa::kEdx, static_cast<u32>(count >> 32));
  return Outcome::kNext;
}

}  // namespace paemu
