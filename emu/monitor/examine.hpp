// The monitor's view into memory: formats as gdb and QEMU have them, expressions, dumps and disassembly.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "board/machine.hpp"

namespace paemu::monitor {

// The guest as one of its processors sees it.
struct View {
  const Machine& machine;
  u32 processor;
};

struct Format {
  u32 count = 1;
  char kind = 'x';  // x hexadecimal, d signed, u unsigned, o octal, c character, i instruction
  u32 size = 4;     // bytes of a unit: 1, 2, 4 or 8; of no meaning for i
};

inline constexpr u32 kMaxUnits = 4096;

// "/8xw", "/4i". Errors: a letter that means nothing, a count of 0 or beyond kMaxUnits.
base::Or<Format> parse_format(std::string_view text);

// Numbers, $registers, + and -, left to right: "$esp+8", "0xfec00000". Errors: anything else.
base::Or<u64> evaluate(const View& view, std::string_view text);

enum class Space : u8 { Linear, Physical };

// Lines of memory. Errors: the first byte can't be read. Stops with a word where reading stops.
base::Or<std::string> show_memory(const View& view, Space space, u64 address, Format format);

}  // namespace paemu::monitor
