// What holds of every encoding by the manual's words alone: length, prefixes, LOCK (SDM 2, chapter 2).
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "isa/decoder.hpp"

using namespace base;
namespace isa = paemu::isa;
using isa::CodeSize;
using isa::DecodeStatus;
using isa::Insn;

namespace {

using Bytes = std::vector<u8>;

DecodeStatus decode(const Bytes& bytes, CodeSize size, Insn& out) {
  return isa::decode({bytes.data(), bytes.size()}, size, out);
}

std::string hex(const Bytes& bytes) {
  std::string s;
  for (const u8 b : bytes) {
    char two[4];
    std::snprintf(two, sizeof two, "%02x ", b);
    s += two;
  }
  return s;
}

bool same(const Insn& a, const Insn& b) {
  return a.row == b.row && a.flags == b.flags && a.immediate == b.immediate && a.displacement == b.displacement &&
         a.immediate2 == b.immediate2 && a.reg == b.reg && a.rm == b.rm && a.base == b.base && a.index == b.index &&
         a.scale == b.scale && a.segment == b.segment && a.opcode == b.opcode && a.modrm == b.modrm;
}

bool is_prefix(u8 byte) {
  static constexpr u8 kPrefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), byte) != std::end(kPrefixes);
}

Bytes join(const Bytes& prefixes, const Bytes& rest) {
  Bytes all;
  for (const u8 b : prefixes) all.push_back(b);
  for (const u8 b : rest) all.push_back(b);
  return all;
}

