// MONITOR and MWAIT (SDM 2B; SDM 3A, 8.10.4). MWAIT waits as HLT does, and for a write to the monitored line by anyone:
// another processor, or a device. It does not wait at all when the write, or an interrupt whose handler may have made
// it, has come since MONITOR.
#include <optional>

#include "cpu/cpu.hpp"
#include "cpu/msr.hpp"

namespace paemu {

namespace {

// ECX holds extensions, of which there are none.
bool allowed(Cpu& cpu) {
  if (cpu.cpl != 0 || !(cpu.state.misc_enable & misc_enable::kMonitor)) {
    cpu.undefined();
    return false;
  }
  if (cpu.reg<u32>(isa::kEcx) != 0) {
    cpu.general_protection(0);
    return false;
  }
  return true;
}

}  // namespace

void Cpu::disarm_monitor() {
  if (!state.monitor_armed) return;
  state.monitor_armed = false;
  memory.unwatch_frame(pfn_of(GuestPhys{state.monitored_line}));
}

void Cpu::note_store(GuestPhys address, u64 size) {
  if (!state.monitor_armed || address.value >= state.monitored_line + kMonitorLine ||
      state.monitored_line >= address.value + size)
    return;
  disarm_monitor();
  if (state.activity == Activity::kHalted) state.activity = Activity::kRunning;
}

Outcome sem_monitor(Cpu& cpu, const Insn& i) {
  if (!allowed(cpu)) return Outcome::kFault;
  // The address is checked and reached as by a load of one byte.
  const u32 offset = (i.flags & isa::insn_flag::kAddress16) ? cpu.reg<u16>(isa::kEax) : cpu.reg<u32>(isa::kEax);
  u8 byte;
  if (!cpu.load(i.segment, offset, byte)) return Outcome::kFault;
  cpu.disarm_monitor();
  const std::optional<GuestPhys> physical = cpu.mmu.translate(cpu.state.segment[i.segment].base + offset);
  if (!physical || cpu.memory.host_page(*physical) == nullptr || cpu.memory.is_rom(*physical)) return Outcome::kNext;
  cpu.state.monitor_armed = true;
  cpu.state.monitored_line = physical->value & ~u64{kMonitorLine - 1};
  cpu.memory.watch_frame(pfn_of(*physical));
  return Outcome::kNext;
}

Outcome sem_mwait(Cpu& cpu, const Insn&) {
  if (!allowed(cpu)) return Outcome::kFault;
  if (cpu.state.monitor_armed) {
    cpu.state.activity = Activity::kHalted;
    cpu.request_attention();
  }
  return Outcome::kEnd;
}

}  // namespace paemu
