// libFuzzer's mutations for a scene, and one of our own: an instruction, made from a random row of the table, put into
// the code. Random bytes alone seldom have a mandatory prefix and a group's digit right.
#include <algorithm>
#include <cstring>

#include "isa/table.hpp"
#include "scene.hpp"

extern "C" size_t LLVMFuzzerMutate(paemu::u8* data, size_t size, size_t max_size);

namespace {

using namespace paemu;

struct Random {
  u32 state;
  u32 operator()() { return (state = state * 1664525 + 1013904223) >> 8; }
};

// Writes an encoding of `row` with a random rest -> its length. The operands' bytes may be too many: then they are
// code.
usize encode(const isa::Row& row, Random& random, u8 out[16]) {
  u8* to = out;
  static constexpr u8 kPrefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x64};
  if (random() % 4 == 0) *to++ = kPrefixes[random() % std::size(kPrefixes)];
  if (row.prefix == isa::Prefix::k66) *to++ = 0x66;
  if (row.prefix == isa::Prefix::kF3) *to++ = 0xf3;
  if (row.prefix == isa::Prefix::kF2) *to++ = 0xf2;
  if (row.map == isa::Map::k0F) *to++ = 0x0f;
  u32 opcode = row.opcode;
  if (row.attributes & isa::attribute::kByRegister) opcode |= random() & 7;
  if (row.attributes & isa::attribute::kByCondition) opcode |= random() & 15;
  *to++ = static_cast<u8>(opcode);
  if (row.modrm.present) {
    u32 mod = random() & 3, reg = random() & 7, rm = random() & 7;
    if (row.modrm.mod == isa::Modrm::Mod::kRegister) mod = 3;
    if (row.modrm.mod == isa::Modrm::Mod::kMemory) mod %= 3;
    if (row.modrm.reg != isa::Modrm::kFree) reg = row.modrm.reg;
    if (row.modrm.rm != isa::Modrm::kFree) rm = row.modrm.rm;
    *to++ = static_cast<u8>((mod << 6) | (reg << 3) | rm);
  }
  for (u32 left = random() % 6; left > 0; --left) *to++ = static_cast<u8>(random());
  return static_cast<usize>(to - out);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t max_size, unsigned seed) {
  Random random{seed};
  if (random() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  if (size < fuzz::kHeader && max_size >= fuzz::kHeader) {
    for (; size < fuzz::kHeader; ++size) data[size] = static_cast<u8>(random());
  }
  for (u32 count = 1 + random() % 8; count > 0; --count) {
    u8 bytes[16];
    const auto rows = isa::rows();
    const usize length = encode(rows[random() % rows.size()], random, bytes);
    const bool insert = random() % 2 == 0;
    const usize at = fuzz::kHeader + random() % (size - fuzz::kHeader + 1);
    const usize grown = insert ? size + length : std::max(size, at + length);
    if (size < fuzz::kHeader || grown > max_size) continue;
    if (insert) std::memmove(data + at + length, data + at, size - at);
    std::memcpy(data + at, bytes, length);
    size = grown;
  }
  return size;
}
