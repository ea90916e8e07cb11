#include "isa/table.hpp"

namespace paemu::isa {
namespace {

// EFLAGS bits by the letters of the table's flags column.
consteval u32 flag_bit(char letter) {
  switch (letter) {
    case 'c': return 1u << 0;
    case 'p': return 1u << 2;
    case 'a': return 1u << 4;
    case 'z': return 1u << 6;
    case 's': return 1u << 7;
    case 't': return 1u << 8;
    case 'i': return 1u << 9;
    case 'd': return 1u << 10;
    case 'o': return 1u << 11;
    case 'l': return 3u << 12;
    case 'n': return 1u << 14;
    case 'v': return 1u << 17;
    default: throw "unknown flag letter in the instruction table";
  }
}

// The flags after "r:", "w:" or "u:" in a flags column such as "r:c w:oszp u:a".
consteval u32 flags_of(const char* column, char which) {
  u32 flags = 0;
  char group = 0;
  for (const char* p = column; *p != 0; ++p) {
    if (*p == ' ') continue;
    if (p[1] == ':') {
      group = *p++;
      continue;
    }
    if (group == which) flags |= flag_bit(*p);
  }
  return flags;
}

using enum Map;
using enum Prefix;
using enum Operand;
using namespace attribute;

template <class... Bits>
constexpr u16 attributes_of(Bits... bits) {
  return static_cast<u16>((0u | ... | bits));
}

// clang-format off
#define OPS(...) {__VA_ARGS__}
#define A(...) attributes_of(__VA_ARGS__)
#define ROW(map, opcode, prefix, modrm, mnemonic, operands, flags, attributes, semantic)                          \
  Row{#mnemonic, map, opcode, prefix, modrm, operands, flags_of(flags, 'r'), flags_of(flags, 'w'),                \
      flags_of(flags, 'u'), attributes},
constexpr Row kRows[] = {
#include "isa/x86.inc"
};
// clang-format on
#undef ROW
#undef A
#undef OPS

}  // namespace

std::span<const Row> rows() { return kRows; }

}  // namespace paemu::isa
