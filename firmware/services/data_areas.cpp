// The interrupt vectors and the BIOS data area as they are at power-on, and what POST may ask for.
#include "services/bda.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/keyboard.hpp"
#include "services/ports.hpp"

namespace services {

[[gnu::section(".runtime")]] firmware::Runtime runtime;

namespace {

using firmware::kEbdaSegment;

constexpr u16 kFixed = 0xf000;
constexpr u16 kReturn = 0xff53, kUnexpectedIrq = 0xff23;

struct Vector {
  u8 number;
  u16 offset;  // in segment F000, see fixed.S
};
constexpr Vector kVectors[] = {
    {0x02, 0xe2c3}, {0x05, 0xff54}, {0x08, 0xfea5}, {0x09, 0xe987}, {0x0e, 0xef57}, {0x10, 0xf065},
    {0x11, 0xf84d}, {0x12, 0xf841}, {0x13, 0xe3fe}, {0x14, 0xe739}, {0x15, 0xf859}, {0x16, 0xe82e},
    {0x17, 0xefd2}, {0x18, 0xf900}, {0x19, 0xe6f2}, {0x1a, 0xfe6e}, {0x1d, 0xf0a4}, {0x1e, 0xefc7},
    {0x40, 0xec59}, {0x70, 0xf910}, {0x74, 0xf920}, {0x76, 0xf930},
};

void set_vector(u32 number, u16 segment, u16 offset) {
  far_write32(0, static_cast<u16>(4 * number), static_cast<u32>(segment) << 16 | offset);
}

void set_vectors() {
  for (u32 i = 0; i < 256; ++i) set_vector(i, kFixed, kReturn);
  for (u32 i = 0x08; i < 0x10; ++i) set_vector(i, kFixed, kUnexpectedIrq);
  for (u32 i = 0x70; i < 0x78; ++i) set_vector(i, kFixed, kUnexpectedIrq);
  for (const Vector& v : kVectors) set_vector(v.number, kFixed, v.offset);
  // What is left to programs, and pointers to tables that are not there.
  for (u32 i = 0x60; i < 0x68; ++i) set_vector(i, 0, 0);
  constexpr u8 kTables[] = {0x1f, 0x43, 0x41, 0x46};
  for (u8 vector : kTables) set_vector(vector, 0, 0);
}

bool has_uart(u16 port) {
  out8(port + 1, 0x02);  // only a UART keeps the bits of its interrupt enable register, and no others
  const bool kept = in8(port + 1) == 0x02;
  out8(port + 1, 0x00);
  return kept && in8(port + 1) == 0x00;
}

void set_data_area() {
  for (u16 at = 0; at < 0x100; at += 4) set_bda32(at, 0);
  for (u16 at = 0; at < 1024; at += 4) far_write32(kEbdaSegment, at, 0);
  far_write8(kEbdaSegment, 0, 1);  // its size in KiB
  set_bda16(bda::kEbdaSegment, kEbdaSegment);
  set_bda16(bda::kMemoryKib, kEbdaSegment >> 6);
  u16 equipment = 0x0002;  // a coprocessor
  u16 ports = 0;
  constexpr u16 kUarts[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
  for (u16 port : kUarts) {
    if (!has_uart(port)) continue;
    set_bda16(static_cast<u16>(bda::kComPorts + 2 * ports++), port);
  }
  equipment = static_cast<u16>(equipment | ports << 9);
  set_bda16(bda::kEquipment, equipment);
  for (u16 i = 0; i < 4; ++i) {
    set_bda8(static_cast<u16>(bda::kLptTimeouts + i), 0x14);
    set_bda8(static_cast<u16>(bda::kComTimeouts + i), 0x0a);
  }
}

}  // namespace

// POST calls this at kPostEntry, as an interrupt; AL: a PostCall.
extern "C" void post_call(Frame& f) {
  switch (static_cast<firmware::PostCall>(f.a.l)) {
    case firmware::PostCall::DataAreas:
      set_vectors();
      set_data_area();
      break;
    case firmware::PostCall::Keyboard: init_keyboard(); break;
    case firmware::PostCall::Drives: find_drives(); break;
    case firmware::PostCall::Sleep: wait_for_interrupt(); break;
  }
}

extern "C" void int02(Frame&) {}  // nothing here raises NMI by itself

// Print screen: there is no printer, and 0050:0000 says that it failed.
extern "C" void int05(Frame&) { far_write8(0x50, 0, 0xff); }

extern "C" void int11(Frame& f) { f.a.x = bda16(bda::kEquipment); }

extern "C" void int12(Frame& f) { f.a.x = bda16(bda::kMemoryKib); }

// No printer.
extern "C" void int17(Frame& f) { f.a.h = 0x09; }  // not selected, time-out

// An interrupt that nobody has taken the vector of: masked, as the PC AT did, so that it can't repeat for ever.
extern "C" void unexpected_irq(Frame&) {
  out8(0xa0, 0x0b);  // OCW3: read the in-service register
  out8(0x20, 0x0b);
  const u8 second = in8(0xa0), first = in8(0x20);
  if (second != 0 && (first & 0x04)) {
    out8(0xa1, static_cast<u8>(in8(0xa1) | second));
    out8(0xa0, 0x20);
  } else if (first != 0) {
    out8(0x21, static_cast<u8>(in8(0x21) | (first & ~0x04)));
  }
  if (first != 0) out8(0x20, 0x20);
}

}  // namespace services
