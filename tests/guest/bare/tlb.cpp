// What the TLB may still hold, and what it must have forgotten. A translation that the guest changed without a flush
// may be the old or the new one (SDM 3A, 4.10.2.3); after the flush that the manual names it must be the new one
// (4.10.4.1).
//
// paemu: -cpu coreduo
// paemu: -cpu pentium3
#include "paging.hpp"

using namespace bare;

namespace {

constexpr u32 kOld = 0x01d01d01, kNew = 0x4e34e34e;
constexpr u32 kOldFrame = kFrames, kNewFrame = 2 * kFrames;  // apart by the largest page

u32 window(u32 offset = 0) {
  u32 seen = 0;
  const Trap t = attempt([&] { seen = at<u32>(kWindow + offset); });
  return t.done() ? seen : 0;
}
Text word(u32 value) { return value == kOld ? "old" : value == kNew ? "new" : Text("neither: ").hex(value); }

void fill() {
  for (u32 i = 0; i < kFrames; i += 0x1000) {
    at<u32>(kOldFrame + i) = kOld;
    at<u32>(kNewFrame + i) = kNew;
  }
}

struct Way {
  const char* name;
  bool large, global, forgets;
  void (*flush)();
};

constexpr u32 kCr4Tsd = 4;

// Which entries each flush forgets. What need not forget may: there either is right.
const Way kWays[] = {
    {"nothing", false, false, false, [] {}},
    {"INVLPG", false, false, true, [] { invlpg(kWindow); }},
    {"INVLPG elsewhere", false, false, false, [] { invlpg(kWindow + 0x1000); }},
    {"INVLPG at the page's last byte", false, false, true, [] { invlpg(kWindow + 0xfff); }},
    {"INVLPG of a global page", false, true, true, [] { invlpg(kWindow); }},
    {"INVLPG of a large page at its start", true, false, true, [] { invlpg(kWindow); }},
    {"INVLPG of a large page at its end", true, false, true, [] { invlpg(kWindow + 0x1ff000); }},
    {"INVLPG of a large global page at its end", true, true, true, [] { invlpg(kWindow + 0x1ff000); }},
    {"MOV CR3", false, false, true, [] { write_cr3(read_cr3()); }},
    {"MOV CR3, large page", true, false, true, [] { write_cr3(read_cr3()); }},
    {"MOV CR3, global page", false, true, false, [] { write_cr3(read_cr3()); }},
    {"MOV CR4 that clears PGE, global page", false, true, true, [] { write_cr4(read_cr4() & ~kCr4Pge); }},
    {"MOV CR4 that clears PGE, large global page", true, true, true, [] { write_cr4(read_cr4() & ~kCr4Pge); }},
    {"MOV CR4 that changes PGE", false, false, true, [] { write_cr4(read_cr4() ^ kCr4Pge); }},
    {"MOV CR4 that changes TSD", false, false, false, [] { write_cr4(read_cr4() ^ kCr4Tsd); }},
    {"MOV CR4 with the same value", false, true, false, [] { write_cr4(read_cr4()); }},
    {"MOV CR0 that changes WP", false, false, false, [] { write_cr0(read_cr0() ^ kCr0Wp); }},
    {"MOV CR0 that clears and sets PG", false, false, true,
     [] {
       write_cr0(read_cr0() & ~kCr0Pg);
       write_cr0(read_cr0() | kCr0Pg);
     }},
    {"MOV CR0 that clears and sets PG, global page", false, true, true,
     [] {
       write_cr0(read_cr0() & ~kCr0Pg);
       write_cr0(read_cr0() | kCr0Pg);
     }},
};

void remapped(Paging mode, const Way& w) {
  start_paging(mode);
  write_cr4(read_cr4() | kCr4Pge);
  const u32 global = w.global ? entry::kGlobal : 0;
  const Entry changed = w.large ? directory_entry(mode, kWindow) : table_entry(mode, kWindow);
  const u32 flags = entry::kAll | global | (w.large ? entry::kLarge : 0);
  if (w.large) {
    changed.write(kOldFrame | flags);
    invlpg(kWindow);
  } else {
    map_page(mode, kWindow, kOldFrame, flags);
  }
  (void)window();
  (void)window(w.large ? 0x1ff000 : 0);
  changed.write(kNewFrame | flags);
  w.flush();
  const Text first = word(window()), last = word(window(w.large ? 0x1ff000 : 0));
  const char* const which = mode == Paging::k32 ? "32-bit, " : "PAE, ";
  // Where both are right the line says so, and the case is that it is one of them.
  const bool either = !w.forgets && (first == "old" || first == "new");
  expect(Text(which) << w.name, either ? Text("old or new") : Text(first) << ' ' << last,
         w.forgets ? "new new" : "old or new");
  write_cr4(read_cr4() & ~kCr4Tsd);
  stop_paging();
}

// --- Rights: what is widened works at once, because a fault looks at the entries again (4.10.4.3); what is narrowed
// works after INVLPG.

void rights(Paging mode, bool nxe) {
  const Text which(mode == Paging::k32 ? "32-bit, " : "PAE, ");
  const auto write = [] { return describe(call_at_ring(3, [] { at<u32>(kWindow) = kOld; })); };
  const auto read = [] { return describe(call_at_ring(3, [] { touch<u32>(kWindow); })); };
  const auto fetch = [] {
    return describe(call_at_ring(3, [] { asm volatile("call *%0" : : "r"(kWindow) : "memory"); }));
  };
  start_paging(mode, nxe);
  const Entry table = table_entry(mode, kWindow);
  map_page(mode, kWindow, kOldFrame, entry::kPresent | entry::kUser);
  (void)read();
  table.write(kOldFrame | entry::kAll);
  expect(Text(which) << "made writable", write(), "done");
  table.write(kOldFrame | entry::kPresent | entry::kWrite);
  invlpg(kWindow);
  (void)attempt([] { touch<u32>(kWindow); });
  table.write(kOldFrame | entry::kAll);
  expect(Text(which) << "made the user's", read(), "done");
  table.write(0);
  invlpg(kWindow);
  expect(Text(which) << "taken away", read(), page_fault(pf::kUser, kWindow));
  table.write(kOldFrame | entry::kAll);
  expect(Text(which) << "given back", read(), "done");
  table.write(kOldFrame | entry::kPresent | entry::kUser);
  invlpg(kWindow);
  expect(Text(which) << "made read-only", write(), page_fault(pf::kPresent | pf::kWrite | pf::kUser, kWindow));
  at<u32>(kOldFrame) = 0xc3c3c3c3;  // RET
  expect(Text(which) << "executed", fetch(), "done");
  if (nxe) {
    table.write(kOldFrame | entry::kAll | entry::kNoExecute);
    invlpg(kWindow);
    expect(Text(which) << "made not executable", fetch(), page_fault(pf::kPresent | pf::kUser | pf::kFetch, kWindow));
    table.write(kOldFrame | entry::kAll);
    expect(Text(which) << "made executable", fetch(), "done");
  }
  stop_paging();
}

// --- Accessed and dirty bits that software clears are set again after a flush (4.8).

void marks(Paging mode) {
  const Text which(mode == Paging::k32 ? "32-bit, " : "PAE, ");
  start_paging(mode);
  const Entry table = table_entry(mode, kWindow);
  map_page(mode, kWindow, kOldFrame, entry::kAll);
  const auto shown = [&] {
    const u64 v = table.read();
    return Text() << ((v & entry::kAccessed) ? 'A' : '-') << ((v & entry::kDirty) ? 'D' : '-');
  };
  touch<u32>(kWindow);
  expect(Text(which) << "after a read", shown(), "A-");
  at<u32>(kWindow) = kOld;
  expect(Text(which) << "after a write that follows a read", shown(), "AD");
  table.write(kOldFrame | entry::kAll);
  invlpg(kWindow);
  touch<u32>(kWindow);
  expect(Text(which) << "cleared, flushed, read", shown(), "A-");
  table.write(kOldFrame | entry::kAll);
  invlpg(kWindow);
  at<u32>(kWindow) = kOld;
  expect(Text(which) << "cleared, flushed, written", shown(), "AD");
  // A compare-and-exchange that does not exchange writes all the same (SDM 2A, CMPXCHG).
  table.write(kOldFrame | entry::kAll);
  invlpg(kWindow);
  u32 other = kNew;
  asm volatile("cmpxchgl %2, %0" : "+m"(at<u32>(kWindow)), "+a"(other) : "r"(5) : "memory");
  expect(Text(which) << "CMPXCHG of something else", shown(), "AD");
  stop_paging();
}

// --- INVLPG itself (SDM 2A).

void invlpg_itself() {
  for (u32 ring = 1; ring < 4; ++ring) {
    expect(Text("INVLPG at ring ") << ring, describe(call_at_ring(ring, [] { invlpg(kWindow); })), "#GP(0000)");
  }
  expect("INVLPG of a register", describe(attempt([] { asm volatile(".byte 0x0f, 0x01, 0xf8"); })), "#UD");
  // No segment check: neither limit nor a null selector matters.
  State s = state_at_ring(0);
  extern const u8 code_invlpg[] asm("code_invlpg");
  s.eip = reinterpret_cast<u32>(code_invlpg);
  s.ebx = 0xfffffff0;
  expect("INVLPG through a null segment", describe(run(s)), "done");
}
asm("code_invlpg: invlpg %fs:0x100(%ebx)\nint $0x30");

}  // namespace

void guest_main() {
  fill();
  for (const Way& w : kWays) {
    remapped(Paging::k32, w);
    remapped(Paging::kPae, w);
  }
  rights(Paging::k32, false);
  rights(Paging::kPae, has_nx());
  marks(Paging::k32);
  marks(Paging::kPae);
  invlpg_itself();
}
