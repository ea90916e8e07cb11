#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear32 = 0x00400000;   // 4 MiB
constexpr u32 kLinearPae = 0x00200000;  // 2 MiB
constexpr u32 kPhysical = 0x00100000;

using page_fault::kFetch;
using page_fault::kPresent;
using page_fault::kReserved;
using page_fault::kUser;
using page_fault::kWrite;

}  // namespace

TEST_CASE("without paging linear addresses are physical") {
  PagedMemory m;
  REQUIRE(m.mmu.store<u32>(0x1234, Privilege::kUser, 0xdeadbeef));
  REQUIRE(m.get32(0x1234) == 0xdeadbeef);
  REQUIRE(m.mmu.translate(0x1234) == GuestPhys{0x1234});
}

TEST_CASE("32-bit paging translates through directory and table") {
  PagedMemory m;
  m.page32();
  m.put32(PagedMemory::pte32(kLinear32 + 0x5000), kPhysical | kP | kW);
  m.put32(kPhysical + 0x678, 42);
  u32 v = 0;
  REQUIRE(m.mmu.load(kLinear32 + 0x5678, Privilege::kSupervisor, v));
  REQUIRE(v == 42);
  REQUIRE(m.mmu.translate(kLinear32 + 0x5678) == GuestPhys{kPhysical + 0x678});
}

TEST_CASE("a missing directory entry or table entry is a not-present fault") {
  PagedMemory m;
  m.page32();
  REQUIRE_FALSE(m.read(kLinear32 + 4));
  m.require_page_fault(kLinear32 + 4, 0);
  REQUIRE_FALSE(m.write(0x00800010, Privilege::kUser));
  m.require_page_fault(0x00800010, kWrite | kUser);
}

TEST_CASE("every combination of rights and access is judged as the manual's tables say") {
  // SDM 3A, 4.6.1, for both formats: rights of directory and table combine; WP guards supervisor writes.
  for (const bool pae : {false, true}) {
    for (u32 bits = 0; bits < 64; ++bits) {
      const u64 pde = kP | (bits & 1 ? kW : 0) | (bits & 2 ? kU : 0);
      const u64 pte = kPhysical | kP | (bits & 4 ? kW : 0) | (bits & 8 ? kU : 0) | (pae && (bits & 16) ? kNx : 0);
      const bool wp = bits & 32;
      PagedMemory m;
      const u32 linear = pae ? kLinearPae : kLinear32;
      if (pae) {
        m.page_pae(pde);
        m.put64(PagedMemory::pte64(linear), pte);
      } else {
        m.page32(static_cast<u32>(pde));
        m.put32(PagedMemory::pte32(linear), static_cast<u32>(pte));
      }
      if (!wp) m.state.cr0 &= ~cr0::kWriteProtect;
      const bool writable = pde & pte & kW, user = pde & pte & kU, no_execute = pte & kNx;
      for (const Privilege p : {Privilege::kSupervisor, Privilege::kUser}) {
        for (const Access a : {Access::kRead, Access::kWrite, Access::kFetch}) {
          bool expected = p == Privilege::kSupervisor || user;
          if (a == Access::kWrite) expected &= writable || (p == Privilege::kSupervisor && !wp);
          if (a == Access::kFetch) expected &= !no_execute;
          INFO("pae " << pae << " bits " << bits << " access " << static_cast<u32>(a) << " user "
                      << static_cast<u32>(p));
          REQUIRE(m.access(a, linear, p) == expected);
          if (expected) continue;
          const u32 cause = kPresent | (a == Access::kWrite ? kWrite : 0) | (p == Privilege::kUser ? kUser : 0) |
                            (a == Access::kFetch && pae ? kFetch : 0);
          m.require_page_fault(linear, cause);
        }
      }
    }
  }
}

TEST_CASE("accessed and dirty bits are set by the accesses that the manual names") {
  PagedMemory m;
  m.page32();
  const u64 pte = PagedMemory::pte32(kLinear32);
  m.put32(pte, kPhysical | kP | kW);

  REQUIRE(m.mmu.translate(kLinear32));
  REQUIRE((m.get32(pte) & (kA | kD)) == 0);

  REQUIRE(m.read(kLinear32));
  REQUIRE((m.get32(pte) & (kA | kD)) == kA);
  REQUIRE((m.get32(PagedMemory::kDirectory + 4) & (kA | kD)) == kA);

  // The translation is held now, but the first write has to walk and set D.
  REQUIRE(m.write(kLinear32));
  REQUIRE((m.get32(pte) & (kA | kD)) == (kA | kD));
}

TEST_CASE("a refused write sets neither accessed nor dirty in the leaf") {
  PagedMemory m;
  m.page32();
  const u64 pte = PagedMemory::pte32(kLinear32);
  m.put32(pte, kPhysical | kP);
  REQUIRE_FALSE(m.write(kLinear32));
  REQUIRE((m.get32(pte) & (kA | kD)) == 0);
}

TEST_CASE("setting a bit in a page table that holds decoded code reports the write") {
  PagedMemory m;
  m.page32();
  m.put32(PagedMemory::pte32(kLinear32), kPhysical | kP | kW);
  m.memory.flags(pfn_of(GuestPhys{PagedMemory::kTable})) |= frame_flag::kHasCode;
  REQUIRE(m.read(kLinear32));
  REQUIRE(m.observer.code_writes == 1);
  REQUIRE(m.memory.flags(pfn_of(GuestPhys{PagedMemory::kTable})) & frame_flag::kDirty);
}

