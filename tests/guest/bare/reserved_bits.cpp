// Reserved bits of paging entries, each of all 64 on its own, by the processor's address width and features: which
// faults, with which error code, and that a fault comes before the accessed bit.
//
// paemu: -cpu max32
// paemu: -cpu max32,phys-bits=40
// paemu: -cpu max32,phys-bits=32
// paemu: -cpu pentium3 -m 64M
// paemu: -cpu coreduo,-nx
#include "paging.hpp"

using namespace bare;

namespace {

u32 width;

// What the access to the window gives: a page fault of a reserved bit, or nothing. Addresses without memory read as
// whatever they like.
Text outcome(Entry entry) {
  const Trap t = attempt([] { touch<u32>(kWindow); });
  return describe(t) << ((entry.read() & entry::kAccessed) ? ", A" : ", -");
}
Text expected(bool reserved) {
  return reserved ? page_fault(pf::kPresent | pf::kReserved, kWindow) << ", -" : Text("done, A");
}

// SDM 3A, tables 4-9 to 4-11: from the width to bit 62, bit 63 without EFER.NXE, and of a large page bits 13 to 20.
bool reserved_pae(u32 bit, bool large, bool nxe) {
  if (bit == 63) return !nxe;
  return bit >= width || (large && bit >= 13 && bit <= 20);
}

void pae(bool nxe) {
  start_paging(Paging::kPae, nxe);
  const Entry directory = directory_entry(Paging::kPae, kWindow), table = table_entry(Paging::kPae, kWindow);
  for (u32 bit = 12; bit < 64; ++bit) {
    const u64 one = u64{1} << bit;
    const Text with = Text(nxe ? " bit " : " NXE off bit ") << bit;
    directory.write(kWindowTable | entry::kAll);
    table.write((kFrames | entry::kAll) ^ one);
    invlpg(kWindow);
    expect(Text("PAE table") << with, outcome(table), expected(reserved_pae(bit, false, nxe)));

    directory.write((kFrames | entry::kAll | entry::kLarge) ^ one);
    invlpg(kWindow);
    expect(Text("PAE 2M") << with, outcome(directory), expected(reserved_pae(bit, true, nxe)));

    // To another table: a fault because of what the other memory holds comes later than A.
    directory.write((kWindowTable | entry::kAll) ^ one);
    invlpg(kWindow);
    const bool reserved = reserved_pae(bit, false, nxe);
    const Trap t = attempt([] { touch<u32>(kWindow); });
    const bool marked = directory.read() & entry::kAccessed;
    expect(Text("PAE directory") << with, reserved ? describe(t) : Text("not looked at"),
           reserved ? page_fault(pf::kPresent | pf::kReserved, kWindow) : Text("not looked at"));
    expect(Text("PAE directory") << with << " accessed", marked ? "A" : "-", reserved ? "-" : "A");
  }
  stop_paging();
}

// SDM 3A, table 4-4: bits 13 to 20 are bits 32 to 39 of the address as far as it is wide; bit 21 is reserved.
void large32() {
  start_paging(Paging::k32);
  const bool pse36 = cpuid(1).edx & (1u << 17);
  const u32 address_bits = pse36 ? (width > 40 ? 40 : width) - 32 : 0;
  const Entry directory = directory_entry(Paging::k32, kWindow);
  for (u32 bit = 12; bit < 22; ++bit) {
    directory.write(kFrames | entry::kAll | entry::kLarge | (1u << bit));
    invlpg(kWindow);
    const bool reserved = bit == 21 || (bit >= 13 && bit - 13 >= address_bits);
    expect(Text("4M bit ") << bit, outcome(directory), expected(reserved));
  }
  // Without CR4.PSE bit 7 of a directory entry is ignored: it is that of a table (table 4-5). What this code runs in
  // has to be mapped by a table as well.
  constexpr u32 kLowTable = 0x200000;
  for (u32 page = 0; page < 1024; ++page) at<u32>(kLowTable + 4 * page) = (page << 12) | entry::kAll;
  directory_entry(Paging::k32, 0).write(kLowTable | entry::kAll);
  table_entry(Paging::k32, kWindow).write(kFrames | entry::kAll);
  directory.write(kWindowTable | entry::kAll | entry::kLarge);
  write_cr4(read_cr4() & ~kCr4Pse);
  expect("PSE off, bit 7 of a directory entry", outcome(table_entry(Paging::k32, kWindow)), "done, A");
  stop_paging();
}

// The error code tells a reserved bit from each kind of access (SDM 3A, 4.7).
void error_codes() {
  start_paging(Paging::kPae);
  map_page(Paging::kPae, kWindow, kFrames, entry::kAll | entry::kNoExecute);  // reserved: NXE is off
  constexpr u32 kBoth = pf::kPresent | pf::kReserved;
  const u32 rings[] = {0, 3};
  for (const u32 ring : rings) {
    const u32 user = ring == 3 ? pf::kUser : 0;
    const Text at_ring = Text(" at ring ") << ring;
    expect(Text("reserved, read") << at_ring, describe(call_at_ring(ring, [] { touch<u32>(kWindow); })),
           page_fault(kBoth | user, kWindow));
    expect(Text("reserved, write") << at_ring, describe(call_at_ring(ring, [] { at<u32>(kWindow) = 0; })),
           page_fault(kBoth | user | pf::kWrite, kWindow));
    // Without EFER.NXE a fetch is told as a read.
    expect(Text("reserved, fetch") << at_ring,
           describe(call_at_ring(ring, [] { asm volatile("call *%0"
                                                         :
                                                         : "r"(kWindow)
                                                         : "memory"); })),
           page_fault(kBoth | user, kWindow));
  }
  stop_paging();
}

}  // namespace

void guest_main() {
  width = physical_bits();
  at<u32>(kFrames) = 0xc3c3c3c3;
  if (has_nx()) pae(true);
  pae(false);
  large32();
  error_codes();
}