// Calls f(size, bytes) for every opcode of both maps with ModRM and SIB bytes of each shape, in code of either size.
template <class F>
void for_each_encoding(F&& f) {
  static const Bytes kTail = {0x25, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x08};
  for (const CodeSize size : {CodeSize::k16, CodeSize::k32}) {
    for (u32 map = 0; map < 2; ++map) {
      for (u32 opcode = 0; opcode < 256; ++opcode) {
        if (map == 0 && (is_prefix(static_cast<u8>(opcode)) || opcode == 0x0f)) continue;
        for (u32 modrm = 0; modrm < 256; ++modrm) {
          const Bytes form = {static_cast<u8>(opcode), static_cast<u8>(modrm)};
          f(size, join(map == 1 ? Bytes{0x0f} : Bytes{}, join(form, kTail)));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("LOCK is legal before the manual's list with a memory destination and nowhere else") {
  // SDM 2A, LOCK.
  static constexpr const char* kList[] = {"add", "adc", "and", "btc", "btr", "bts", "cmpxchg", "cmpxchg8b", "dec",
                                          "inc", "neg", "not", "or",  "sbb", "sub", "xor",     "xadd",      "xchg"};
  u32 wrong = 0, legal = 0;
  for_each_encoding([&](CodeSize size, const Bytes& rest) {
    Insn plain, locked;
    if (decode(rest, size, plain) != DecodeStatus::kOk) return;
    const std::string name = isa::mnemonic(plain);
    const bool listed = std::any_of(std::begin(kList), std::end(kList), [&](const char* n) { return name == n; });
    // The destination is rm for all of them but the forms "op r, r/m" of the first eight.
    const bool to_register = plain.opcode < 0x40 && (plain.opcode & 2) && isa::row_of(plain).map == isa::Map::k1;
    const bool allowed = listed && (plain.flags & isa::insn_flag::kMemory) && !to_register;
    const bool taken = decode(join({0xf0}, rest), size, locked) == DecodeStatus::kOk;
    legal += taken;
    if (taken == allowed) return;
    if (wrong++ == 0) UNSCOPED_INFO(hex(rest) << name << (taken ? " is taken" : " is refused"));
  });
  CHECK(wrong == 0);
  CHECK(legal > 1000);
}

TEST_CASE("an instruction of 15 bytes is decoded and one of 16 is too long") {
  u32 wrong = 0;
  for_each_encoding([&](CodeSize size, const Bytes& rest) {
    Insn plain, padded;
    if (decode(rest, size, plain) != DecodeStatus::kOk) return;
    const Bytes fits = join(Bytes(15u - plain.length, 0x3e), rest), beyond = join({0x3e}, fits);
    const bool right = decode(fits, size, padded) == DecodeStatus::kOk && padded.length == 15 &&
                       padded.row == plain.row && decode(beyond, size, padded) == DecodeStatus::kTooLong;
    if (!right && wrong++ == 0) UNSCOPED_INFO(hex(rest));
  });
  CHECK(wrong == 0);
  Insn out;
  CHECK(decode(Bytes(15, 0x66), CodeSize::k32, out) == DecodeStatus::kTooLong);
  CHECK(decode(Bytes(14, 0x66), CodeSize::k32, out) == DecodeStatus::kTruncated);
}

TEST_CASE("an instruction that ends too early is truncated, at whatever byte") {
  u32 wrong = 0;
  for_each_encoding([&](CodeSize size, const Bytes& rest) {
    Insn whole, part;
    const Bytes all = join({0x3e, 0x67}, rest);
    if (decode(all, size, whole) != DecodeStatus::kOk) return;
    for (u32 n = 1; n < whole.length; ++n) {
      const Bytes head(all.begin(), all.begin() + n);
      if (decode(head, size, part) == DecodeStatus::kTruncated) continue;
      if (wrong++ == 0) UNSCOPED_INFO(hex(head) << "of " << hex(all));
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("prefixes may come in any order and again") {
  u32 wrong = 0;
  Bytes order = {0x36, 0x66, 0x67, 0xf3};
  std::vector<Bytes> orders;
  do orders.push_back(order);
  while (std::next_permutation(order.begin(), order.end()));
  orders.push_back({0x67, 0x36, 0x66, 0xf3, 0x66, 0x67});
  for_each_encoding([&](CodeSize size, const Bytes& rest) {
    if ((rest[0] == 0x0f ? rest[2] : rest[1]) % 9 != 0) return;  // some ModRM bytes do
    Insn first, other;
    const DecodeStatus status = decode(join(orders[0], rest), size, first);
    for (const Bytes& prefixes : orders) {
      if (status == DecodeStatus::kOk && first.length + prefixes.size() - orders[0].size() > isa::kMaxLength) continue;
      if (decode(join(prefixes, rest), size, other) == status && (status != DecodeStatus::kOk || same(first, other)))
        continue;
      if (wrong++ == 0) UNSCOPED_INFO(hex(prefixes) << "before " << hex(rest));
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("of several segment prefixes, and of F2 and F3, the last one counts") {
  Insn a, b;
  REQUIRE(decode({0x26, 0x64, 0x2e, 0x8b, 0x00}, CodeSize::k32, a) == DecodeStatus::kOk);
  CHECK(a.segment == isa::kCs);
  REQUIRE(decode({0xf2, 0xf3, 0x0f, 0x10, 0xc1}, CodeSize::k32, a) == DecodeStatus::kOk);
  REQUIRE(decode({0xf3, 0xf2, 0x0f, 0x10, 0xc1}, CodeSize::k32, b) == DecodeStatus::kOk);
  CHECK(isa::mnemonic(a) == "movss");
  CHECK(isa::mnemonic(b) == "movsd");
  REQUIRE(decode({0xf3, 0x66, 0x0f, 0x10, 0xc1}, CodeSize::k32, a) == DecodeStatus::kOk);
  CHECK(isa::mnemonic(a) == "movss");
}

TEST_CASE("what no Intel processor of this class defines is undefined, with any ModRM byte") {
  static const std::vector<Bytes> kUndefined = {{0x0f, 0x04}, {0x0f, 0x0a}, {0x0f, 0x0c}, {0x0f, 0x0f}, {0x0f, 0x24},
                                                {0x0f, 0x26}, {0x0f, 0x36}, {0x0f, 0x38}, {0x0f, 0x3a}, {0x0f, 0x7a},
                                                {0x0f, 0xa6}, {0x0f, 0xb9}, {0x0f, 0xff}};
  for (const Bytes& opcode : kUndefined) {
    for (u32 modrm = 0; modrm < 256; ++modrm) {
      Insn out;
      const Bytes all = join(opcode, {static_cast<u8>(modrm), 0, 0, 0, 0, 0, 0});
      INFO(hex(all));
      CHECK(decode(all, CodeSize::k32, out) == DecodeStatus::kUndefined);
    }
  }
}
