// The frame of bare guests in C++: each is its own firmware, tests one behaviour of the processor and prints one line a
// case on COM1: "name: what happened", with ", expected ..." behind it when that is not what the manual says.
//
// A guest defines guest_main(). It runs at ring 0 in flat protected mode without paging, interrupts off, and goes into
// other states by run(), which comes back at the first trap with what the processor was like then.
//
// Memory: the image is at 0x10000-0x7ffff, its stack below 0x90000; from 1 MiB on all is the guest's own. Its CPUs and
// RAM are those of the comment "// paemu: OPTIONS" in its source, if it has one.
#pragma once

#include "base/types.hpp"

namespace bare {
using namespace base;

// --- Selectors. Those from kFreeSelectors on are for tests; gdt has room for kGdtEntries.
enum Selector : u16 {
  kCode0 = 0x08,
  kData0 = 0x10,
  kCode3 = 0x18 | 3,
  kData3 = 0x20 | 3,
  kTaskSelector = 0x28,
  kCode1 = 0x30 | 1,
  kData1 = 0x38 | 1,
  kCode2 = 0x40 | 2,
  kData2 = 0x48 | 2,
  kCode16 = 0x50,  // ring 0, base 0, 64 KiB: the way to real mode
  kData16 = 0x58,
  kFreeSelectors = 0x80,
};
inline constexpr u32 kGdtEntries = 512;
extern u64 gdt[kGdtEntries];
extern u64 idt[256];

// SDM 3A, figure 3-8. `access` is bits 8-15 of the high dword; `flags` its bits 20-23 (G, D/B, L, AVL).
constexpr u64 descriptor(u32 base, u32 limit, u32 access, u32 flags) {
  const u32 low = (base << 16) | (limit & 0xffff);
  const u32 high = (base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | (access << 8) | ((base >> 16) & 0xff);
  return (u64{high} << 32) | low;
}
// SDM 3A, figure 6-2 (gates of the IDT) and 5-8 (call gates, with `parameters`). `access` as above.
constexpr u64 gate(u16 selector, u32 offset, u32 access, u32 parameters = 0) {
  return (u64{(offset & 0xffff0000) | (access << 8) | parameters} << 32) | (u32{selector} << 16) | (offset & 0xffff);
}

// The 32-bit task state segment (SDM 3A, figure 7-2).
struct TaskState {
  u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
  u32 es, cs, ss, ds, fs, gs, ldt;
  u16 trap, io_map;
};
// In TR; followed by an I/O bitmap that forbids all ports. The stacks of rings 0-2 are set.
extern TaskState& tss;
extern u8 (&io_bitmap)[8192 + 1];
inline constexpr u32 kIoBitmapAt = 256;  // from the start of the TSS: behind VME's redirection bitmap (io_bitmap - 32)

// --- Running.

// What a processor is like between two instructions.
struct State {
  u32 eax = 0, ecx = 0, edx = 0, ebx = 0, esp = 0, ebp = 0, esi = 0, edi = 0;
  u32 eip = 0, eflags = 2;
  u16 cs = kCode0, ss = kData0, ds = kData0, es = kData0, fs = 0, gs = 0;
};

inline constexpr u32 kDone = 0x30;  // the vector by which code says that it has come to its end

struct Trap {
  u32 vector = 0, error = 0, cr2 = 0;
  State at;
  bool done() const { return vector == kDone; }
};

// IRETs into `state` and returns at the first trap. To ring 0 the stack segment must have base 0, and the 64 bytes
// below ESP are used; virtual-8086 mode is by EFLAGS.VM. May be nested.
Trap run(const State& state);

// A state of flat segments at `ring`, without code and with a stack of its own.
State state_at_ring(u32 ring);

// Calls `f()` at `ring` and returns what ended it: done() when it returned. Writes of `f` by reference are seen.
void prepare_call(State& state, void (*function)(void*), void* argument);
template <class F>
Trap call_at_ring(u32 ring, F f) {
  State s = state_at_ring(ring);
  prepare_call(
      s, [](void* argument) { (*static_cast<F*>(argument))(); }, &f);
  return run(s);
}
template <class F>
Trap attempt(F f) {
  return call_at_ring(0, f);
}

// What the stubs push; `old_esp` and on only from another ring, the last four only from virtual-8086 mode.
struct Frame {
  u32 cr2, gs, fs, es, ds, edi, esi, ebp, esp_here, ebx, edx, ecx, eax, vector, error, eip, cs, eflags;
  u32 old_esp, old_ss, v86_es, v86_ds, v86_fs, v86_gs;
};
// Sees each trap first. True: it is dealt with, go on where it came from (the frame may be changed). Null: none.
using Hook = bool (*)(Frame&);
extern Hook trap_hook;

// --- Saying what happened.

// A short text on the stack; what does not fit is cut off.
class Text {
 public:
  Text() = default;
  Text(const char* s) { *this << s; }
  Text& operator<<(const char* s);
  Text& operator<<(const Text& t) { return *this << t.c_str(); }
  Text& operator<<(char c);
  Text& operator<<(u32 v);  // decimal
  Text& operator<<(int v) { return *this << static_cast<u32>(v); }
  Text& hex(u64 v, u32 digits = 8);
  const char* c_str() const { return text_; }
  bool operator==(const Text& other) const;

 private:
  static constexpr u32 kRoom = 200;
  char text_[kRoom] = {};
  u32 size_ = 0;
};

// "done", "#GP(0018)", "#PF(0007) at 00401000" (CR2), "#DB", "vector 33".
Text describe(const Trap& trap);
Text fault(const char* mnemonic);             // for expected values: "#UD"
Text fault(const char* mnemonic, u32 error);  // "#GP(0018)"
Text page_fault(u32 error, u32 address);      // "#PF(0007) at 00401000"

// One case: prints its line.
void expect(const Text& name, const Text& got, const Text& expected);
// Prints a line that is no case.
void say(const Text& line);
// Says how many cases there were and ends the machine. `run_guest` does it when guest_main returns.
[[noreturn]] void finish();

// --- The processor.
inline u32 read_cr0() {
  u32 v;
  asm volatile("mov %%cr0, %0" : "=r"(v));
  return v;
}
inline u32 read_cr2() {
  u32 v;
  asm volatile("mov %%cr2, %0" : "=r"(v));
  return v;
}
inline u32 read_cr3() {
  u32 v;
  asm volatile("mov %%cr3, %0" : "=r"(v));
  return v;
}
inline u32 read_cr4() {
  u32 v;
  asm volatile("mov %%cr4, %0" : "=r"(v));
  return v;
}
inline void write_cr0(u32 v) { asm volatile("mov %0, %%cr0" : : "r"(v) : "memory"); }
inline void write_cr2(u32 v) { asm volatile("mov %0, %%cr2" : : "r"(v) : "memory"); }
inline void write_cr3(u32 v) { asm volatile("mov %0, %%cr3" : : "r"(v) : "memory"); }
inline void write_cr4(u32 v) { asm volatile("mov %0, %%cr4" : : "r"(v) : "memory"); }
inline void invlpg(u32 linear) { asm volatile("invlpg (%0)" : : "r"(linear) : "memory"); }
inline u64 read_msr(u32 index) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return (u64{high} << 32) | low;
}
inline void write_msr(u32 index, u64 v) {
  asm volatile("wrmsr" : : "c"(index), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)) : "memory");
}
struct Cpuid {
  u32 eax, ebx, ecx, edx;
};
inline Cpuid cpuid(u32 leaf, u32 subleaf = 0) {
  Cpuid r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}
inline u8 in8(u16 port) {
  u8 v;
  asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
inline void out8(u16 port, u8 v) { asm volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }

// A memory location that is written and read exactly when the source says so.
template <class T>
volatile T& at(u32 linear) {
  return *reinterpret_cast<volatile T*>(linear);
}

// Reads it and forgets what was there.
template <class T>
void touch(u32 linear) {
  (void)static_cast<T>(at<T>(linear));
}

}  // namespace bare

void guest_main();
