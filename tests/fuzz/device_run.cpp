// An input is a list of steps, a byte for what and more for how. Beside single accesses there are steps that set up
// what takes many of them to get right: a virtqueue, a firmware request.
#include <algorithm>

#include "device_steps.hpp"

namespace paemu::fuzz {
namespace {

constexpr u32 kMostSteps = 300;

// An address within one of the windows, or anywhere.
u64 address_in(const std::vector<Window>& windows, FuzzInput& in) {
  const u32 which = in.byte();
  if (which == 0xff || windows.empty()) return in.dword();
  const Window& w = windows[which % windows.size()];
  return w.base + in.word() % w.size;
}

u64 value_of(FuzzInput& in, u32 size) {
  const u64 low = size == 1 ? in.byte() : size == 2 ? in.word() : in.dword();
  return size == 8 ? low | u64{in.dword()} << 32 : low;
}

void arrive(DeviceBoard& board, FuzzInput& in) {
  Pc& pc = board.pc();
  const u8 byte = in.byte();
  switch (in.below(10)) {
    case 0: pc.receive_serial(in.below(20), {&byte, 1}); break;
    case 1: pc.press_keys({&byte, 1}); break;
    case 2: pc.press_power_button(); break;
    case 3: {
      const DimmSpec spec{
          .id = "d", .memdev = "m", .slot = in.below(2), .base = GuestPhys{kHotDimm}, .size = 128 * kMiB};
      (void)pc.insert_dimm(spec).ok();
      break;
    }
    case 4: (void)pc.request_eject("d").ok(); break;
    case 5: (void)pc.pull_dimm("d").ok(); break;
    case 6: pc.move_mouse(static_cast<i8>(byte), in.byte() * 5, static_cast<i8>(in.byte()), in.byte()); break;
    case 7: {  // somebody looks at the screen
      Picture picture;
      pc.picture(picture);
      break;
    }
    case 8: pc.raise_nmi(); break;
    case 9: board.spoil(byte, in.word()); break;
  }
}

void step(DeviceBoard& board, FuzzInput& in) {
  switch (in.below(12)) {
    case 0:
    case 1: {  // a port
      const u8 how = in.byte();
      const u32 size = 1u << (how & 3) % 3;
      const u64 address = address_in(board.ports(), in);
      board.access(false, (how & 4) != 0, address, size, (how & 4) != 0 ? value_of(in, size) : 0);
      break;
    }
    case 2: {  // several values to one port, or values from it: command sequences
      const u64 address = address_in(board.ports(), in);
      const u8 how = in.byte();
      for (u32 n = 0; n <= (how & 15u); ++n) board.access(false, (how & 16) != 0, address, 1, in.byte());
      break;
    }
    case 3:
    case 4: {  // memory
      const u8 how = in.byte();
      const u32 size = 1u << (how & 3);
      const u64 address = address_in(board.memory(), in);
      board.access(true, (how & 4) != 0, address, size, (how & 4) != 0 ? value_of(in, size) : 0);
      break;
    }
    case 5: {  // configuration
      const auto& functions = board.functions();
      const DeviceBoard::Function& f = functions[in.byte() % functions.size()];
      const u32 offset = in.byte();
      board.config_write(f.address, offset, 1, in.byte());
      board.config_read(f.address, offset & 0xfc, 4);
      break;
    }
    case 6: board.put(kArena + in.word() % kArenaSize, value_of(in, 8), 8); break;
    case 7: board.pass(u64{1} << in.below(30)); break;
    case 8: arrive(board, in); break;
    case 9: scripted(board, in); break;
    default: chip_step(board, in); break;
  }
}

void steps(DeviceBoard& board, FuzzInput& in, u32 most) {
  for (u32 n = 0; n < most && !board.stopped() && !in.ended(); ++n) step(board, in);
}

}  // namespace

void run_devices(std::span<const u8> bytes) {
  DeviceBoard board;
  FuzzInput in(bytes);
  const u32 before = in.byte();
  if (before >= 64) return steps(board, in, kMostSteps), board.pass(10'000'000);
  // A fourth of the inputs go on with a copy after some steps.
  steps(board, in, before);
  board.pass(10'000'000);
  DeviceBoard twin;
  if (!board.copy_to(twin)) return;
  for (DeviceBoard* b : {&board, &twin}) {
    FuzzInput mine = in;
    steps(*b, mine, kMostSteps);
    b->pass(10'000'000);
  }
  board.require_same(twin);
}

}  // namespace paemu::fuzz
