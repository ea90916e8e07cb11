// Accesses that the processor makes on its own: to descriptor tables and to the task state segment, at any ring with
// the supervisor's rights (SDM 3A, 4.6.1 "implicit supervisor-mode accesses"), and with page faults that say so.
#include "paging.hpp"

using namespace bare;

namespace {

// The GDT moves into the window: its first page is the frame's, the second one has the descriptors of these tests.
constexpr u32 kTable = kWindow, kSecond = kWindow + 0x1000;
constexpr u16 kSelector = 0x1000 | 3;

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u32 base;
};

void map_second(u32 rights) { map_page(Paging::k32, kSecond, kFrames + 0x1000, rights); }

// At ring 3 what a load of ES gives, with the descriptor's accessed byte as `access`.
Text load(u32 access) {
  at<u64>(kFrames + 0x1000) = descriptor(0, 0xfffff, access, 0xc);
  const Trap t = call_at_ring(3, [] { asm volatile("mov %0, %%es" : : "r"(u32{kSelector})); });
  const bool marked = (at<u64>(kFrames + 0x1000) >> 40) & 1;
  return describe(t) << (marked ? ", accessed" : ", not accessed");
}
Text lar() {
  u32 rights = 0;
  const Trap t = call_at_ring(3, [&] { asm volatile("lar %1, %0" : "+r"(rights) : "r"(u32{kSelector})); });
  return (describe(t) << ' ').hex(rights & 0xff00, 4);
}

void descriptors() {
  constexpr u32 kFresh = 0xf2, kUsed = 0xf3;  // data, DPL 3
  set_write_protect(true);
  map_second(entry::kPresent | entry::kWrite);
  expect("descriptor in a supervisor page", load(kFresh), "done, accessed");
  expect("LAR from a supervisor page", lar(), "done f300");
  map_second(entry::kPresent);
  expect("descriptor in a read-only supervisor page", load(kUsed), "done, accessed");
  // The accessed bit is written when it is clear (SDM 3A, 3.4.5.1); of CR2 the manual says no more than the page.
  expect("descriptor to be marked in a read-only page", load(kFresh),
         page_fault(pf::kPresent | pf::kWrite, kSecond + 5) << ", not accessed");
  set_write_protect(false);
  expect("descriptor to be marked in a read-only page, WP clear", load(kFresh), "done, accessed");
  map_second(0);
  expect("descriptor in an absent page", load(kUsed), page_fault(0, kSecond) << ", accessed");
  expect("LAR from an absent page", lar(), page_fault(0, kSecond) << " 0000");
  map_second(entry::kAll);
  expect("descriptor in a user page", load(kFresh), "done, accessed");
}

// The I/O bitmap and the stack pointers of the TSS, which is in the second page.
void task() {
  constexpr u16 kTask = 0x80;
  constexpr u32 kBitmap = 0x68;
  map_second(entry::kPresent | entry::kWrite);
  at<u64>(kTable + kTask) = descriptor(kSecond - 0x68, 0x68 + 0x2000, 0x89, 0);
  map_page(Paging::k32, kTable, kFrames, entry::kPresent | entry::kWrite);
  // A copy of the frame's, up to its bitmap, at the end of the first page.
  for (u32 i = 0; i < 0x68; i += 4) at<u32>(kSecond - 0x68 + i) = reinterpret_cast<u32*>(&tss)[i / 4];
  at<u16>(kSecond - 2) = kBitmap;
  for (u32 i = 0; i < 0x1000; i += 4) at<u32>(kSecond + i) = 0;
  asm volatile("ltr %w0" : : "r"(u32{kTask}));
  const auto in = [] { return describe(call_at_ring(3, [] { (void)in8(0x80); })); };
  expect("I/O bitmap in a supervisor page", in(), "done");
  map_second(0);
  expect("I/O bitmap in an absent page", in(), page_fault(0, kSecond + 0x10));
  map_second(entry::kPresent);
  expect("I/O bitmap in a read-only page", in(), "done");
}

}  // namespace

void guest_main() {
  start_paging(Paging::k32);
  map_page(Paging::k32, kTable, kFrames, entry::kPresent | entry::kWrite);
  for (u32 i = 0; i < kGdtEntries; ++i) at<u64>(kTable + 8 * i) = gdt[i];
  const TableRegister gdtr{0x1fff, kTable};
  asm volatile("lgdt %0" : : "m"(gdtr));
  descriptors();
  task();
}
