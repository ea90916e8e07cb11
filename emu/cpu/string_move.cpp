// MOVS, STOS, LODS (SDM 2). Forward runs within a page of plain memory are done at host speed.
#include <algorithm>

#include "cpu/operand_size.hpp"
#include "cpu/string_repeat.hpp"

namespace paemu {
namespace {

// May a bulk run be tried: flat segments, forward, full-size index registers?
bool bulk_possible(const Cpu& c, const Insn& i) {
  return (c.mode_key & mode::kFlat) && !(c.state.eflags & eflag::kDirection) &&
         !(i.flags & isa::insn_flag::kAddress16) && i.segment < isa::kFs;
}

// How many elements of `size` fit between `linear` and the end of its page.
u32 elements_in_page(u32 linear, u32 size) { return (kPageSize - (linear & kPageMask)) / size; }

template <class T>
Outcome movs(Cpu& c, const Insn& i) {
  StringRegisters r(c, i);
  const bool bulk = bulk_possible(c, i);
  const auto one = [&] {
    T v;
    if (!c.load(i.segment, r.source(), v) || !c.store<T>(isa::kEs, r.destination(), v)) return Iteration::kFault;
    r.move_source(r.step(sizeof(T)));
    r.move_destination(r.step(sizeof(T)));
    return Iteration::kDone;
  };
  const auto many = [&](u32 limit) -> u32 {
    if (!bulk || limit < 2) return 0;
    const u32 n =
        std::min({limit, elements_in_page(r.source(), sizeof(T)), elements_in_page(r.destination(), sizeof(T))});
    if (n == 0) return 0;
    const u8* from = c.mmu.host_pointer(r.source(), n * sizeof(T), Access::kRead, c.privilege());
    u8* to = c.mmu.host_pointer(r.destination(), n * sizeof(T), Access::kWrite, c.privilege());
    if (from == nullptr || to == nullptr) return 0;
    // Element by element where the ranges overlap: a pattern must propagate as on the processor.
    if (to + n * sizeof(T) <= from || from + n * sizeof(T) <= to) {
      std::memcpy(to, from, n * sizeof(T));
    } else {
      for (u32 k = 0; k < n; ++k) {
        T v;
        std::memcpy(&v, from + k * sizeof(T), sizeof(T));
        std::memcpy(to + k * sizeof(T), &v, sizeof(T));
      }
    }
    r.move_source(n * sizeof(T));
    r.move_destination(n * sizeof(T));
    return n;
  };
  return repeat(c, i, one, many);
}

template <class T>
Outcome stos(Cpu& c, const Insn& i) {
  StringRegisters r(c, i);
  const bool bulk = bulk_possible(c, i);
  const T v = c.reg<T>(isa::kEax);
  const auto one = [&] {
    if (!c.store<T>(isa::kEs, r.destination(), v)) return Iteration::kFault;
    r.move_destination(r.step(sizeof(T)));
    return Iteration::kDone;
  };
  const auto many = [&](u32 limit) -> u32 {
    if (!bulk || limit < 2) return 0;
    const u32 n = std::min(limit, elements_in_page(r.destination(), sizeof(T)));
    if (n == 0) return 0;
    u8* to = c.mmu.host_pointer(r.destination(), n * sizeof(T), Access::kWrite, c.privilege());
    if (to == nullptr) return 0;
    for (u32 k = 0; k < n; ++k) std::memcpy(to + k * sizeof(T), &v, sizeof(T));
    r.move_destination(n * sizeof(T));
    return n;
  };
  return repeat(c, i, one, many);
}

template <class T>
Outcome lods(Cpu& c, const Insn& i) {
  StringRegisters r(c, i);
  const auto one = [&] {
    T v;
    if (!c.load(i.segment, r.source(), v)) return Iteration::kFault;
    c.set_reg<T>(isa::kEax, v);
    r.move_source(r.step(sizeof(T)));
    return Iteration::kDone;
  };
  return repeat(c, i, one, [](u32) { return 0u; });
}

}  // namespace

Outcome sem_movsb(Cpu& c, const Insn& i) { return movs<u8>(c, i); }
Outcome sem_movsv(Cpu& c, const Insn& i) { return operand16(i) ? movs<u16>(c, i) : movs<u32>(c, i); }
Outcome sem_stosb(Cpu& c, const Insn& i) { return stos<u8>(c, i); }
Outcome sem_stosv(Cpu& c, const Insn& i) { return operand16(i) ? stos<u16>(c, i) : stos<u32>(c, i); }
Outcome sem_lodsb(Cpu& c, const Insn& i) { return lods<u8>(c, i); }
Outcome sem_lodsv(Cpu& c, const Insn& i) { return operand16(i) ? lods<u16>(c, i) : lods<u32>(c, i); }

}  // namespace paemu
