// CMPS and SCAS (SDM 2). F3 repeats while equal, F2 while not.
#include "cpu/integer_arithmetic.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/string_repeat.hpp"

namespace paemu {
namespace {

template <class T>
Iteration compare(Cpu& c, const Insn& i, T a, T b) {
  semantic::operation::Sub::apply<T>(c.lazy, a, b);
  const bool equal = a == b;
  const bool wanted = (i.flags & isa::insn_flag::kRep) != 0;
  return equal == wanted ? Iteration::kDone : Iteration::kLast;
}

template <class T>
Outcome cmps(Cpu& c, const Insn& i) {
  StringRegisters r(c, i);
  const auto one = [&] {
    T a, b;
    if (!c.load(i.segment, r.source(), a) || !c.load(isa::kEs, r.destination(), b)) return Iteration::kFault;
    r.move_source(r.step(sizeof(T)));
    r.move_destination(r.step(sizeof(T)));
    return compare<T>(c, i, a, b);
  };
  return repeat(c, i, one, [](u32) { return 0u; });
}

template <class T>
Outcome scas(Cpu& c, const Insn& i) {
  StringRegisters r(c, i);
  const auto one = [&] {
    T b;
    if (!c.load(isa::kEs, r.destination(), b)) return Iteration::kFault;
    r.move_destination(r.step(sizeof(T)));
    return compare<T>(c, i, c.reg<T>(isa::kEax), b);
  };
  return repeat(c, i, one, [](u32) { return 0u; });
}

}  // namespace

Outcome sem_cmpsb(Cpu& c, const Insn& i) { return cmps<u8>(c, i); }
Outcome sem_cmpsv(Cpu& c, const Insn& i) { return operand16(i) ? cmps<u16>(c, i) : cmps<u32>(c, i); }
Outcome sem_scasb(Cpu& c, const Insn& i) { return scas<u8>(c, i); }
Outcome sem_scasv(Cpu& c, const Insn& i) { return operand16(i) ? scas<u16>(c, i) : scas<u32>(c, i); }

}  // namespace paemu
