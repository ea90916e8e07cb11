// A machine with nothing but RAM and a processor in flat 32-bit protected mode at CPL 0, without paging: for tests and
// benchmarks of the engine.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "interp/interpreter.hpp"

namespace paemu::testing {

class ListLog final : public Log {
 public:
  void line(std::string_view text) override { lines.emplace_back(text); }
  void once(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class FlatMachine {
 public:
  static constexpr u32 kCode = 0x100000;
  static constexpr u32 kStack = 0x80000;

  explicit FlatMachine(u64 ram = 16 * kMiB) {
    DimmSpec spec;
    spec.id = "boot0";
    spec.socket = Socket::Boot;
    spec.size = ram;
    if (!memory.insert(spec).ok()) __builtin_trap();
    for (Segment& s : cpu.state.segment) s = Segment{0x10, 0xc093, 0, 0xffffffff};
    cpu.state.segment[isa::kCs] = Segment{0x08, 0xc09b, 0, 0xffffffff};
    cpu.state.cr0 = cr0::kProtection | cr0::kExtensionType;
    cpu.state.eip = kCode;
    cpu.state.gpr[isa::kEsp] = kStack;
    cpu.adopt();
  }

  void load(u32 address, std::span<const u8> bytes) { memory.write(GuestPhys{address}, bytes); }
  void code(std::initializer_list<u8> bytes) { load(kCode, std::span<const u8>(bytes.begin(), bytes.size())); }
  u32 dword(u32 address) const {
    u8 b[4];
    memory.read(GuestPhys{address}, b);
    return b[0] | b[1] << 8 | b[2] << 16 | static_cast<u32>(b[3]) << 24;
  }
  u32& gpr(u32 n) { return cpu.state.gpr[n]; }

  VirtualClock clock;
  EventQueue events;
  PortBus ports;
  MmioBus mmio;
  PhysicalMemory memory{36};
  ListLog log;
  Cpu cpu{CpuWiring{clock, events, ports, mmio, memory, log}};
  Interpreter interpreter{cpu};
};

}  // namespace paemu::testing
