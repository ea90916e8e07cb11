#include "coverage.hpp"

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace paemu::isa_test {

using isa::Operand;
using isa::Row;

namespace {

struct Exclusion {
  std::string_view mnemonics;  // between blanks
  const char* why;
};
constexpr Exclusion kExclusions[] = {
    {" sysenter ", "enters the host's kernel"},
    {" sgdt sidt sldt str smsw ", "shows the host's tables and CR0, or faults where the host has UMIP"},
    {" int1 ", "its trap looks like the trap flag's, and virtual machines tell of it with different addresses"},
    {" cpuid ", "shows the host; tests/unit/emu/cpu holds ours against its models"},
};

u32 size_of(Operand o) {
  using enum Operand;
  switch (o) {
    case Eb:
    case Mb: return 1;
    case Ew:
    case Mw: return 2;
    case Ed:
    case Ev:
    case Md:
    case Wd:
    case Wss:
    case M: return 4;
    case Mp: return 6;
    case Mq:
    case Qq:
    case Qd:
    case Wq:
    case Wsd:
    case Ma: return 8;
    case Mt: return 10;
    case Mfenv: return 28;
    case Mfsave: return 108;
    case Mfx: return 512;
    default: return 16;
  }
}

bool may_be_memory(Operand o) {
  using enum Operand;
  switch (o) {
    case Eb:
    case Ew:
    case Ed:
    case Ev:
    case M:
    case Ma:
    case Mb:
    case Mw:
    case Md:
    case Mq:
    case Mdq:
    case Mp:
    case Ms:
    case Mt:
    case Mfenv:
    case Mfsave:
    case Mfx:
    case Qq:
    case Qd:
    case Wdq:
    case Wq:
    case Wd:
    case Wps:
    case Wpd:
    case Wss:
    case Wsd: return true;
    default: return false;
  }
}

bool among(const Row& row, std::string_view mnemonics) {
  return mnemonics.find(" " + std::string(row.mnemonic) + " ") != std::string_view::npos;
}

}  // namespace

const char* not_compared(const Row& row) {
  for (const Exclusion& e : kExclusions) {
    if (among(row, e.mnemonics)) return e.why;
  }
  return nullptr;
}

namespace {

// Opcodes that this processor leaves undefined and a later one, or another vendor's, does not.
struct Later {
  isa::Map map;
  u8 first, last;
  const char* what;
};
constexpr Later kLater[] = {
    {isa::Map::k1, 0x62, 0x62, "AVX-512"},
    {isa::Map::k1, 0x8f, 0x8f, "XOP"},
    {isa::Map::k1, 0xc4, 0xc7, "AVX, TSX"},
    {isa::Map::k0F, 0x00, 0x01, "VMX, SVM, SMX, XGETBV, RDTSCP and others"},
    {isa::Map::k0F, 0x05, 0x07, "SYSCALL, which is AMD's"},
    {isa::Map::k0F, 0x0d, 0x0f, "3DNow!"},
    {isa::Map::k0F, 0x24, 0x27, "SSE5"},
    {isa::Map::k0F, 0x2b, 0x2b, "SSE4A"},
    {isa::Map::k0F, 0x37, 0x3f, "SSSE3 and later, SMX"},
    {isa::Map::k0F, 0x78, 0x79, "SSE4A, VMX"},
    {isa::Map::k0F, 0xa6, 0xa7, "VIA's"},
    {isa::Map::k0F, 0xae, 0xae, "XSAVE, CLWB, CLFLUSHOPT and others"},
    {isa::Map::k0F, 0xb8, 0xb8, "POPCNT"},
    {isa::Map::k0F, 0xc7, 0xc7, "RDRAND, XSAVEC, VMX"},
};

}  // namespace

bool defined_later(std::span<const u8> bytes) {
  usize at = 0;
  const std::string_view prefixes("\x66\x67\xf2\xf3\xf0\x26\x2e\x36\x3e\x64\x65", 11);
  while (at + 2 < bytes.size() && prefixes.find(static_cast<char>(bytes[at])) != std::string_view::npos) ++at;
  const isa::Map map = bytes[at] == 0x0f ? isa::Map::k0F : isa::Map::k1;
  if (map == isa::Map::k0F) ++at;
  for (const Later& l : kLater) {
    if (l.map == map && bytes[at] >= l.first && bytes[at] <= l.last) return true;
  }
  return false;
}

bool named(const Row& row, const char* mnemonic) { return std::strcmp(row.mnemonic, mnemonic) == 0; }

bool has_operand(const Row& row, std::initializer_list<Operand> kinds) {
  for (const Operand o : row.operands) {
    for (const Operand kind : kinds) {
      if (o == kind) return true;
    }
  }
  return false;
}

u32 memory_size(const Row& row) {
  for (const Operand o : row.operands) {
    if (may_be_memory(o)) return size_of(o);
  }
  return 16;
}

bool bit_string(const Row& row) {
  return row.map == isa::Map::k0F && row.operands[1] == Operand::Gv && (row.opcode & 0xe7) == 0xa3;
}

bool takes_selector(const Row& row) {
  return row.operands[0] == Operand::Sw || has_operand(row, {Operand::Mp}) ||
         among(row, " lar lsl verr verw arpl lldt ltr ");
}

bool takes_stack(const Row& row) {
  using enum Operand;
  return among(row, " ret retf iret ") || (named(row, "pop") && has_operand(row, {ES, SS, DS, FS, GS}));
}

bool repeatable(const Row& row) {
  return among(row, " movs movsb stos stosb lods lodsb cmps cmpsb scas scasb ");
}

bool shows_trap_flag(const Row& row) { return among(row, " pushf int int3 into "); }

bool fits_bytes(const Row& row, u8 opcode) {
  using enum Operand;
  const bool prepared = has_operand(row, {Sw, SS, Mp, Ap, Mfx}) || takes_stack(row) || shows_trap_flag(row);
  const bool counts = row.map == isa::Map::k0F && (opcode & 0xfe) == 0xbc;
  return not_compared(row) == nullptr && !prepared && !counts;
}

bool fits_sequence(const Row& row) {
  using namespace isa::attribute;
  using enum Operand;
  // What is left undefined or half done, what faults too often, and what shadows the next instruction.
  static constexpr std::string_view kUnfit =
      " shld shrd arpl bound xlat div idiv pusha popa enter cli sti pushf rdpmc "
      // What differs by vendor, see differences.cpp: the pointers in images, masked stores, estimates; and what would
      // hide that FCOMI differed.
      " fninit fnclex fnstenv fnsave fxsave fldenv frstor fxrstor ldmxcsr cvtpi2ps maskmovq maskmovdqu rcpps rcpss "
      "rsqrtps rsqrtss ";
  const bool segments = has_operand(row, {Sw, ES, CS, SS, DS, FS, GS, Mp, Ap}) || takes_selector(row);
  const bool branch = has_operand(row, {Jb, Jz});
  return not_compared(row) == nullptr && !(row.attributes & (kEndsBlock | kString | kPrivileged | kSlow)) && !branch &&
         !segments && !among(row, kUnfit);
}

}  // namespace paemu::isa_test
