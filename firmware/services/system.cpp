// INT 15h: memory, A20, waiting, configuration; the mouse is in mouse.cpp.
#include "services/bda.hpp"
#include "services/clock.hpp"
#include "services/entry.hpp"
#include "services/mouse.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u8 kUnsupported = 0x86;
constexpr u32 kExtended = 0x100000;

// --- A20, by port 92.

bool a20_open() { return in8(0x92) & 0x02; }
void set_a20(bool open) { out8(0x92, static_cast<u8>((in8(0x92) & 0xfc) | (open ? 0x02 : 0))); }

void a20_service(Frame& f) {
  switch (f.a.l) {
    case 0x00: set_a20(false); return f.succeed();
    case 0x01: set_a20(true); return f.succeed();
    case 0x02: f.a.l = a20_open() ? 1 : 0; return f.succeed();
    case 0x03: f.b.x = 0x0003; return f.succeed();  // by the keyboard controller and by port 92
    default: return f.fail(kUnsupported);
  }
}

// --- Memory sizes. KiB of RAM from 1 MiB without a gap, below 4 GiB.

u32 extended_kib() {
  for (u32 i = 0; i < runtime.map_count; ++i) {
    const firmware::MapEntry& e = runtime.map[i];
    if (e.type == 1 && e.base == kExtended) return e.size >> 32 != 0 ? ~0u >> 10 : static_cast<u32>(e.size) >> 10;
  }
  return 0;
}

void memory_map(Frame& f) {
  constexpr u32 kSmap = 0x534d4150, kShort = 20, kLong = 24;
  if (f.d.e != kSmap || f.c.e < kShort || f.b.e >= runtime.map_count) return f.fail(kUnsupported);
  copy_to_far({f.es, f.di()}, &runtime.map[f.b.e], kShort);
  const bool attributes = f.c.e >= kLong && (f.di() & 0xffff) <= 0xffe8;
  if (attributes) {
    const u32 enabled = 1;  // ACPI 3.0's extended attributes
    copy_to_far({f.es, static_cast<u16>(f.di() + kShort)}, &enabled, sizeof(enabled));
  }
  f.a.e = kSmap;
  f.c.e = kShort;
  f.b.e = f.b.e + 1 == runtime.map_count ? 0 : f.b.e + 1;
  f.set_carry(false);
}

// KiB from 1 to 16 MiB, and blocks of 64 KiB above.
void memory_sizes(Frame& f, bool wide) {
  constexpr u32 kBelow16 = 15 * 1024;
  const u32 all = extended_kib();
  const u32 low = all < kBelow16 ? all : kBelow16;
  const u32 high = all > kBelow16 ? (all - kBelow16) >> 6 : 0;
  if (wide) {
    f.a.e = f.c.e = low;
    f.b.e = f.d.e = high;
  } else {
    f.a.x = f.c.x = static_cast<u16>(low);
    f.b.x = f.d.x = static_cast<u16>(high);
  }
  f.set_carry(false);
}

// AH=87h: CX words, between what two descriptors of a table at ES:SI say (10h source, 18h destination).
void move_block(Frame& f) {
  constexpr u16 kSource = 0x10, kDestination = 0x18;
  const u16 words = f.c.x;
  if (words > 0x8000) return f.fail(0x02);
  auto base = [&](u16 descriptor) {
    const u16 at = static_cast<u16>(f.si() + descriptor);
    return (far_read32(f.es, static_cast<u16>(at + 2)) & 0xffffff) |
           static_cast<u32>(far_read8(f.es, static_cast<u16>(at + 7))) << 24;
  };
  const u32 from = base(kSource), to = base(kDestination);
  const bool open = a20_open();
  if (!open) set_a20(true);
  const bool failed = run_flat_copy(to, from, words) != 0;
  if (!open) set_a20(false);
  if (failed) return f.fail(0x03);
  f.succeed();
}

// AH=86h: CX:DX microseconds.
void wait(Frame& f) {
  const u32 us = static_cast<u32>(f.c.x) << 16 | f.d.x;
  if (bda8(bda::kWaitActive) != 0) return f.fail(0x83);
  enable_interrupts();
  constexpr u32 kPiece = 1'000'000;  // the timer wraps after 4.7 s
  u32 left = us;
  while (left > 0) {
    const u32 now = left < kPiece ? left : kPiece;
    left -= now;
    for (Deadline deadline = Deadline::after_us(now); !deadline.passed();) deadline.wait();
  }
  f.succeed();
}

// AH=83h: sets bit 7 of the byte at ES:BX after CX:DX microseconds; AL=1 gives up waiting.
void wait_event(Frame& f) {
  if (f.a.l == 1) {
    set_bda8(bda::kWaitActive, 0);
    stop_periodic();
    return f.succeed();
  }
  if (f.a.l != 0 || bda8(bda::kWaitActive) != 0) return f.fail(kUnsupported);
  set_bda16(bda::kWaitFlag, f.b.x);
  set_bda16(bda::kWaitFlag + 2, f.es);
  set_bda32(bda::kWaitMicroseconds, static_cast<u32>(f.c.x) << 16 | f.d.x);
  set_bda8(bda::kWaitActive, 1);
  start_periodic();
  f.succeed();
}

}  // namespace

extern "C" void int15(Frame& f) {
  switch (f.a.h) {
    case 0x24: return a20_service(f);
    case 0x4f: return f.set_carry(true);  // the key goes on to the buffer
    case 0x80:                            // open, close, terminate; SysRq; wait, post: for others to hook
    case 0x81:
    case 0x82:
    case 0x85:
    case 0x90:
    case 0x91: return f.succeed();
    case 0x83: return wait_event(f);
    case 0x86: return wait(f);
    case 0x87: return move_block(f);
    case 0x88: {
      const u32 kib = extended_kib();
      f.a.x = static_cast<u16>(kib < 0xfc00 ? kib : 0xfc00);  // 63 MiB: programs add the first one in 16 bits
      return f.set_carry(false);
    }
    case 0xc0:
      f.es = 0xf000, f.b.x = 0xe6f5;
      return f.succeed();
    case 0xc1:
      f.es = bda16(bda::kEbdaSegment);
      return f.set_carry(false);
    case 0xc2: return mouse_service(f);
    case 0xe8:
      if (f.a.l == 0x01) return memory_sizes(f, false);
      if (f.a.l == 0x81) return memory_sizes(f, true);
      if (f.a.l == 0x20) return memory_map(f);
      return f.fail(kUnsupported);
    default: return f.fail(kUnsupported);  // 53xx too: there is no APM
  }
}

}  // namespace services
