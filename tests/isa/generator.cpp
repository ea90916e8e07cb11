#include "generator.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace paemu::isa_test {

using isa::Operand;
using isa::Prefix;
using isa::Row;

namespace {

struct Exclusion {
  std::string_view mnemonics;  // between blanks
  const char* why;
};
constexpr Exclusion kExclusions[] = {
    {" int int3 int1 into sysenter sysexit iret retf ", "would enter the host's kernel, or need its descriptor tables"},
    {" les lds lss lfs lgs lldt ltr lar lsl verr verw ", "depends on the host's descriptor tables"},
    {" cpuid rdtsc rdpmc sgdt sidt sldt str smsw ", "shows the host"},
    {" pushf popf ", "the trap flag, by which one instruction is run, shows"},
    {" feni8087_nop fdisi8087_nop fsetpm ", "does nothing since the 387"},
    {" rcpps rcpss rsqrtps rsqrtss ",
     "an estimate: processors differ, ours is a rule of its own (emu/cpu/simd_convert.cpp)"},
};

u32 operand_size(Operand o) {
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
    case M:
    case Mp: return 4;
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
u32 memory_size(const Row& row) {
  for (const Operand o : row.operands) {
    if (may_be_memory(o)) return operand_size(o);
  }
  return 16;
}

// BT and its kin with a register that counts bits from the memory operand.
bool bit_string(const Row& row) {
  return row.map == isa::Map::k0F && row.operands[1] == Operand::Gv && (row.opcode & 0xe7) == 0xa3;
}

constexpr u32 kSingles[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                            0x7fc00000, 0x7f800001, 1,          0x807fffff, 0x00800000, 0x7f7fffff,
                            0x40490fdb, 0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000, 0xbfc00000};
constexpr u64 kDoubles[] = {0,
                            0x8000000000000000,
                            0x3ff0000000000000,
                            0xbff0000000000000,
                            0x7ff0000000000000,
                            0xfff0000000000000,
                            0x7ff8000000000000,
                            0x7ff0000000000001,
                            1,
                            0x800fffffffffffff,
                            0x0010000000000000,
                            0x7fefffffffffffff,
                            0x400921fb54442d18,
                            0x41e0000000000000,
                            0xc1e0000000000000,
                            0x41dfffffffc00000,
                            0x3810000000000000,
                            0x36a0000000000001,
                            0x47efffffe0000000,
                            0x3fe0000000000000};
struct Extended {
  u16 exponent;
  u64 fraction;
};
constexpr Extended kExtendeds[] = {{0, 0},
                                   {0x8000, 0},
                                   {0x3fff, 1ull << 63},
                                   {0xbfff, 1ull << 63},
                                   {0x7fff, 1ull << 63},
                                   {0xffff, 1ull << 63},
                                   {0x7fff, 3ull << 62},
                                   {0xffff, 3ull << 62},
                                   {0x7fff, (1ull << 63) | 1},
                                   {0, 1},
                                   {0x8000, 1ull << 62},
                                   {0, 1ull << 63},
                                   {0x4000, 1ull << 62},
                                   {0x7fff, 0},
                                   {0x7fff, 5},
                                   {1, 1ull << 63},
                                   {0x7ffe, ~0ull},
                                   {0x4000, 0xc90fdaa22168c235},
                                   {0x403e, 1ull << 63},
                                   {0xc03e, 1ull << 63},
                                   {0x401e, 0xfffffffe00000000},
                                   {0x3ffe, 1ull << 63},
                                   {0x3fff, 0xc000000000000000},
                                   {0x3f80, 0xffffffffffffffff},
                                   {0x407e, 0xffffff8000000000},
                                   {0x3fbf, 0x8000000000000001},
                                   {0x4002, 0xa000000000000000}};

template <class T, usize N>
T pick(Dice& dice, const T (&list)[N]) {
  return list[dice.below(N)];
}

}  // namespace

const char* not_compared(const Row& row) {
  using enum Operand;
  for (const Exclusion& e : kExclusions) {
    if (e.mnemonics.find(" " + std::string(row.mnemonic) + " ") != std::string_view::npos) return e.why;
  }
  for (const Operand o : row.operands) {
    if (o == Ap || o == Mp) return "a far transfer: depends on the host's descriptor tables";
    if (o == Sw || (o >= ES && o <= GS)) return "loads or shows the host's selectors";
  }
  return nullptr;
}

bool fits_sequence(const Row& row) {
  using namespace isa::attribute;
  // What is left undefined or half done, what faults too often, and what shadows the next instruction.
  static constexpr std::string_view kUnfit = " shld shrd arpl bound xlat div idiv pusha popa enter cli sti ";
  const bool branch = row.operands[0] == Operand::Jb || row.operands[0] == Operand::Jz;
  return not_compared(row) == nullptr && !(row.attributes & (kFpu | kEndsBlock | kString | kPrivileged)) && !branch &&
         kUnfit.find(" " + std::string(row.mnemonic) + " ") == std::string_view::npos;
}

// A number for a general register or an immediate: often one on an edge.
u32 Generator::value() {
  static constexpr u32 kEdges[] = {0,      1,      2,       0x7f,       0x80,       0xff,       0x100,      0x7fff,
                                   0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 31,
                                   32,     33,     16,      8,          0x99999999, 0x0f0f0f0f};
  switch (dice_.below(4)) {
    case 0: return pick(dice_, kEdges);
    case 1: return static_cast<u32>(dice_.next()) >> dice_.below(32);
    default: return static_cast<u32>(dice_.next());
  }
}

// An address for an operand of `size` bytes: mostly good; else across a page, read-only, or nowhere.
u32 Generator::target(u32 size) {
  using namespace layout;
  u32 at = kData + dice_.below(kDataSize - size);
  switch (sequence_ ? 5 + dice_.below(8) : dice_.below(32)) {
    case 0: return kReadOnly + dice_.below(kReadOnlySize);
    case 1: return kReadOnly + kReadOnlySize - 1 - dice_.below(size);
    case 2: return kReadOnly - 1 - dice_.below(size);
    case 3: return kData - 1 - dice_.below(size);
    case 4: return value();
    case 5:
    case 6: return kData + 0x1000 - 1 - dice_.below(size);
    default: return size >= 16 && !dice_.one_in(16) ? at & ~15u : at;
  }
}

void Generator::extended(u8* to) {
  Extended e = pick(dice_, kExtendeds);
  switch (dice_.below(4)) {
    case 0:
      e.exponent = static_cast<u16>(0x3fff + dice_.below(80) - 40);
      e.fraction = dice_.next() | 1ull << 63;
      if (dice_.one_in(2)) e.exponent |= 0x8000;
      break;
    case 1:
      e.exponent = static_cast<u16>(dice_.next());
      e.fraction = dice_.next() | (dice_.one_in(16) ? 0 : 1ull << 63);
      break;
    default: break;
  }
  std::memcpy(to, &e.fraction, 8);
  std::memcpy(to + 8, &e.exponent, 2);
}

// Fills memory or a register with numbers of one kind.
void Generator::numbers(u8* to, u32 size) {
  const u32 kind = dice_.below(6);
  for (u32 at = 0; at < size;) {
    u8 lane[16];
    u32 width = 8;
    const u64 random = dice_.next();
    std::memcpy(lane, &random, 8);
    if (kind == 0 || kind == 1) {
      u32 single = pick(dice_, kSingles);
      if (dice_.one_in(3)) single = (static_cast<u32>(random) & 0x80ffffff) | (0x3f + dice_.below(2)) << 24;
      std::memcpy(lane, &single, width = 4);
    } else if (kind == 2 || kind == 3) {
      u64 number = pick(dice_, kDoubles);
      if (dice_.one_in(3)) number = (random & 0x801fffffffffffff) | u64{0x3fe + dice_.below(4)} << 52;
      std::memcpy(lane, &number, 8);
    } else if (kind == 4) {
      extended(lane);
      width = 10;
    } else if (dice_.one_in(2)) {  // decimal digits
      for (u8& b : lane) b = static_cast<u8>(dice_.below(10) | dice_.below(10) << 4);
    }
    width = width < size - at ? width : size - at;
    std::memcpy(to + at, lane, width);
    at += width;
  }
}

void Generator::registers(Case& c) {
  using namespace layout;
  Registers& r = c.before;
  for (u32& v : r.gpr) v = value();
  // ESP is a stack, and the registers of string instructions mostly point at data.
  r.gpr[isa::kEsp] = kData + 0x200 + dice_.below(kDataSize - 0x400);
  if (!dice_.one_in(8)) r.gpr[isa::kEsp] &= ~3u;
  if (dice_.one_in(40)) r.gpr[isa::kEsp] = target(4);
  for (const u32 n : {isa::kEsi, isa::kEdi, isa::kEbx, isa::kEbp}) {
    if (!dice_.one_in(4)) r.gpr[n] = target(4);
  }
  r.eflags = static_cast<u32>(dice_.next()) & eflag::kArithmetic;
  if (dice_.one_in(4)) r.eflags |= eflag::kDirection;
}

void Generator::fpu(Case& c) {
  FpuState& f = c.before.fpu;
  static constexpr u16 kPrecisions[] = {0x300, 0x300, 0x200, 0x000};
  f.control = static_cast<u16>(0x40 | dice_.below(4) << 10 | pick(dice_, kPrecisions) | 0x3f);
  if (dice_.one_in(4)) f.control = static_cast<u16>(f.control & ~dice_.below(64));
  f.status = static_cast<u16>(dice_.next() & 0x7f00);  // TOP and the condition codes
  if (dice_.one_in(4)) f.status |= static_cast<u16>(dice_.below(128));
  // Rarely an exception that is pending.
  if (!dice_.one_in(4)) f.status = static_cast<u16>(f.status & (f.control | ~0x3fu));
  if (f.status & ~f.control & 0x3f) f.status |= 0x8080;
  f.tag = dice_.one_in(4) ? static_cast<u8>(dice_.next()) : dice_.one_in(8) ? u8{0} : u8{0xff};
  if (dice_.one_in(2)) f.tag = static_cast<u8>(f.tag & ~(1u << (((f.status >> 11) - 1) & 7)));  // room for a push
  for (auto& st : f.st) extended(st);
  for (auto& xmm : f.xmm) numbers(xmm, 16);
  f.mxcsr = 0x1f80 | dice_.below(4) << 13;
  if (dice_.one_in(4)) f.mxcsr |= 1u << 15;
  if (dice_.one_in(4)) f.mxcsr |= 1u << 6;
  if (dice_.one_in(4)) f.mxcsr |= dice_.below(64);
  if (dice_.one_in(4)) f.mxcsr &= ~(dice_.below(64) << 7);
}

void Generator::prefixes(Case& c, const Row& row, bool memory) {
  const bool any = row.prefix == Prefix::kAny;
  operand16_ = any ? dice_.one_in(3) : row.prefix == Prefix::k66 || (row.prefix > Prefix::k66 && dice_.one_in(10));
  address16_ = !sequence_ && dice_.one_in(12);
  if (operand16_) put(c, 0x66);
  if (address16_) put(c, 0x67);
  static constexpr u8 kSegments[] = {0x26, 0x36, 0x3e, 0x2e};
  if (dice_.one_in(10)) put(c, pick(dice_, kSegments));
  if (row.prefix == Prefix::kF3) put(c, 0xf3);
  if (row.prefix == Prefix::kF2) put(c, 0xf2);
  const bool lockable = (row.attributes & isa::attribute::kLockable) && memory;
  if (lockable ? dice_.one_in(6) : !sequence_ && dice_.one_in(60)) put(c, 0xf0);
  // F3 0F BC and BD are TZCNT and LZCNT on later processors; F3 0F 1E is among the hints.
  const bool counts = row.map == isa::Map::k0F && (row.opcode & 0xfe) == 0xbc;
  if (any && !counts && dice_.one_in(row.attributes & isa::attribute::kString ? 2 : 30))
    put(c, dice_.one_in(2) ? 0xf2 : 0xf3);
}

void Generator::memory_operand(Case& c, u8 reg, bool address16, u32 at) {
  Registers& r = c.before;
  const bool fixed = sequence_ && !dice_.one_in(16);
  const u8 mod = fixed ? 0 : static_cast<u8>(dice_.below(3)), rm = fixed ? 5 : static_cast<u8>(dice_.below(8));
  const u8 byte = static_cast<u8>(mod << 6 | reg << 3 | rm);
  put(c, byte);
  if (address16) {
    const bool plain = mod == 0 && rm == 6;
    put(c, value(), plain || mod == 2 ? 2 : mod);
    return;
  }
  u32 base = rm, sum = 0;
  bool based = !(mod == 0 && rm == 5);
  if (rm == 4) {
    const u8 sib = static_cast<u8>(dice_.next());
    put(c, sib);
    base = sib & 7;
    based = !(mod == 0 && base == 5);
    const u32 index = sib >> 3 & 7;
    if (index != 4) {
      if (based && index == base) r.gpr[index] = at >> dice_.below(4);
      sum = r.gpr[index] << (sib >> 6);
      if (based && index == base) based = false, sum += r.gpr[base];
    }
  }
  const u32 size = mod == 1 ? 1 : mod == 2 || !(mod != 0 || (rm != 5 && (rm != 4 || base != 5))) ? 4 : 0;
  u32 displacement = value();
  if (size == 0) displacement = 0;
  if (size == 1) displacement = static_cast<u32>(static_cast<i8>(displacement));
  if (based)
    r.gpr[base] = at - sum - displacement;
  else if (size == 4)
    displacement = at - sum;
  put(c, displacement, size);
}

void Generator::modrm(Case& c, const Row& row, bool memory, bool address16) {
  const u8 reg = row.modrm.reg != isa::Modrm::kFree ? row.modrm.reg : static_cast<u8>(dice_.below(8));
  if (!memory) {
    const u8 rm = row.modrm.rm != isa::Modrm::kFree ? row.modrm.rm : static_cast<u8>(dice_.below(8));
    put(c, static_cast<u8>(0xc0 | reg << 3 | rm));
    return;
  }
  const u32 size = memory_size(row);
  u32 at = target(size);
  // A register as bit number reaches far: keep it near.
  if (bit_string(row) && !dice_.one_in(8))
    c.before.gpr[reg] = static_cast<u32>(static_cast<i32>(dice_.below(0x1000)) - 0x800);
  memory_operand(c, reg, address16, at);
  if (at < layout::kData || at > layout::kReadOnly - size) return;
  c.operand_address = at;
  c.operand_size = size;
  numbers(c.operand, size);
  if (row.operands[0] == Operand::Mfx && !dice_.one_in(4)) {
    const u32 mxcsr = 0x1f80;
    std::memcpy(c.operand + 24, &mxcsr, 4);
  }
}

void Generator::immediates(Case& c, const Row& row, bool operand16, bool address16) {
  using enum Operand;
  for (const Operand o : row.operands) {
    switch (o) {
      case Ib:
      case Ibs:
      case Jb: put(c, value(), 1); break;
      case Iw: put(c, value(), 2); break;
      case Iz:
      case Jz: put(c, value(), operand16 ? 2 : 4); break;
      case Ob:
      case Ov: put(c, address16 ? value() : target(4), address16 ? 2 : 4); break;
      default: break;
    }
  }
}

void Generator::append(Case& c, const Row& row) {
  using Mod = isa::Modrm::Mod;
  // In a sequence the bit number's register may hold anything, so the bit string would be anywhere.
  const bool far = sequence_ && bit_string(row);
  const bool memory = !far && row.modrm.present && row.modrm.mod != Mod::kRegister &&
                      (row.modrm.mod == Mod::kMemory || dice_.one_in(2));
  prefixes(c, row, memory);
  if (row.map == isa::Map::k0F) put(c, 0x0f);
  u32 opcode = row.opcode;
  if (row.attributes & isa::attribute::kByRegister) opcode += dice_.below(8);
  if (row.attributes & isa::attribute::kByCondition) opcode += dice_.below(16);
  put(c, static_cast<u8>(opcode));
  if (row.modrm.present) modrm(c, row, memory, address16_);
  immediates(c, row, operand16_, address16_);
  ++c.count;
  // A shift by zero leaves the flags as they were.
  const bool shift = (row.flags_undefined & eflag::kOverflow) != 0 && (row.flags_written & eflag::kCarry) != 0;
  if (!shift) c.flags_undefined &= ~row.flags_written;
  c.flags_undefined |= row.flags_undefined;
  c.flags_unsure |= c.flags_undefined;
}

Case Generator::make_sequence(std::span<const Row* const> rows, u32 count) {
  Case c;
  registers(c);
  sequence_ = true;
  while (c.count < count) {
    const Row& row = *rows[dice_.below(static_cast<u32>(rows.size()))];
    if ((row.flags_read & c.flags_undefined) == 0) append(c, row);
  }
  sequence_ = false;
  c.before.eip = layout::kCode + 0x1000 - c.length;
  return c;
}

Case Generator::make(const Row& row) {
  Case c;
  registers(c);
  fpu(c);
  append(c, row);
  // Half of them end a page, so that the interpreter makes a block of one instruction of them; the others have
  // something behind them.
  using namespace layout;
  c.before.eip = dice_.one_in(2) ? kCode + 0x1000 - c.length : kCode + dice_.below(0x1000);
  return c;
}

}  // namespace paemu::isa_test
