// Page faults in what the processor does for itself: reading descriptors, setting accessed bits, pushing on new stacks;
// and what becomes of the exception that was being delivered (SDM 3A, 3.4.5.1, 4.6, 4.7 and table 6-5).
#include "frame.hpp"

using namespace bare;

namespace {

// The first 4 MiB are mapped one to one; these two pages lose a right for a test.
constexpr u32 kDirectory = 0x200000, kTable = 0x201000, kPage = 0x300000, kBelow = kPage - 0x1000;
constexpr u32 kPresent = 1, kWritable = 2, kUser = 4;
constexpr u32 kWrite = 2;  // of the error code
constexpr u16 kOnPage = kFreeSelectors, kGate = kFreeSelectors + 8, kTarget = kFreeSelectors + 16;

void map(u32 page, u32 rights) {
  at<u32>(kTable + (page >> 12) * 4) = page | rights;
  invlpg(page);
}

void paging_on() {
  for (u32 i = 0; i < 1024; ++i) {
    at<u32>(kDirectory + 4 * i) = 0;
    at<u32>(kTable + 4 * i) = i << 12 | 7;
  }
  at<u32>(kDirectory) = kTable | 7;
  write_cr3(kDirectory);
  write_cr0(read_cr0() | 0x80010000);  // PG, WP
}

const u8 undefined[] = {0x0f, 0x0b};
const u8 bad_load[] = {0xb8, 0xf8, 0xff, 0, 0, 0x8e, 0xd8};  // mov eax, fff8; mov ds, eax
const u8 touch[] = {0xa1, 0x00, 0xf0, 0x2f, 0x00};           // mov eax, [2ff000]
const u8 call_gate[] = {0x9a, 0, 0, 0, 0, kGate | 3, 0};
const u8 done[] = {0xcd, kDone};

Trap go(u32 ring, const u8* code) {
  State s = state_at_ring(ring);
  s.eip = reinterpret_cast<u32>(code);
  return run(s);
}

// Loads `selector` into ES at `ring` by code.
Trap load_es(u32 ring, u16 selector) {
  static u8 code[] = {0x8e, 0xc0, 0xcd, kDone};  // mov es, ax; int 30h
  State s = state_at_ring(ring);
  s.eip = reinterpret_cast<u32>(code);
  s.eax = selector;
  return run(s);
}

// --- Descriptors: read and written at supervisor rights, whatever the CPL.
void descriptors() {
  // An LDT on the page.
  gdt[kOnPage >> 3] = descriptor(kPage, 0xfff, 0x82, 0);
  asm volatile("lldt %w0" : : "r"(u32{kOnPage}));
  const auto reset = [](u32 access) {
    map(kPage, kPresent | kWritable);
    at<u64>(kPage + 8) = descriptor(0, 0xfffff, access, 0xc);
  };
  const auto accessed = [] { return (at<u64>(kPage + 8) >> 40 & 1) ? ", accessed" : ", not accessed"; };
  reset(0xf2);
  expect("descriptor on a supervisor page, at ring 3", describe(load_es(3, 0xf)) << accessed(), "done, accessed");
  reset(0xf2);
  map(kPage, 0);
  Trap t = load_es(3, 0xf);
  map(kPage, kPresent | kWritable);
  expect("descriptor on a page that is not present", describe(t) << accessed(),
         page_fault(0, kPage + 8) << ", not accessed");
  reset(0xf2);
  map(kPage, kPresent);
  t = load_es(3, 0xf);
  expect("accessed bit on a read-only page", describe(t) << accessed() << (t.at.es == kData3 ? "" : ", es changed"),
         page_fault(kPresent | kWrite, kPage + 13) << ", not accessed");
  reset(0xf3);
  map(kPage, kPresent);
  expect("accessed bit that is set already", describe(load_es(3, 0xf)), "done");
  asm volatile("lldt %w0" : : "r"(0));
  map(kPage, kPresent | kWritable | kUser);
}

// --- Stacks of handlers at ring 1, so that the page fault finds a good one at ring 0.
void stacks() {
  gdt[kTarget >> 3] = descriptor(0, 0xfffff, 0xbb, 0xc);
  gdt[kGate >> 3] = gate(kTarget, reinterpret_cast<u32>(done), 0xec);
  const u32 esp = tss.esp1;
  const u64 idt6 = idt[6], idt13 = idt[13], idt14 = idt[14];
  const u64 to_ring1 = gate(kTarget, reinterpret_cast<u32>(done), 0x8e);
  tss.esp1 = kPage + 8;  // two dwords are above the page boundary, the rest below
  map(kBelow, 0);
  const auto with = [&](u32 vector, const u8* code, u32 ring) {
    if (vector != 0) idt[vector] = to_ring1;
    const Trap t = go(ring, code);
    idt[6] = idt6, idt[13] = idt13, idt[14] = idt14;
    return describe(t) << (t.at.cs == (state_at_ring(ring).cs) ? "" : " in the handler");
  };
  const Text fault_below = page_fault(kWrite, kBelow + 0xffc);
  expect("call gate", with(0, call_gate, 3), fault_below);
  expect("#UD", with(6, undefined, 3), fault_below);
  // A contributory exception, then a page fault: the page fault is delivered (table 6-5).
  expect("#GP", with(13, bad_load, 3), fault_below);
  // A page fault, then another or a contributory one: a double fault.
  expect("#PF whose stack faults", with(14, touch, 3), fault("#DF", 0));
  idt[14] = idt14 & ~(u64{0x8000} << 32);
  expect("#PF whose gate is not present", describe(go(3, touch)), fault("#DF", 0));
  idt[14] = idt14;
  expect("cr2 after it", Text().hex(read_cr2()), Text().hex(kBelow));
  tss.esp1 = esp;
  map(kBelow, kPresent | kWritable | kUser);
}

// --- The TSS and the IDT.
void tables() {
  // #UD at ring 3 to ring 1 while the TSS can't be read would lose ring 0's stack too; so the I/O bitmap is what is not
  // there: in al, 80h at ring 3.
  static const u8 input[] = {0xe4, 0x80, 0xcd, kDone};
  const u64 whole = gdt[kTaskSelector >> 3] & ~(u64{2} << 40);
  // A copy of the TSS at the end of the page before, its bitmap on the page.
  const u32 base = kPage - 0x68;
  for (u32 i = 0; i < 0x68; ++i) at<u8>(base + i) = reinterpret_cast<const u8*>(&tss)[i];
  at<u16>(base + 0x66) = 0x68;
  gdt[kTaskSelector >> 3] = descriptor(base, 0x2fff, 0x89, 0);
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
  map(kPage, 0);
  const Trap t = go(3, input);
  map(kPage, kPresent | kWritable | kUser);
  gdt[kTaskSelector >> 3] = whole;
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
  expect("i/o bitmap on a page that is not present", describe(t), page_fault(0, kPage + 0x80 / 8));

  // The IDT's second page is not there: int 80h, whose gate is its first entry at 0x400... of a table that begins 0x400
  // below the page.
  struct [[gnu::packed]] {
    u16 limit;
    u32 base;
  } idtr;
  asm volatile("sidt %0" : "=m"(idtr));
  const u32 old = idtr.base;
  for (u32 v = 0; v < 0x80; ++v) at<u64>(kPage - 0x400 + 8 * v) = idt[v];
  for (u32 v = 0x80; v < 0x100; ++v) at<u64>(kPage - 0x400 + 8 * v) = idt[v];
  idtr.base = kPage - 0x400;
  asm volatile("lidt %0" : : "m"(idtr));
  map(kPage, 0);
  static const u8 int80[] = {0xcd, 0x80};
  const Trap u = go(3, int80);
  map(kPage, kPresent | kWritable | kUser);
  idtr.base = old;
  asm volatile("lidt %0" : : "m"(idtr));
  expect("gate on a page that is not present", describe(u), page_fault(0, kPage));
}

}  // namespace

void guest_main() {
  paging_on();
  descriptors();
  stacks();
  tables();
}
