#include "board/slots_aml.hpp"

#include <algorithm>
#include <cassert>
#include <span>

#include "abi/memory_hotplug.hpp"
#include "board/byte_writer.hpp"

namespace paemu {

extern const unsigned char slots_aml[];
extern const unsigned slots_aml_size;

namespace {

using Bytes = std::span<const u8>;

constexpr usize kHeaderSize = 36;  // of a system description table (ACPI 5.2.6)
constexpr u8 kSlotMark = 0xaa;
constexpr u8 kLastSlotMark = 0xbb;

// AML opcodes of the pattern (ACPI 20.2.5).
constexpr u8 kByteConst = 0x0a, kScope = 0x10, kMethod = 0x14, kIf = 0xa0, kExtended = 0x5b, kDevice = 0x82;

// A package of AML: opcode, PkgLength, body.
struct Package {
  usize begin;  // offset of the opcode
  usize body;   // offset behind PkgLength
  usize end;
};

// The package at `at`, whose opcode is `opcode_size` bytes. PkgLength: ACPI 20.2.4.
Package package_at(Bytes aml, usize at, usize opcode_size) {
  const usize length_at = at + opcode_size;
  const u8 lead = aml[length_at];
  const usize more = lead >> 6;
  usize length = more == 0 ? (lead & 0x3f) : (lead & 0x0f);
  for (usize i = 0; i < more; ++i) length |= static_cast<usize>(aml[length_at + 1 + i]) << (4 + 8 * i);
  assert(length_at + length <= aml.size());
  return {at, length_at + 1 + more, length_at + length};
}

void write_package(ByteWriter& out, std::initializer_list<u8> opcode, Bytes body) {
  for (u8 b : opcode) out.byte(b);
  const auto fits = [&](usize bytes, usize limit) { return body.size() + bytes < limit; };
  if (fits(1, 0x40)) {
    out.byte(static_cast<u8>(body.size() + 1));
  } else {
    const usize more = fits(2, 0x1000) ? 1 : fits(3, 0x100000) ? 2 : 3;
    const usize length = body.size() + 1 + more;
    out.byte(static_cast<u8>(more << 6 | (length & 0x0f)));
    for (usize i = 0; i < more; ++i) out.byte(static_cast<u8>(length >> (4 + 8 * i)));
  }
  out.raw(body);
}

u8 hex_digit(u32 v) { return static_cast<u8>("0123456789ABCDEF"[v & 15]); }

// The pattern's fragment for one slot.
std::vector<u8> for_slot(Bytes pattern, u32 slot) {
  std::vector<u8> out(pattern.begin(), pattern.end());
  for (usize i = 0; i + 1 < out.size(); ++i) {
    if (pattern[i] == kByteConst && pattern[i + 1] == kSlotMark) out[i + 1] = static_cast<u8>(slot);
    if (i + 3 < out.size() && std::equal(&pattern[i], &pattern[i] + 4, "MPAA")) {
      out[i + 2] = hex_digit(slot >> 4);
      out[i + 3] = hex_digit(slot);
    }
  }
  return out;
}

Bytes slice(Bytes aml, usize begin, usize end) { return aml.subspan(begin, end - begin); }

}  // namespace

std::vector<u8> slots_ssdt(u32 slots) {
  assert(slots >= 1 && slots <= abi::memory_hotplug::kMaxSlots);
  const Bytes pattern{slots_aml, slots_aml_size};

  // The pattern ends with Scope (\_SB.MHPC) { Device {...} Method (MTFY) { If ... } }.
  const u8 device_start[] = {kExtended, kDevice};
  const usize device_at = static_cast<usize>(
      std::search(pattern.begin(), pattern.end(), std::begin(device_start), std::end(device_start)) - pattern.begin());
  const Package device = package_at(pattern, device_at, 2);
  usize scope_at = device_at;
  Package scope{};
  do {
    --scope_at;
    if (pattern[scope_at] == kScope) scope = package_at(pattern, scope_at, 1);
  } while (scope.end != pattern.size());
  assert(pattern[device.end] == kMethod);
  const Package method = package_at(pattern, device.end, 1);
  const usize method_head = 5;  // name and flags
  const usize if_at = method.body + method_head;
  assert(pattern[if_at] == kIf && package_at(pattern, if_at, 1).end == method.end && method.end == pattern.size());

  ByteWriter devices, tests;
  tests.raw(slice(pattern, method.body, if_at));
  for (u32 slot = 0; slot < slots; ++slot) {
    devices.raw(for_slot(slice(pattern, device.begin, device.end), slot));
    tests.raw(for_slot(slice(pattern, if_at, method.end), slot));
  }

  ByteWriter inside;
  inside.raw(slice(pattern, scope.body, device.begin));  // the scope's name
  inside.raw(devices.take());
  write_package(inside, {kMethod}, tests.take());

  ByteWriter out;
  std::vector<u8> head(pattern.begin(), pattern.begin() + static_cast<std::ptrdiff_t>(scope.begin));
  for (usize i = kHeaderSize; i + 1 < head.size(); ++i) {
    if (head[i] == kByteConst && head[i + 1] == kLastSlotMark) head[i + 1] = static_cast<u8>(slots - 1);
  }
  head[9] = 0;  // checksum
  out.raw(head);
  write_package(out, {kScope}, inside.take());
  out.patch_dword(4, static_cast<u32>(out.size()));  // table length
  return out.take();
}

}  // namespace paemu
