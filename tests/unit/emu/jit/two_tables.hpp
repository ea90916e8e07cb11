// A machine with two sets of PAE page tables, and its comparison with one that interprets.
#pragma once

#include "../cpu/system_machine.hpp"
#include "fixture.hpp"

namespace paemu::testing {

inline constexpr u32 kTwofold = 0x12000, kOther = 0x14000;  // a page, and where the second set has it
inline constexpr u32 kPdpt = 0x100000, kOtherPdpt = 0x100020;

// Runs both and compares, in slices that end anywhere.
inline void require_same(SystemMachine& a, SystemMachine& b, Translator& translator) {
  for (u32 n = 0; n < 40; ++n) {
    a.interpreter.run(997);
    for (const u64 part : {1, 500, 2, 494}) translator.run(part);
    REQUIRE(b.clock.retired == a.clock.retired);
    REQUIRE(b.cpu.state.eip == a.cpu.state.eip);
    REQUIRE(b.cpu.state.eflags == a.cpu.state.eflags);
    for (u32 r = 0; r < 8; ++r) REQUIRE(b.cpu.state.gpr[r] == a.cpu.state.gpr[r]);
    REQUIRE(b.cpu.mmu.counters.walks == a.cpu.mmu.counters.walks);
  }
}

// Both map all linear addresses below 2 MiB to themselves, but for the second's kTwofold.
inline void start_paging(SystemMachine& m) {
  for (u32 set = 0; set < 2; ++set) {
    const u32 directory = 0x101000 + set * 0x2000, table = directory + 0x1000;
    for (u32 n = 0; n < 512; ++n) m.put(table + 8 * n, n << 12 | 7);
    if (set == 1) m.put(table + 8 * (kTwofold >> 12), kOther | 7);
    m.put(directory, table | 7);
    m.put(set == 0 ? kPdpt : kOtherPdpt, directory | 1);
  }
  CpuState& s = m.cpu.state;
  s.cr3 = kPdpt;
  s.cr4 = cr4::kPae;
  REQUIRE(m.mmu_pdptes());
  s.cr0 |= cr0::kPaging;
  m.cpu.adopt();
}

}  // namespace paemu::testing
