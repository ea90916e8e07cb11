// Steps of the device fuzzer that set up structures in memory and hand them to a device: right in most parts, so that
// it goes on, and wrong where the input says so.
#pragma once

#include "device_board.hpp"
#include "fuzz_input.hpp"

namespace paemu::fuzz {

// Where structures and buffers are; and a DIMM that comes and goes.
inline constexpr u64 kArena = 0x100000, kArenaSize = 0x10000, kBuffers = 0x200000, kHotDimm = 0x100000000;

// One input: a board of its own, and what is done to it.
void run_devices(std::span<const u8> bytes);

void scripted(DeviceBoard& board, FuzzInput& in);
void chip_step(DeviceBoard& board, FuzzInput& in);

// An address for DMA: mostly a buffer, else what is no RAM or at an edge of it.
u64 dma_address(FuzzInput& in);
u32 dma_size(FuzzInput& in);

}  // namespace paemu::fuzz
