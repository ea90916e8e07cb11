#include "cpu/debug.hpp"

#include "cpu/cpu.hpp"
#include "cpu/exceptions.hpp"
#include "cpu/virtual8086.hpp"

namespace paemu {

namespace {

enum class Kind : u8 { kExecute, kWrite, kPort, kReadOrWrite };  // the R/W field of DR7

struct Breakpoint {
  u32 address;
  u32 size;  // bytes
  Kind kind;
};

// Breakpoint i, whether DR7 enables it or not.
Breakpoint breakpoint(const CpuState& s, u32 i) {
  const u32 control = (s.dr[7] >> (16 + 4 * i)) & 0xf;
  constexpr u32 kSizes[4] = {1, 2, 8, 4};  // SDM 3B, 17.2.4; 10b: 8 bytes on some, undefined elsewhere
  const u32 size = kSizes[control >> 2];
  return {s.dr[i] & ~(size - 1), size, static_cast<Kind>(control & 3)};  // low bits do not count (17.2.5)
}

// As Intel's processors do it, an exception reports the breakpoints that are not enabled too, if their condition is met
// (17.2.3 allows it); but there is one only when one is enabled, locally or globally.
u32 reported(const CpuState& s, u32 hits) {
  for (u32 i = 0; i < 4; ++i) {
    if ((hits >> i & 1) && ((s.dr[7] >> (2 * i)) & 3)) return hits;
  }
  return hits & ~debug::kBreakpointHits;
}

// B0 to B3 are those of this exception; the other bits stay until software clears them (17.2.3).
void deliver_debug(Cpu& cpu, u32 dr6_bits, ResumeFlag resume) {
  cpu.state.dr[6] = (cpu.state.dr[6] & ~debug::kBreakpointHits) | dr6_bits;
  deliver_exception(cpu, Fault{Vector::kDebug, 0, GuestLinear{}}, resume);
}

u32 instruction_breakpoints(const CpuState& s) {
  const u32 linear = s.segment[isa::kCs].base + s.eip;
  u32 hits = 0;
  for (u32 i = 0; i < 4; ++i) {
    if (breakpoint(s, i).kind == Kind::kExecute && s.dr[i] == linear) hits |= 1u << i;
  }
  return reported(s, hits);
}

}  // namespace

bool needs_stepping(const Cpu& cpu) {
  return (cpu.state.eflags & (eflag::kTrap | eflag::kResume)) || (cpu.state.dr[7] & debug::kAnyEnabled) ||
         cpu.state.pending_debug != 0 || virtual_interrupt_due(cpu);
}

bool begin_step(Cpu& cpu) {
  CpuState& s = cpu.state;
  const bool resume = s.eflags & eflag::kResume;
  // RF holds for one instruction; if that faults, the pushed image has it again (17.3.1.1).
  s.eflags &= ~eflag::kResume;
  // A string instruction meets its breakpoint before the first iteration only; in the shadow of MOV SS there is none.
  if (!resume && !s.mid_repeat && s.shadow != Shadow::kAll) {
    if (const u32 hits = instruction_breakpoints(s); hits != 0) {
      // The only fault whose image does not get RF: the handler is to set it.
      deliver_debug(cpu, hits, ResumeFlag::kAsItIs);
      return true;
    }
  }
  if (virtual_interrupt_due(cpu)) {
    deliver_exception(cpu, Fault{Vector::kGeneralProtection, 0, GuestLinear{}}, ResumeFlag::kSet);
    return true;
  }
  cpu.debug_hits = (s.eflags & eflag::kTrap) ? debug::kSingleStep : 0;
  return false;
}

void finish_step(Cpu& cpu) {
  CpuState& s = cpu.state;
  u32 hits = reported(s, cpu.debug_hits | cpu.mmu.take_watch_hits());
  cpu.debug_hits = 0;
  // MOV SS suppresses its own single step; what its operand hit waits (SDM 3A, 6.8.3).
  if (s.shadow == Shadow::kAll) hits &= ~debug::kSingleStep;
  s.pending_debug |= hits;
}

void note_delivery_hits(Cpu& cpu) { cpu.state.pending_debug |= reported(cpu.state, cpu.mmu.take_watch_hits()); }

bool debug_trap_waiting(const Cpu& cpu) { return cpu.state.pending_debug != 0 && cpu.state.shadow != Shadow::kAll; }

void deliver_debug_trap(Cpu& cpu) {
  CpuState& s = cpu.state;
  const u32 hits = s.pending_debug;
  s.pending_debug = 0;
  deliver_debug(cpu, hits, s.mid_repeat ? ResumeFlag::kSet : ResumeFlag::kAsItIs);
}

void note_io_breakpoint(Cpu& cpu, u32 port, u32 size) {
  if (!(cpu.state.cr4 & cr4::kDe) || !(cpu.state.dr[7] & debug::kAnyEnabled)) return;
  for (u32 i = 0; i < 4; ++i) {
    const Breakpoint b = breakpoint(cpu.state, i);
    if (b.kind != Kind::kPort) continue;
    if (b.address < port + size && port < b.address + b.size) cpu.debug_hits |= 1u << i;
  }
}

void debug_registers_changed(Cpu& cpu) {
  std::array<Watchpoint, 4> watchpoints{};
  const bool any = cpu.state.dr[7] & debug::kAnyEnabled;
  for (u32 i = 0; any && i < 4; ++i) {
    const Breakpoint b = breakpoint(cpu.state, i);
    if (b.kind != Kind::kWrite && b.kind != Kind::kReadOrWrite) continue;
    watchpoints[i] = Watchpoint{b.address, b.size, b.kind == Kind::kReadOrWrite};
  }
  cpu.mmu.set_watchpoints(watchpoints);
  cpu.request_attention();
}

}  // namespace paemu
