// IN, OUT, INS, OUTS (SDM 2; SDM 1, chapter 18). An access to a port may arm events and raise interrupts.
#include "cpu/debug.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/string_repeat.hpp"
#include "cpu/task_switch.hpp"

namespace paemu {
namespace {

template <class T>
bool allowed(Cpu& c, u32 port) {
  if (!check_io_permission(c, port, sizeof(T))) return false;
  note_io_breakpoint(c, port, sizeof(T));
  return true;
}

// After IN and OUT, which end a block: the engine sees by itself what waits to be taken, and is told when an event was armed
// that comes before its budget ends. Most accesses arm none, and guests wait in loops around them.
Outcome accessed(Cpu& c) {
  const u64 deadline = c.events.next_deadline().value;
  if (deadline < c.clock.idle || deadline - c.clock.idle < c.budget_end) c.shorten_budget();
  return Outcome::kEnd;
}

template <class T>
Outcome input(Cpu& c, u32 port) {
  if (!allowed<T>(c, port)) return Outcome::kFault;
  c.set_reg<T>(isa::kEax, static_cast<T>(c.ports.read(port, sizeof(T))));
  return accessed(c);
}

template <class T>
Outcome output(Cpu& c, u32 port) {
  if (!allowed<T>(c, port)) return Outcome::kFault;
  c.ports.write(port, sizeof(T), c.reg<T>(isa::kEax));
  return accessed(c);
}

template <class T>
Outcome ins(Cpu& c, const Insn& i) {
  const u32 port = c.reg<u16>(isa::kEdx);
  // Also with a count of zero, as processors do.
  if (!check_io_permission(c, port, sizeof(T))) return Outcome::kFault;
  StringRegisters r(c, i);
  const auto one = [&] {
    // The memory is checked before the port's device is asked: a fault must not lose its answer.
    if (!c.may_access(isa::kEs, r.destination(), sizeof(T), Access::kWrite) || !allowed<T>(c, port)) {
      return Iteration::kFault;
    }
    c.sync();
    const T v = static_cast<T>(c.ports.read(port, sizeof(T)));
    c.shorten_budget();
    c.store<T>(isa::kEs, r.destination(), v);
    r.move_destination(r.step(sizeof(T)));
    return Iteration::kDone;
  };
  return repeat(c, i, one, [](u32) { return 0u; });
}

template <class T>
Outcome outs(Cpu& c, const Insn& i) {
  const u32 port = c.reg<u16>(isa::kEdx);
  // Also with a count of zero, as processors do.
  if (!check_io_permission(c, port, sizeof(T))) return Outcome::kFault;
  StringRegisters r(c, i);
  const auto one = [&] {
    T v;
    if (!allowed<T>(c, port) || !c.load(i.segment, r.source(), v)) return Iteration::kFault;
    c.sync();
    c.ports.write(port, sizeof(T), v);
    c.shorten_budget();
    r.move_source(r.step(sizeof(T)));
    return Iteration::kDone;
  };
  return repeat(c, i, one, [](u32) { return 0u; });
}

}  // namespace

Outcome sem_in_b_imm(Cpu& c, const Insn& i) { return input<u8>(c, i.immediate); }
Outcome sem_in_v_imm(Cpu& c, const Insn& i) {
  return operand16(i) ? input<u16>(c, i.immediate) : input<u32>(c, i.immediate);
}
Outcome sem_in_b_dx(Cpu& c, const Insn&) { return input<u8>(c, c.reg<u16>(isa::kEdx)); }
Outcome sem_in_v_dx(Cpu& c, const Insn& i) {
  const u32 port = c.reg<u16>(isa::kEdx);
  return operand16(i) ? input<u16>(c, port) : input<u32>(c, port);
}
Outcome sem_out_b_imm(Cpu& c, const Insn& i) { return output<u8>(c, i.immediate); }
Outcome sem_out_v_imm(Cpu& c, const Insn& i) {
  return operand16(i) ? output<u16>(c, i.immediate) : output<u32>(c, i.immediate);
}
Outcome sem_out_b_dx(Cpu& c, const Insn&) { return output<u8>(c, c.reg<u16>(isa::kEdx)); }
Outcome sem_out_v_dx(Cpu& c, const Insn& i) {
  const u32 port = c.reg<u16>(isa::kEdx);
  return operand16(i) ? output<u16>(c, port) : output<u32>(c, port);
}
Outcome sem_insb(Cpu& c, const Insn& i) { return ins<u8>(c, i); }
Outcome sem_insv(Cpu& c, const Insn& i) { return operand16(i) ? ins<u16>(c, i) : ins<u32>(c, i); }
Outcome sem_outsb(Cpu& c, const Insn& i) { return outs<u8>(c, i); }
Outcome sem_outsv(Cpu& c, const Insn& i) { return operand16(i) ? outs<u16>(c, i) : outs<u32>(c, i); }

}  // namespace paemu
