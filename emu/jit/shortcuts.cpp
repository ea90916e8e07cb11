#include "jit/shortcuts.hpp"

#include "cpu/exceptions.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/system.hpp"
#include "interp/block_cache.hpp"
#include "jit/window_fault.hpp"

namespace paemu::jit {
namespace {

constexpr u32 kDone = 0, kRefused = 1;

// --- Descriptors.

// From memory that is at hand.
template <class T>
bool read(const Cpu& c, u32 linear, T& out) {
  const u8* const host = c.mmu.host_pointer(linear, sizeof(T), Access::kRead, Privilege::kSupervisor);
  if (host == nullptr) return false;
  std::memcpy(&out, host, sizeof(T));
  return true;
}

bool read(const Cpu& c, u16 selector, Descriptor& d) {
  u32 linear;
  u64 raw;
  if (null_selector(selector) || !descriptor_address(c, selector, linear) || !read(c, linear, raw)) return false;
  d = Descriptor{static_cast<u32>(raw), static_cast<u32>(raw >> 32)};
  return true;
}

// The bits of a descriptor's high dword that the modes that are translated need to be alike (SDM 3A, figure 3-8).
namespace bits {
constexpr u32 kAccessed = 1u << 8, kReadableOrWritable = 1u << 9, kConformingOrExpandDown = 1u << 10, kCode = 1u << 11,
              kNotSystem = 1u << 12, kDplShift = 13, kPresent = 1u << 15, kLimit = 0xfu << 16, kBig = 1u << 22,
              kGranularity = 1u << 23, kBase = 0xff0000ff;
constexpr u32 kKind = kAccessed | kReadableOrWritable | kConformingOrExpandDown | kCode | kNotSystem | kPresent;
constexpr u32 kFlat = kLimit | kBig | kGranularity | kBase;
}  // namespace bits

// 4 GiB from 0, present, accessed; writable data, or readable code that does not conform.
bool flat_data(const Descriptor& d, u32 dpl) {
  constexpr u32 kWanted = bits::kAccessed | bits::kReadableOrWritable | bits::kNotSystem | bits::kPresent |
                          bits::kLimit | bits::kBig | bits::kGranularity;
  return d.low == 0xffff && (d.high & (bits::kKind | bits::kFlat)) == kWanted && d.dpl() == dpl;
}
bool flat_code(const Descriptor& d, u32 dpl) {
  constexpr u32 kWanted = bits::kCode | bits::kAccessed | bits::kReadableOrWritable | bits::kNotSystem |
                          bits::kPresent | bits::kLimit | bits::kBig | bits::kGranularity;
  return d.low == 0xffff && (d.high & (bits::kKind | bits::kFlat)) == kWanted && d.dpl() == dpl;
}

// SDM 2B, MOV: loading DS, ES, FS, GS. With NULL or a data segment; DS and ES stay flat.
u32 load_segment(Cpu& c, Context&, u32 a, u32 which) {
  const u16 selector = static_cast<u16>(a);
  Segment next{selector, 0, 0, 0};
  if (!null_selector(selector)) {
    constexpr u32 kData = bits::kAccessed | bits::kNotSystem | bits::kPresent;
    Descriptor d;
    if (!read(c, selector, d) || (d.high & (kData | bits::kCode)) != kData) return kRefused;
    if (rpl_of(selector) > d.dpl() || c.cpl > d.dpl()) return kRefused;
    if (which < isa::kFs && !flat_data(d, d.dpl())) return kRefused;
    next = d.segment(selector);
  } else if (which < isa::kFs) {
    return kRefused;
  }
  c.state.segment[which] = next;
  c.update_window(which);
  return kDone;
}

// SDM 2B, VERW.
u32 verify_write(Cpu& c, Context& x, u32 a, u32) {
  const u16 selector = static_cast<u16>(a);
  Descriptor d;
  if (!read(c, selector, d)) return kRefused;
  const bool writable = d.data() && d.writable() && rpl_of(selector) <= d.dpl() && c.cpl <= d.dpl();
  x.went.flags = writable ? eflag::kZero : 0;
  return kDone;
}

// --- Flags.

// Writes EFLAGS but for the arithmetic flags, if that is noticed by nobody.
bool write_flags(Cpu& c, u32 value) {
  constexpr u32 kQuiet = eflag::kInterrupt | eflag::kDirection | eflag::kIopl | eflag::kNestedTask | eflag::kId;
  const u32 old = c.state.eflags;
  if ((old ^ value) & ~(kQuiet | eflag::kArithmetic)) return false;
  c.state.eflags = value;
  if (!(value & ~old & eflag::kInterrupt) || !event_waiting(c)) return true;
  c.state.eflags = old;
  return false;
}

// Interrupts wait for the instruction after it (Shadow::kInterrupts). Where none is there, and the next block surely
// runs before anybody looks, that is as good as over.
u32 enable_interrupts(Cpu& c, Context& x, u32, u32) {
  if (c.cpl > c.iopl() || x.left < static_cast<i32>(BlockCache::kMaxInstructions)) return kRefused;
  return write_flags(c, c.state.eflags | eflag::kInterrupt) ? kDone : kRefused;
}

// SDM 2B, POPF, of 32 bits.
u32 pop_flags(Cpu& c, Context&, u32 image, u32) {
  u32 mask = eflag::kTrap | eflag::kDirection | eflag::kNestedTask | eflag::kAlignmentCheck | eflag::kId;
  if (c.cpl <= c.iopl()) mask |= eflag::kInterrupt;
  if (c.cpl == 0) mask |= eflag::kIopl;
  return write_flags(c, (c.state.eflags & ~mask) | (image & mask)) ? kDone : kRefused;
}

// --- Page tables.

u32 write_cr3(Cpu& c, Context& x, u32 value, u32 remaining) {
  const u64 now = x.end - static_cast<u64>(x.left) - remaining;
  if (c.cpl != 0 || !load_cr3(c, value, now)) return kRefused;
  if (x.windows) use_window(c.mmu.window_base());
  return kDone;
}

u32 flush_page(Cpu& c, Context&, u32 linear, u32) {
  if (c.cpl != 0) return kRefused;
  c.mmu.flush_page(linear);
  return kDone;
}

// --- To another privilege and back.

void set_mode(Cpu& c, u32 cpl) {
  c.cpl = static_cast<u8>(cpl);
  c.mode_key = static_cast<u8>(kFastMode | mode::kProtected | (cpl == 3 ? mode::kUser : 0));
}

// May a segment register be kept in ring 3 (SDM 2A, IRET)?
bool for_ring3(const Segment& s) {
  using namespace segment_attribute;
  constexpr u16 kShared = kCode | kConforming, kRing3 = 3u << kDplShift;
  return (s.attributes & kShared) == kShared || (s.attributes & kRing3) == kRing3;
}

// SDM 2A, IRET: from ring 0 to itself or to ring 3.
u32 interrupt_return(Cpu& c, Context& x, u32 esp, u32) {
  CpuState& s = c.state;
  struct {
    u32 eip, cs, eflags, esp, ss;
  } frame;
  constexpr u32 kOfSameLevel = 3 * sizeof(u32);
  if (c.cpl != 0 || s.nmi_pending || (s.eflags & eflag::kNestedTask)) return kRefused;
  if (!read(c, esp, frame.eip) || !read(c, esp + 4, frame.cs) || !read(c, esp + 8, frame.eflags)) return kRefused;
  const u16 cs = static_cast<u16>(frame.cs);
  const u32 rpl = rpl_of(cs);
  Descriptor code, outer;
  if ((rpl != 0 && rpl != 3) || !read(c, cs, code) || !flat_code(code, rpl)) return kRefused;
  x.went = {esp + kOfSameLevel, frame.eip, frame.eflags};
  u16 ss = 0;
  if (rpl == 3) {
    if (!read(c, esp + kOfSameLevel, frame.esp) || !read(c, esp + kOfSameLevel + 4, frame.ss)) return kRefused;
    ss = static_cast<u16>(frame.ss);
    if (rpl_of(ss) != 3 || !read(c, ss, outer) || !flat_data(outer, 3)) return kRefused;
    if (!for_ring3(s.segment[isa::kDs]) || !for_ring3(s.segment[isa::kEs])) return kRefused;  // flat no more
    x.went.esp = frame.esp;
  }
  // RF holds for one instruction (SDM 3B, 17.3.1.1). Without breakpoints that is to say that an exception of the next
  // one saves it set, as faults do in any case: it may go at once, if that instruction surely runs before anybody
  // looks.
  constexpr u32 kMask = eflag::kTrap | eflag::kDirection | eflag::kNestedTask | eflag::kAlignmentCheck | eflag::kId |
                        eflag::kInterrupt | eflag::kIopl | eflag::kVirtualInterrupt | eflag::kVirtualInterruptPending |
                        eflag::kVirtual8086;
  if ((frame.eflags & eflag::kResume) && x.left < static_cast<i32>(BlockCache::kMaxInstructions)) return kRefused;
  if (!write_flags(c, (s.eflags & ~kMask) | (frame.eflags & kMask))) return kRefused;
  s.nmi_blocked = false;
  s.segment[isa::kCs] = code.segment(cs);
  if (rpl == 0) return kDone;
  s.segment[isa::kSs] = outer.segment(ss);
  for (const u32 n : {isa::kFs, isa::kGs}) {
    if (for_ring3(s.segment[n])) continue;
    s.segment[n] = Segment{};
    c.update_window(n);
  }
  set_mode(c, 3);
  return kDone;
}

// SDM 2A, INT n; SDM 3A, 6.12.1: through a gate of 32 bits to ring 0.
u32 interrupt(Cpu& c, Context& x, u32 vector, u32 flags) {
  CpuState& s = c.state;
  u64 raw;
  if (vector * 8 + 7 > s.idtr.limit || !read(c, s.idtr.base + vector * 8, raw)) return kRefused;
  const Descriptor gate{static_cast<u32>(raw), static_cast<u32>(raw >> 32)};
  const bool clears_if = gate.type() == system_type::kInterruptGate32;
  if (!gate.system() || !(clears_if || gate.type() == system_type::kTrapGate32)) return kRefused;
  if (gate.dpl() < c.cpl || !gate.present() || (c.cpl != 0 && c.cpl != 3) || s.monitor_armed) return kRefused;
  Descriptor code, stack;
  if (!read(c, gate.gate_selector(), code) || !flat_code(code, 0)) return kRefused;

  u32 frame[5] = {x.went.eip, s.segment[isa::kCs].selector, s.eflags & ~eflag::kArithmetic, x.went.esp,
                  s.segment[isa::kSs].selector};
  frame[2] |= flags & eflag::kArithmetic;
  u32 esp = x.went.esp, size = 3 * sizeof(u32);
  u16 ss = s.segment[isa::kSs].selector;
  if (c.cpl == 3) {
    constexpr u32 kRing0Stack = 4;  // in a TSS of 32 bits (SDM 3A, figure 7-2)
    if (!(s.tr.attributes & 8) || s.tr.limit < kRing0Stack + 7) return kRefused;
    if (!read(c, s.tr.base + kRing0Stack, esp) || !read(c, s.tr.base + kRing0Stack + 4, ss)) return kRefused;
    if (rpl_of(ss) != 0 || !read(c, ss, stack) || !flat_data(stack, 0)) return kRefused;
    size = sizeof frame;
  }
  u8* to[std::size(frame)];  // the stack may lie across pages
  const u32 words = size / sizeof(u32);
  for (u32 n = 0; n < words; ++n) {
    to[n] = c.mmu.host_pointer(esp - size + n * sizeof(u32), sizeof(u32), Access::kWrite, Privilege::kSupervisor);
    if (to[n] == nullptr) return kRefused;
  }
  for (u32 n = 0; n < words; ++n) std::memcpy(to[n], &frame[n], sizeof(u32));
  if (c.cpl == 3) s.segment[isa::kSs] = stack.segment(ss);
  s.segment[isa::kCs] = code.segment(static_cast<u16>(gate.gate_selector() & ~3));
  s.eflags &= ~(eflag::kNestedTask | (clears_if ? eflag::kInterrupt : 0));
  set_mode(c, 0);
  x.went = {esp - size, gate.gate_offset(), 0};
  return kDone;
}

}  // namespace

const ShortcutRow kShortcuts[] = {
    {"load_segment", load_segment},
    {"enable_interrupts", enable_interrupts},
    {"pop_flags", pop_flags},
    {"verify_write", verify_write},
    {"write_cr3", write_cr3},
    {"flush_page", flush_page},
    {"interrupt_return", interrupt_return},
    {"interrupt", interrupt},
};

}  // namespace paemu::jit
