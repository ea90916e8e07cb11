#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

constexpr u16 kTarget = SystemMachine::kFree;

}  // namespace

TEST_CASE("data segments load by the larger of CPL and RPL against DPL") {
  // SDM 2B, MOV: data and non-conforming code need CPL and RPL <= DPL; conforming code does not care.
  for (u32 cpl = 0; cpl < 4; ++cpl) {
    for (u32 rpl = 0; rpl < 4; ++rpl) {
      for (u32 dpl = 0; dpl < 4; ++dpl) {
        for (const u8 kind : {access::kData, access::kReadOnly, access::kCode, access::kConforming}) {
          SystemMachine m;
          m.at_ring(cpl);
          m.descriptor(kTarget, 0x12340, 0xff, kind, dpl, 0x4);
          const u16 selector = static_cast<u16>(kTarget | rpl);
          const bool expected = kind == access::kConforming || (rpl <= dpl && cpl <= dpl);
          INFO("cpl " << cpl << " rpl " << rpl << " dpl " << dpl << " access " << u32{kind});
          REQUIRE(load_segment(m.cpu, isa::kFs, selector) == expected);
          if (!expected) {
            m.require_fault(Vector::kGeneralProtection, kTarget);
            continue;
          }
          REQUIRE(m.cpu.state.segment[isa::kFs].selector == selector);
          REQUIRE(m.cpu.state.segment[isa::kFs].base == 0x12340);
          REQUIRE(m.cpu.state.segment[isa::kFs].limit == 0xff);
          REQUIRE((m.get(SystemMachine::kGdt + kTarget + 4) & 0x100) != 0);  // accessed
        }
      }
    }
  }
}

TEST_CASE("SS takes only writable data of exactly the current privilege") {
  for (u32 cpl = 0; cpl < 4; ++cpl) {
    for (u32 rpl = 0; rpl < 4; ++rpl) {
      for (u32 dpl = 0; dpl < 4; ++dpl) {
        for (const u8 kind : {access::kData, access::kReadOnly, access::kCode, access::kExpandDown}) {
          SystemMachine m;
          m.at_ring(cpl);
          m.descriptor(kTarget, 0, 0xfffff, kind, dpl);
          const bool writable = kind == access::kData || kind == access::kExpandDown;
          const bool expected = writable && rpl == cpl && dpl == cpl;
          REQUIRE(load_segment(m.cpu, isa::kSs, static_cast<u16>(kTarget | rpl)) == expected);
          if (!expected) m.require_fault(Vector::kGeneralProtection, kTarget);
        }
      }
    }
  }
}

TEST_CASE("a segment that is not present raises #NP, a stack #SS") {
  SystemMachine m;
  m.descriptor(kTarget, 0, 0xfffff, access::kNotPresentData, 0);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kDs, kTarget));
  m.require_fault(Vector::kSegmentNotPresent, kTarget);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kSs, kTarget));
  m.require_fault(Vector::kStackFault, kTarget);
}

TEST_CASE("a null selector loads into data segments but faults when used, and never into SS") {
  SystemMachine m;
  REQUIRE(load_segment(m.cpu, isa::kDs, 3));
  u32 v;
  REQUIRE_FALSE(m.cpu.load(isa::kDs, 0x1000, v));
  m.require_fault(Vector::kGeneralProtection, 0);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kSs, 0));
  m.require_fault(Vector::kGeneralProtection, 0);
}

TEST_CASE("system descriptors, execute-only code and selectors beyond the table are refused") {
  SystemMachine m;
  REQUIRE_FALSE(load_segment(m.cpu, isa::kEs, SystemMachine::kTssSelector));
  m.require_fault(Vector::kGeneralProtection, SystemMachine::kTssSelector);
  m.descriptor(kTarget, 0, 0xfffff, access::kExecuteOnly, 0);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kEs, kTarget));
  m.require_fault(Vector::kGeneralProtection, kTarget);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kEs, 0x100));
  m.require_fault(Vector::kGeneralProtection, 0x100);
  REQUIRE_FALSE(load_segment(m.cpu, isa::kEs, 0x0c));  // no LDT is loaded
  m.require_fault(Vector::kGeneralProtection, 0x0c);
}

TEST_CASE("expand-down segments allow what is above their limit") {
  SystemMachine m;
  m.descriptor(kTarget, 0, 0xfff, access::kExpandDown, 0, 0x4);
  REQUIRE(load_segment(m.cpu, isa::kEs, kTarget));
  u32 v;
  REQUIRE(m.cpu.load(isa::kEs, 0x1000, v));
  REQUIRE_FALSE(m.cpu.load(isa::kEs, 0xfff, v));
  REQUIRE_FALSE(m.cpu.load(isa::kEs, 0xffffffff, v));
}

TEST_CASE("writes to read-only data and to code fault") {
  SystemMachine m;
  m.descriptor(kTarget, 0, 0xfffff, access::kReadOnly, 0);
  REQUIRE(load_segment(m.cpu, isa::kEs, kTarget));
  REQUIRE_FALSE(m.cpu.store<u32>(isa::kEs, 0x1000, 1));
  m.require_fault(Vector::kGeneralProtection, 0);
  REQUIRE_FALSE(m.cpu.store<u8>(isa::kCs, 0x1000, 1));
}

TEST_CASE("real mode keeps the limit that protected mode left") {
  SystemMachine m;
  m.cpu.state.cr0 &= ~cr0::kProtection;
  m.cpu.update_mode();
  REQUIRE(load_segment(m.cpu, isa::kEs, 0xb800));
  REQUIRE(m.cpu.state.segment[isa::kEs].base == 0xb8000);
  REQUIRE(m.cpu.state.segment[isa::kEs].limit == ~0u);
}
