#include "comparison.hpp"

#include <cstdio>
#include <cstring>

namespace paemu::isa_test {

namespace {

template <class... Values>
std::string text(const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

std::string hex(const u8* bytes, u32 size) {
  std::string s;
  for (u32 n = 0; n < size; ++n) s += text("%02x", bytes[n]);
  return s;
}

void say(std::string& all, const std::string& one) { all += (all.empty() ? "" : "; ") + one; }

std::string compare_exceptions(const Exception& ours, const Exception& theirs) {
  if (ours.vector != theirs.vector) return text("exception %d, host %d", ours.vector, theirs.vector);
  if (ours.error_code != theirs.error_code) return text("error code %x, host %x", ours.error_code, theirs.error_code);
  constexpr int kPageFault = 14;
  if (ours.vector == kPageFault && ours.address != theirs.address)
    return text("CR2 %08x, host %08x", ours.address, theirs.address);
  return "";
}

std::string compare_fpu(const FpuState& ours, const FpuState& theirs) {
  std::string all;
  if (ours.control != theirs.control) say(all, text("control %04x, host %04x", ours.control, theirs.control));
  if (ours.status != theirs.status) say(all, text("status %04x, host %04x", ours.status, theirs.status));
  if (ours.tag != theirs.tag) say(all, text("tag %02x, host %02x", ours.tag, theirs.tag));
  if (ours.mxcsr != theirs.mxcsr) say(all, text("MXCSR %04x, host %04x", ours.mxcsr, theirs.mxcsr));
  for (u32 n = 0; n < 8; ++n) {
    if (std::memcmp(ours.st[n], theirs.st[n], 10) != 0) {
      say(all, text("R%u ", n) + hex(ours.st[n], 10) + ", host " + hex(theirs.st[n], 10));
    }
    if (std::memcmp(ours.xmm[n], theirs.xmm[n], 16) != 0) {
      say(all, text("xmm%u ", n) + hex(ours.xmm[n], 16) + ", host " + hex(theirs.xmm[n], 16));
    }
  }
  return all;
}

// --- Where the two rightly differ, and why. Each of these makes the emulated side's copy equal in that point.

struct Adjusted {
  Registers emulated;
  Exception exception;
  u32 flags_undefined;
  bool skip = false;
};

bool has_operand(const isa::Row& row, std::initializer_list<isa::Operand> kinds) {
  for (const isa::Operand o : row.operands) {
    for (const isa::Operand kind : kinds) {
      if (o == kind) return true;
    }
  }
  return false;
}

bool named(const Outcomes& o, const char* mnemonic) { return std::strcmp(o.row.mnemonic, mnemonic) == 0; }

bool prefixed(const Outcomes& o, u8 prefix) {
  for (u32 n = 0; n < o.test.length && o.test.bytes[n] != o.row.opcode; ++n) {
    if (o.test.bytes[n] == prefix) return true;
  }
  return false;
}

struct Difference {
  const char* why;
  bool (*applies)(const Outcomes&);
  void (*adjust)(const Outcomes&, Adjusted&);
};

constexpr Difference kDifferences[] = {
    {"SHLD and SHRD of 16 bits by more than 16: result and flags are undefined (SDM 2)",
     [](const Outcomes& o) {
       const u32 count = o.row.operands[2] == isa::Operand::CL ? o.test.before.gpr[1] : o.test.bytes[o.test.length - 1];
       return (named(o, "shld") || named(o, "shrd")) && prefixed(o, 0x66) && (count & 31) > 16;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"F2 before LOOPE and F3 before LOOPNE: AMD's take the prefix's condition, Intel's ignore the prefix",
     [](const Outcomes& o) {
       return (named(o, "loope") && prefixed(o, 0xf2)) || (named(o, "loopne") && prefixed(o, 0xf3));
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"LOCK MOV CR: AMD's take it for CR8",
     [](const Outcomes& o) { return named(o, "mov") && has_operand(o.row, {isa::Operand::Cd}) && prefixed(o, 0xf0); },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"ARPL where it may not write: whether it asks for that before it knows that it has to is the processor's matter",
     [](const Outcomes& o) { return named(o, "arpl") && o.emulated_exception.vector != Exception::kNone; },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"MASKMOVQ and MASKMOVDQU with no byte selected: faults are implementation-specific (SDM 2)",
     [](const Outcomes& o) {
       const bool wide = named(o, "maskmovdqu");
       if (!wide && !named(o, "maskmovq")) return false;
       const u32 rm = o.test.bytes[o.test.length - 1] & 7;
       const FpuState& f = o.test.before.fpu;
       u8 any = 0;
       for (u32 n = 0; n < (wide ? 16 : 8); ++n) any |= wide ? f.xmm[rm][n] : f.st[rm][n];
       return any < 0x80;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"PE beside an unmasked overflow or underflow: ours tells of the masked response's result (emu/cpu/simd_float.cpp)",
     [](const Outcomes& o) {
       constexpr u32 kOverflowOrUnderflow = 0x18;
       const u32 word = o.native.fpu.mxcsr;
       return o.native_exception.vector == 19 && (word & ~(word >> 7) & kOverflowOrUnderflow) != 0;
     },
     [](const Outcomes& o, Adjusted& a) {
       constexpr u32 kPrecision = 0x20;
       a.emulated.fpu.mxcsr = (a.emulated.fpu.mxcsr & ~kPrecision) | (o.native.fpu.mxcsr & kPrecision);
     }},
    {"an MMX instruction that faults: the manual does not say whether the x87 registers have become MMX registers by "
     "then",
     [](const Outcomes& o) {
       using enum isa::Operand;
       return o.native_exception.vector != Exception::kNone && has_operand(o.row, {Pq, Pd, Qq, Qd, Nq});
     },
     [](const Outcomes& o, Adjusted& a) {
       constexpr u16 kTop = 7 << 11;
       a.emulated.fpu.tag = o.native.fpu.tag;
       a.emulated.fpu.status = static_cast<u16>((a.emulated.fpu.status & ~kTop) | (o.native.fpu.status & kTop));
       std::memcpy(a.emulated.fpu.st, o.native.fpu.st, sizeof a.emulated.fpu.st);
     }},
    {"an operand of many parts across a page or the end of the segment: which byte is touched first is the processor's "
     "matter",
     [](const Outcomes& o) {
       using enum isa::Operand;
       if (o.native_exception.vector != 14 || !has_operand(o.row, {Mfenv, Mfsave, Mfx})) return false;
       const u32 theirs = o.native_exception.address;
       const bool over_the_end = o.emulated_exception.vector == 12 || o.emulated_exception.vector == 13;
       if (over_the_end) return theirs + 512 < 512;
       const u32 wrap = prefixed(o, 0x67) ? 0xffff : ~0u;
       return o.emulated_exception.vector == 14 && ((theirs - o.emulated_exception.address) & wrap) < 512;
     },
     [](const Outcomes& o, Adjusted& a) { a.exception = o.native_exception; }},
    {"MXCSR_MASK in an FXSAVE image: AMD's have a bit for misaligned operands",
     [](const Outcomes& o) { return named(o, "fxsave") && o.test.operand_size != 0; },
     [](const Outcomes& o, Adjusted&) {
       const u32 at = o.test.operand_address - layout::kData + 28;
       std::memcpy(&o.emulated_data[at], &o.native_data[at], 4);
     }},
};

std::string describe(const Outcomes& o) {
  std::string all = hex(o.test.bytes, o.test.length) + " with";
  static const char* const kNames[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
  for (u32 n = 0; n < 8; ++n) all += text(" %s %x", kNames[n], o.test.before.gpr[n]);
  all += text(" eip %x flags %x", o.test.before.eip, o.test.before.eflags);
  const FpuState& f = o.test.before.fpu;
  if (o.row.attributes & isa::attribute::kFpu) {
    all += text(" control %04x status %04x tag %02x mxcsr %04x", f.control, f.status, f.tag, f.mxcsr);
    const u8* modrm = o.test.bytes + o.test.length - 1;
    all += " xmm(reg) " + hex(f.xmm[*modrm >> 3 & 7], 16) + " xmm(rm) " + hex(f.xmm[*modrm & 7], 16);
    all += " ST0 " + hex(f.st[f.status >> 11 & 7], 10);
  }
  if (o.test.operand_size != 0)
    all += " at " + text("%x ", o.test.operand_address) +
           hex(o.test.operand, o.test.operand_size > 16 ? 16 : o.test.operand_size);
  return all;
}

}  // namespace

std::string compare(const Outcomes& o) {
  const bool faulted = o.native_exception.vector != Exception::kNone, single = o.test.count == 1;
  Adjusted a{o.emulated, o.emulated_exception, !faulted ? o.test.flags_undefined : single ? 0 : o.test.flags_unsure};
  for (const Difference& d : kDifferences) {
    if (single && d.applies(o)) d.adjust(o, a);
  }
  const bool system =
      o.native_exception.vector == 14 && o.native_exception.address - layout::kSystem < layout::kSystemSize;
  if (a.skip || system) return "";
  std::string all = compare_exceptions(a.exception, o.native_exception);
  for (u32 n = 0; n < 8; ++n) {
    if (o.emulated.gpr[n] != o.native.gpr[n])
      say(all, text("register %u: %08x, host %08x", n, o.emulated.gpr[n], o.native.gpr[n]));
  }
  if (o.emulated.eip != o.native.eip) say(all, text("eip %08x, host %08x", o.emulated.eip, o.native.eip));
  const u32 defined = ~a.flags_undefined;
  if ((o.emulated.eflags ^ o.native.eflags) & defined)
    say(all, text("flags %x, host %x", o.emulated.eflags, o.native.eflags));
  const std::string fpu = compare_fpu(a.emulated.fpu, o.native.fpu);
  if (!fpu.empty()) say(all, fpu);
  for (u32 n = 0; n < o.native_data.size(); ++n) {
    if (o.emulated_data[n] == o.native_data[n]) continue;
    say(all, text("at %x: ", layout::kData + n) + hex(&o.emulated_data[n], 8) + ", host " + hex(&o.native_data[n], 8));
    break;
  }
  return all.empty() ? "" : all + "\n      " + describe(o);
}

}  // namespace paemu::isa_test
