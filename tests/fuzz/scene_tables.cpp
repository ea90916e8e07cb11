#include "scene_tables.hpp"

#include <cstring>
#include <iterator>

#include "cpu/segmentation.hpp"
#include "scene.hpp"

namespace paemu::fuzz {
namespace {

void put(std::vector<u8>& memory, u32 at, u64 value, u32 size) { std::memcpy(&memory[at], &value, size); }

// type: bits 8 to 15 of the high dword; flags: its bits 20 to 23 (SDM 3A, figure 3-8).
u64 descriptor(u32 base, u32 limit, u32 type, u32 flags) {
  const u32 low = (base << 16) | (limit & 0xffff);
  const u32 high = (base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | (type << 8) | ((base >> 16) & 0xff);
  return low | (u64{high} << 32);
}

// type as above; parameters: of a call gate (SDM 3A, figures 5-8 and 6-2).
u64 gate(u16 selector, u32 offset, u32 type, u32 parameters = 0) {
  return ((u32{selector} << 16) | (offset & 0xffff)) | (u64{(offset & 0xffff0000) | (type << 8) | parameters} << 32);
}

void write_gdt(std::vector<u8>& m, FuzzInput& in) {
  const auto set = [&](u16 selector, u64 d) { put(m, place::kGdt + selector, d, 8); };
  set(selector::kCode0, descriptor(0, 0xfffff, 0x9b, 0xc));
  set(selector::kData0, descriptor(0, 0xfffff, 0x93, 0xc));
  set(selector::kCode16, descriptor(place::kCode, 0xffff, 0x9b, 0));
  set(selector::kData16, descriptor(0, 0xffff, 0x93, 0));
  set(selector::kCode3, descriptor(0, 0xfffff, 0xfb, 0xc));
  set(selector::kData3, descriptor(0, 0xfffff, 0xf3, 0xc));
  set(selector::kTss, descriptor(place::kTss, 0x2100, 0x8b, 0));
  set(selector::kOtherTss, descriptor(place::kOtherTss, 0x67, 0xe9, 0));
  set(selector::kTss16, descriptor(place::kTss16, 0x2b, 0xe1, 0));
  set(selector::kLdt, descriptor(place::kLdt, 0x7f, 0x82, 0));
  set(selector::kCode1, descriptor(0, 0xfffff, 0xbb, 0xc));
  set(selector::kData1, descriptor(0, 0xfffff, 0xb3, 0xc));
  set(selector::kCode2, descriptor(0, 0xfffff, 0xdb, 0xc));
  set(selector::kData2, descriptor(0, 0xfffff, 0xd3, 0xc));
  set(selector::kCallGate, gate(selector::kCode0, place::kHandlers, 0xec, in.below(4)));
  set(selector::kCallGate16, gate(selector::kCode16, place::kHandlers - place::kCode, 0xe4, in.below(4)));
  set(selector::kTaskGate, gate(selector::kOtherTss, 0, 0xe5));
  // The rest: conforming, expand-down, not present, execute-only, read-only, small, and two of the fuzzer's own.
  static constexpr u32 kTypes[] = {0xff, 0xf7, 0x73, 0xf9, 0xf1, 0xf3};
  for (u32 n = 0; n < std::size(kTypes); ++n) {
    set(static_cast<u16>(0x90 + 8 * n), descriptor(0x100 * n, 0x4ffff, kTypes[n], in.byte() & 0xf));
  }
  set(0xc0, descriptor(place::kData, 0x123, in.byte(), 4));
  put(m, place::kGdt + 0xc8, in.dword() | (u64{in.dword()} << 32), 8);
  for (u32 n = 0; n < 16; ++n) std::memcpy(&m[place::kLdt + 8 * n], &m[place::kGdt + 0x60 + 8 * n], 8);
}

// Skips one byte of what faulted and returns: handlers for 16 and 32 bits, with and without an error code.
constexpr u8 kSkip16[] = {0x55, 0x89, 0xe5, 0xff, 0x46, 0x02, 0x5d, 0xcf};
constexpr u8 kSkip32[] = {0x55, 0x89, 0xe5, 0xff, 0x45, 0x04, 0x5d, 0xcf};
constexpr u8 kDropError16[] = {0x83, 0xc4, 0x02};
constexpr u8 kDropError32[] = {0x83, 0xc4, 0x04};
constexpr u32 kErrorVariant = 0x20, kVariant32 = 0x40;

void write_handlers(std::vector<u8>& m) {
  const auto copy = [&](u32 at, auto&... parts) {
    ((std::memcpy(&m[place::kHandlers + at], parts, sizeof(parts)), at += sizeof(parts)), ...);
  };
  copy(0, kSkip16);
  copy(kErrorVariant, kDropError16, kSkip16);
  copy(kVariant32, kSkip32);
  copy(kVariant32 + kErrorVariant, kDropError32, kSkip32);
}

bool has_error_code(u32 vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

void write_vectors(std::vector<u8>& m, FuzzInput& in) {
  // 32- and 16-bit interrupt and trap gates and, for one vector, a task gate.
  const u32 small = in.below(8), trap = in.below(8), task = in.byte();
  for (u32 v = 0; v < 256; ++v) {
    put(m, 4 * v, (u64{place::kHandlers >> 4} << 16), 4);
    const u32 at = has_error_code(v) ? kErrorVariant : 0;
    const u32 dpl = v >= 0x30 || v == 3 || v == 4 ? 0x60 : 0;
    const u32 type = (v % 8 == trap ? 0x87u : 0x86u) | dpl;
    u64 g = gate(selector::kCode0, place::kHandlers + kVariant32 + at, type | 8);
    if (v % 8 == small) g = gate(selector::kCode16, place::kHandlers - place::kCode + at, type);
    if (v == task) g = gate(selector::kOtherTss, 0, 0xe5);
    put(m, place::kIdt + 8 * v, g, 8);
  }
}

// SDM 3A, figures 7-2 and 7-10.
void write_task_states(std::vector<u8>& m, FuzzInput& in) {
  const u32 maps[] = {0, place::kDirectory, place::kPdpt};
  const u32 cr3 = maps[in.below(3)];
  for (const u32 tss : {place::kTss, place::kOtherTss}) {
    for (u32 ring = 0; ring < 3; ++ring) {
      static constexpr u16 kStack[] = {selector::kData0, selector::kData1 | 1, selector::kData2 | 2};
      put(m, tss + 4 + 8 * ring, place::kStacks + 0x1800 + 0x1000 * ring, 4);
      put(m, tss + 8 + 8 * ring, kStack[ring], 4);
    }
    put(m, tss + 0x1c, cr3, 4);
    put(m, tss + 0x20, place::kCode + in.byte(), 4);
    put(m, tss + 0x24, in.word() | 2u, 4);
    put(m, tss + 0x38, place::kStacks + 0x1400, 4);
    const bool user = in.byte() & 1;
    for (u32 n = 0; n < 6; ++n) put(m, tss + 0x48 + 4 * n, user ? selector::kData3 | 3 : selector::kData0, 4);
    put(m, tss + 0x4c, user ? selector::kCode3 | 3 : selector::kCode0, 4);
    put(m, tss + 0x64, (u64{0x88} << 16) | (in.byte() & 1), 4);
  }
  // The redirection bitmap of VME and the bitmap of ports: some of both.
  for (u32 n = 0; n < 0x2078; ++n) m[place::kTss + 0x68 + n] = n & 4 ? 0xff : 0;
  put(m, place::kTss16 + 2, place::kStacks + 0x1700, 2);
  put(m, place::kTss16 + 4, selector::kData0, 2);
  put(m, place::kTss16 + 14, in.byte(), 2);
  static constexpr u16 kSegments[] = {selector::kData16, selector::kCode16, selector::kData16, selector::kData16};
  for (u32 n = 0; n < 4; ++n) put(m, place::kTss16 + 34 + 2 * n, kSegments[n], 2);
}

constexpr u32 kTable = place::kDirectory + 0x1000, kAlias = kTable + 0x1000;
constexpr u32 kPaeDirectory = place::kPdpt + 0x1000, kPaeTable = kPaeDirectory + 0x1000, kPaeAlias = kPaeTable + 0x1000,
              kPaeLast = kPaeAlias + 0x1000;
constexpr u32 kUserWrite = 7;  // present, writable, user

void write_page_tables(std::vector<u8>& m, FuzzInput& in) {
  const u32 alias_rights = in.byte();
  for (u32 n = 0; n < 1024; ++n) {
    put(m, kTable + 4 * n, (n << 12) | kUserWrite, 4);
    put(m, kAlias + 4 * n, (n << 12) | alias_rights, 4);
  }
  const u32 dir = place::kDirectory;
  put(m, dir, kTable | kUserWrite, 4);
  put(m, dir + 4, kAlias | kUserWrite, 4);
  put(m, dir + 8, 0x80 | kUserWrite, 4);                      // physical 0 as a large page
  put(m, dir + 4 * 1019, 0xfec00000 | 0x80 | kUserWrite, 4);  // the interrupt controllers
  put(m, dir + 4 * 1023, place::kDirectory | kUserWrite, 4);  // itself
  for (u32 n = 0; n < 512; ++n) {
    put(m, kPaeTable + 8 * n, (n << 12) | kUserWrite, 8);
    put(m, kPaeAlias + 8 * n, (u64{alias_rights & 0x80} << 56) | (n << 12) | (alias_rights & 0x7f), 8);
  }
  put(m, place::kPdpt, kPaeDirectory | 1, 8);
  put(m, place::kPdpt + 24, kPaeLast | 1, 8);
  put(m, kPaeDirectory, kPaeTable | kUserWrite, 8);
  put(m, kPaeDirectory + 16, kPaeAlias | kUserWrite, 8);
  put(m, kPaeDirectory + 24, 0x80 | kUserWrite, 8);
  put(m, kPaeLast + 8 * 502, 0xfec00000 | 0x80 | kUserWrite, 8);
  put(m, kPaeLast + 8 * 511, kPaeLast | kUserWrite, 8);
}

}  // namespace

void write_tables(std::vector<u8>& memory, FuzzInput& in) {
  write_gdt(memory, in);
  write_handlers(memory);
  write_vectors(memory, in);
  write_task_states(memory, in);
  write_page_tables(memory, in);
}

Segment descriptor_in(const std::vector<u8>& memory, u16 selector) {
  Descriptor d;
  std::memcpy(&d.low, &memory[place::kGdt + (selector & ~7u)], 4);
  std::memcpy(&d.high, &memory[place::kGdt + (selector & ~7u) + 4], 4);
  return d.segment(selector);
}

void alter_page_entry(std::vector<u8>& memory, u16 which, u8 rights) {
  // Both paging modes; of the first 2 MiB only what the scene uses is worth it.
  const u32 page = which % (place::kEnd >> 12);
  memory[kTable + 4 * page] = rights;
  memory[kPaeTable + 8 * page] = rights;
  memory[kPaeTable + 8 * page + 7] = which & 0x8000 ? 0x80 : 0;
}

}  // namespace paemu::fuzz
