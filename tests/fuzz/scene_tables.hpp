// The tables of a scene: descriptors, gates, task states, page tables, and handlers that go on after what faulted.
#pragma once

#include <vector>

#include "cpu/state.hpp"
#include "fuzz_input.hpp"

namespace paemu::fuzz {

// In the GDT. 0, 1, 2, 3 in a name: the DPL.
namespace selector {
inline constexpr u16 kCode0 = 0x08, kData0 = 0x10, kCode16 = 0x18, kData16 = 0x20, kCode3 = 0x28, kData3 = 0x30,
                     kTss = 0x38, kOtherTss = 0x40, kTss16 = 0x48, kLdt = 0x50, kCode1 = 0x58, kData1 = 0x60,
                     kCode2 = 0x68, kData2 = 0x70, kCallGate = 0x78, kCallGate16 = 0x80, kTaskGate = 0x88;
}

// Fills `memory` below place::kCode, the handlers and the page tables.
void write_tables(std::vector<u8>& memory, FuzzInput& in);

// The segment register that loading `selector` from the GDT gives.
Segment descriptor_in(const std::vector<u8>& memory, u16 selector);

// Exchanges some rights of one of the page-table entries that map the first 2 MiB.
void alter_page_entry(std::vector<u8>& memory, u16 which, u8 rights);

}  // namespace paemu::fuzz
