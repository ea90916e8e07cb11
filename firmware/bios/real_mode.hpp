// Calls into real mode: the interrupt services, and option ROMs.
#pragma once

#include "bios/runtime.hpp"

namespace firmware {

// Registers before and after; in the order of start.S. Must be on the stack, which is below 64 KiB.
struct RealCall {
  u32 edi = 0, esi = 0, ebp = 0, unused_esp = 0, ebx = 0, edx = 0, ecx = 0, eax = 0;
  u16 es = 0, ds = 0;
  u16 flags = 0;
  bool carry() const { return flags & 1; }
  bool zero() const { return flags & 0x40; }
};

void call_far(u16 segment, u16 offset, RealCall& registers);
void call_interrupt(u32 vector, RealCall& registers);
void call_services(PostCall what);

// What POST and the services share.
Runtime& runtime();

}  // namespace firmware
