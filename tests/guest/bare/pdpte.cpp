// The page-directory-pointer-table entries: when they are read into the processor, which of their bits are reserved,
// and that a load that is refused changes nothing (SDM 3A, 4.4.1).
//
// paemu: -cpu coreduo
// paemu: -cpu max32,phys-bits=40
#include "paging.hpp"

using namespace bare;

namespace {

constexpr u32 kOther = kPointers + 0x20;  // a second table of four
constexpr u32 kCr0CacheDisable = 1u << 30;

void fill(u32 pointers) {
  for (u32 i = 0; i < 4; ++i) at<u64>(pointers + 8 * i) = (kDirectoriesPae + 0x1000 * i) | entry::kPresent;
}

void set_bits(u32 address, u64 bits) { at<u64>(address) = at<u64>(address) | bits; }

// In PAE paging with the window at a page that holds `value`.
void begin(u32 value) {
  start_paging(Paging::kPae);
  map_page(Paging::kPae, kWindow, kFrames, entry::kAll);
  at<u32>(kFrames) = value;
  fill(kOther);
}

Text window() {
  u32 seen = 0;
  const Trap t = attempt([&] { seen = at<u32>(kWindow); });
  return t.done() ? Text("reads ").hex(seen) : describe(t);
}

// --- MOV to CR3 reads all four.

void reserved_bits() {
  begin(0x11111111);
  const u32 width = physical_bits();
  for (u32 n = 0; n < 4; ++n) {
    for (u32 bit = 1; bit < 64; ++bit) {
      fill(kOther);
      set_bits(kOther + 8 * n, u64{1} << bit);
      const bool reserved = bit <= 2 || (bit >= 5 && bit <= 8) || bit >= width;
      const bool other_memory = bit >= 12;  // elsewhere than the directory: not for what this code runs in
      if (!reserved && other_memory) continue;
      const Trap t = attempt([] { write_cr3(kOther); });
      const bool kept = read_cr3() == kPointers;
      expect(Text("PDPTE ") << n << " bit " << bit, describe(t) << (kept ? ", CR3 as before" : ", CR3 new"),
             reserved ? "#GP(0000), CR3 as before" : "done, CR3 new");
      write_cr3(kPointers);
    }
    // Not present: nothing is reserved (table 4-8 is of present ones).
    if (n == 0) continue;
    fill(kOther);
    at<u64>(kOther + 8 * n) = ~u64{1};
    const Trap t = attempt([] { write_cr3(kOther); });
    expect(Text("PDPTE ") << n << " not present, all else set", describe(t), "done");
    write_cr3(kPointers);
  }
  stop_paging();
}

// --- Which instructions read them.

template <class F>
void reloads(const char* name, bool expected, F f) {
  begin(0x22222222);
  attempt([] { touch<u32>(kWindow); });
  at<u64>(kPointers + 8) = 0;  // the window's
  f();
  invlpg(kWindow);
  expect(Text(name), window(), expected ? page_fault(0, kWindow) : Text("reads 22222222"));
  stop_paging();
}

// Neither accessed nor dirty: their bits are ignored or reserved here (table 4-8).
void unmarked() {
  begin(0);
  (void)attempt([] { at<u32>(kWindow) = 1; });
  expect("PDPTE after a write through it", Text().hex(at<u64>(kPointers + 8), 16),
         Text().hex(kDirectoriesPae + 0x1001, 16));
  stop_paging();
}

void when() {
  reloads("INVLPG", false, [] {});
  reloads("MOV CR3 with the same value", true, [] { write_cr3(read_cr3()); });
  reloads("MOV CR4 without a change", false, [] { write_cr4(read_cr4()); });
  reloads("MOV CR4 that changes TSD", false, [] { write_cr4(read_cr4() ^ 4); });
  reloads("MOV CR4 that changes PGE", true, [] { write_cr4(read_cr4() ^ kCr4Pge); });
  reloads("MOV CR4 that changes PSE", true, [] { write_cr4(read_cr4() ^ kCr4Pse); });
  reloads("MOV CR0 without a change", false, [] { write_cr0(read_cr0()); });
  reloads("MOV CR0 that changes WP", false, [] { set_write_protect(true); });
  reloads("MOV CR0 that changes CD", true, [] { write_cr0(read_cr0() ^ kCr0CacheDisable); });
  write_cr0(read_cr0() & ~kCr0CacheDisable);
  write_cr4(read_cr4() & ~4u);
}

// --- A refused load changes nothing.

void refused() {
  struct Attempt {
    const char* name;
    void (*f)();
  };
  const Attempt attempts[] = {
      {"MOV CR3", [] { write_cr3(read_cr3()); }},
      {"MOV CR4, PGE", [] { write_cr4(read_cr4() | kCr4Pge); }},
      {"MOV CR4, PSE", [] { write_cr4(read_cr4() & ~kCr4Pse); }},
      {"MOV CR0, CD", [] { write_cr0(read_cr0() | kCr0CacheDisable); }},
  };
  for (const Attempt& a : attempts) {
    begin(0x33333333);
    attempt([] { touch<u32>(kWindow); });
    const u32 cr0 = read_cr0(), cr4 = read_cr4();
    set_bits(kPointers + 8 * 2, 0x20);
    const Trap t = attempt(a.f);
    expect(Text(a.name) << " refused", describe(t), "#GP(0000)");
    const bool same = read_cr0() == cr0 && read_cr4() == cr4 && read_cr3() == kPointers;
    expect(Text(a.name) << " refused, after it", window() << (same ? ", registers as before" : ", registers changed"),
           "reads 33333333, registers as before");
    stop_paging();
  }
  // Paging that does not begin: MOV to CR0 that sets PG.
  begin(0);
  stop_paging();
  write_cr4(read_cr4() | kCr4Pae);
  set_bits(kPointers, 0x20);
  const Trap t = attempt([] { write_cr0(read_cr0() | kCr0Pg); });
  expect("MOV CR0, PG refused", describe(t) << ((read_cr0() & kCr0Pg) ? ", paging" : ", no paging"),
         "#GP(0000), no paging");
  stop_paging();
  // PG without PE; NW without CD (SDM 2B, MOV to control registers).
  const Trap pg = attempt([] { write_cr0((read_cr0() | kCr0Pg) & ~1u); });
  expect("MOV CR0, PG without PE", describe(pg), "#GP(0000)");
  const Trap nw = attempt([] { write_cr0((read_cr0() | (1u << 29)) & ~kCr0CacheDisable); });
  expect("MOV CR0, NW without CD", describe(nw), "#GP(0000)");
}

}  // namespace

void guest_main() {
  reserved_bits();
  unmarked();
  when();
  refused();
}
