// MONITOR and MWAIT (SDM 2B; SDM 3A, 8.10.4). With one processor nobody else writes to the monitored line, so that
// MWAIT waits as HLT does, unless an interrupt has come since MONITOR: its handler may have made the write.
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

Outcome sem_monitor(Cpu& cpu, const Insn& i) {
  if (!allowed(cpu)) return Outcome::kFault;
  // The address is checked and reached as by a load of one byte.
  const u32 offset = (i.flags & isa::insn_flag::kAddress16) ? cpu.reg<u16>(isa::kEax) : cpu.reg<u32>(isa::kEax);
  u8 byte;
  if (!cpu.load(i.segment, offset, byte)) return Outcome::kFault;
  cpu.state.monitor_armed = true;
  return Outcome::kNext;
}

Outcome sem_mwait(Cpu& cpu, const Insn&) {
  if (!allowed(cpu)) return Outcome::kFault;
  if (cpu.state.monitor_armed) {
    cpu.state.monitor_armed = false;
    cpu.state.activity = Activity::kHalted;
    cpu.request_attention();
  }
  return Outcome::kEnd;
}

}  // namespace paemu