TEST_CASE("a 4-MiB page maps with PSE and takes its high address bits from the entry") {
  PagedMemory m;
  m.page32();
  m.put32(PagedMemory::kDirectory + 8, 0x00400000 | kPs | kP | kW);
  REQUIRE(m.mmu.translate(0x00812345) == GuestPhys{0x00412345});
  // PSE-36: bits 13-16 are address bits 32-35 of a 36-bit machine.
  m.put32(PagedMemory::kDirectory + 8, 0x00400000 | (0xf << 13) | kPs | kP | kW);
  REQUIRE(m.mmu.translate(0x00812345) == GuestPhys{0xf00412345});
  // Bit 17 would be address bit 36.
  m.put32(PagedMemory::kDirectory + 8, 0x00400000 | (1 << 17) | kPs | kP | kW);
  m.mmu.flush_all();
  REQUIRE_FALSE(m.read(0x00812345));
  m.require_page_fault(0x00812345, kPresent | kReserved);
  // Without PSE the bit is ignored and the entry points to a table.
  m.state.cr4 &= ~cr4::kPse;
  m.mmu.flush_all();
  REQUIRE_FALSE(m.read(0x00812345));
  m.require_page_fault(0x00812345, 0);
}

TEST_CASE("PAE reaches frames beyond 4 GiB and large pages of 2 MiB") {
  PagedMemory m(40);
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinearPae), 0xff12345000 | kP);
  REQUIRE(m.mmu.translate(kLinearPae + 0x678) == GuestPhys{0xff12345678});
  m.put64(PagedMemory::kDirectory + 16, 0x00600000 | kPs | kP | kW);
  REQUIRE(m.mmu.translate(0x00412345) == GuestPhys{0x00612345});
}

TEST_CASE("PAE entries with bits beyond the physical width are reserved faults") {
  for (const u32 width : {32u, 36u, 39u, 40u}) {
    PagedMemory m(width);
    m.page_pae();
    m.put64(PagedMemory::pte64(kLinearPae), kPhysical | kP | (u64{1} << (width - 1)));
    REQUIRE(m.read(kLinearPae));
    m.put64(PagedMemory::pte64(kLinearPae), kPhysical | kP | (u64{1} << width));
    m.mmu.flush_all();
    REQUIRE_FALSE(m.read(kLinearPae));
    m.require_page_fault(kLinearPae, kPresent | kReserved);
  }
}

TEST_CASE("the execute-disable bit is reserved until EFER.NXE is set") {
  PagedMemory m;
  m.page_pae();
  m.state.efer = 0;
  m.put64(PagedMemory::pte64(kLinearPae), kPhysical | kP | kNx);
  REQUIRE_FALSE(m.fetch(kLinearPae));
  m.require_page_fault(kLinearPae, kPresent | kReserved);
  m.state.efer = efer::kNoExecute;
  m.mmu.flush_all();
  REQUIRE(m.read(kLinearPae));
  REQUIRE_FALSE(m.fetch(kLinearPae));
  m.require_page_fault(kLinearPae, kPresent | kFetch);
}

TEST_CASE("page-directory pointers with reserved bits are refused") {
  PagedMemory m;
  m.page_pae();
  u64 pdpte[4];
  for (const u64 bad : {u64{2}, u64{4}, u64{0x20}, u64{0x100}, u64{1} << 36, u64{1} << 63}) {
    m.put64(PagedMemory::kPdpt + 16, 0x3000 | kP | bad);
    REQUIRE_FALSE(m.mmu.read_pdptes(PagedMemory::kPdpt, pdpte));
    m.put64(PagedMemory::kPdpt + 16, bad);  // not present: anything goes
    REQUIRE(m.mmu.read_pdptes(PagedMemory::kPdpt, pdpte));
  }
}

TEST_CASE("page tables in a device, in ROM or nowhere are contained") {
  SECTION("a device is not read") {
    PagedMemory m;
    m.page32();
    m.put32(PagedMemory::kDirectory + 8, static_cast<u32>(PagedMemory::kDevice) | kP | kW);
    (void)m.read(0x00800000);
    (void)m.write(0x00800000);
    REQUIRE(m.device.reads == 0);
    REQUIRE(m.device.writes == 0);
  }
  SECTION("nothing reads as all ones, which is reserved with PAE") {
    PagedMemory m;
    m.page_pae();
    m.put64(PagedMemory::kDirectory + 16, 0x800000000 | kP | kW);
    REQUIRE_FALSE(m.read(0x00400000));
    m.require_page_fault(0x00400000, kPresent | kReserved);
  }
  SECTION("ROM is read and keeps its bits") {
    PagedMemory m;
    m.page32();
    m.put32(PagedMemory::kDirectory + 8, static_cast<u32>(PagedMemory::kRom) | kP | kW);
    (void)m.read(0x00800000);  // 0x5a5a5a5a: not present
    m.require_page_fault(0x00800000, 0);
    u8 byte = 0;
    REQUIRE(m.memory.read(GuestPhys{PagedMemory::kRom}, {&byte, 1}));
    REQUIRE(byte == 0x5a);
  }
  SECTION("a directory that is its own table") {
    PagedMemory m;
    m.page32();
    m.put32(PagedMemory::kDirectory + 4 * 1023, static_cast<u32>(PagedMemory::kDirectory) | kP | kW);
    u32 v = 0;
    REQUIRE(m.mmu.load(0xfffff000 + 4 * 1023, Privilege::kSupervisor, v));
    REQUIRE(v == m.get32(PagedMemory::kDirectory + 4 * 1023));
  }
}
