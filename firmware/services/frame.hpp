// Frame: the caller's registers, as entry.S saved them; what a service writes there the caller gets.
#pragma once

#include "base/types.hpp"

namespace services {
using namespace base;

union Register {
  u32 e;
  u16 x;
  struct {
    u8 l, h;
  };
};

struct [[gnu::packed]] Frame {
  u16 gs, fs, es, ds;
  u32 edi, esi, ebp, unused_esp;
  Register b, d, c, a;
  u32 handler;
  u16 ip, cs, flags;

  u16 si() const { return static_cast<u16>(esi); }
  u16 di() const { return static_cast<u16>(edi); }
  u16 bp() const { return static_cast<u16>(ebp); }
  void set_si(u16 value) { esi = (esi & 0xffff0000) | value; }
  void set_di(u16 value) { edi = (edi & 0xffff0000) | value; }

  void set_carry(bool on) { set(0x0001, on); }
  void set_zero(bool on) { set(0x0040, on); }

  // Most services: AH and the carry say how it went.
  void succeed() { a.h = 0, set_carry(false); }
  void fail(u8 status) { a.h = status, set_carry(true); }

 private:
  void set(u16 bit, bool on) { flags = static_cast<u16>(on ? flags | bit : flags & ~bit); }
};
static_assert(sizeof(Frame) == 50);

}  // namespace services
