// What entry.S offers to C++, and the services themselves: the functions that the vectors lead to.
#pragma once

#include <cstddef>

#include "bios/runtime.hpp"
#include "services/entry_constants.h"
#include "services/far.hpp"
#include "services/frame.hpp"

namespace services {

static_assert(SEGMENT == firmware::kServicesSegment && FRAME_SIZE == sizeof(Frame));
static_assert(FRAME_HANDLER == offsetof(Frame, handler));

// For call_interrupt.
struct CallRegisters {
  Register a, b, c, d;
  u32 si, di;
  u16 es, flags;
  bool carry() const { return flags & 1; }
};
static_assert(CALL_DX == offsetof(CallRegisters, d) && CALL_ES == offsetof(CallRegisters, es) &&
              CALL_FLAGS == offsetof(CallRegisters, flags));

extern "C" {
void call_interrupt(u32 vector, CallRegisters& registers);
void call_mouse_handler(u32 status, u32 x, u32 y, u32 handler);
[[noreturn]] void start_boot_sector(u32 segment_and_offset, u32 drive);
[[noreturn]] void idle();
u32 run_flat_copy(u32 to, u32 from, u32 words);

extern u32 stacks_used;

void post_call(Frame& f);
void int02(Frame& f);
void int05(Frame& f);
void int08(Frame& f);
void int09(Frame& f);
void int0e(Frame& f);
void int10(Frame& f);
void int11(Frame& f);
void int12(Frame& f);
void int13(Frame& f);
void int14(Frame& f);
void int15(Frame& f);
void int16(Frame& f);
void int17(Frame& f);
void int18(Frame& f);
void int19(Frame& f);
void int1a(Frame& f);
void int40(Frame& f);
void int70(Frame& f);
void int74(Frame& f);
void int76(Frame& f);
void unexpected_irq(Frame& f);
}

// What POST found out; the first thing in the services' segment.
extern firmware::Runtime runtime;

}  // namespace services
