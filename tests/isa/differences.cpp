#include "differences.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "coverage.hpp"
#include "cpu/fault.hpp"
#include "segments.hpp"

namespace paemu::isa_test {

namespace {

bool named(const Outcomes& o, const char* mnemonic) { return isa_test::named(o.row, mnemonic); }

bool prefixed(const Outcomes& o, u8 prefix) {
  for (u32 n = 0; n < o.test.length && o.test.bytes[n] != o.row.opcode; ++n) {
    if (o.test.bytes[n] == prefix) return true;
  }
  return false;
}

constexpr int kAlignmentCheck = 17;
// #SS, #GP, #PF: what else an access may raise.
bool memory_fault(int vector) { return vector >= 12 && vector <= 14; }

bool estimate(const Outcomes& o) {
  return named(o, "rcpps") || named(o, "rcpss") || named(o, "rsqrtps") || named(o, "rsqrtss");
}

// Within 2 * 1.5 * 2^-12 of each other: each is within half of that (SDM 2, RCPPS).
void adjust_estimate(FpuState& ours, const FpuState& theirs) {
  for (u32 n = 0; n < 8; ++n) {
    for (u32 lane = 0; lane < 16; lane += 4) {
      float a, b;
      std::memcpy(&a, &ours.xmm[n][lane], 4);
      std::memcpy(&b, &theirs.xmm[n][lane], 4);
      if (std::isfinite(a) && std::fabs(a - b) <= 3.0f / 4096 * std::fabs(b)) std::memcpy(&ours.xmm[n][lane], &b, 4);
    }
  }
}

bool sets_flags_from_st0(const isa::Row& row) {
  return row.operands[0] == isa::Operand::ST0 && (row.flags_written & eflag::kCarry);
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
       return (named(o, "shld") || named(o, "shrd")) && o.test.operand16 && (count & 31) > 16;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"F2 before LOOPE and F3 before LOOPNE: AMD's take the prefix's condition, Intel's ignore the prefix",
     [](const Outcomes& o) {
       return (named(o, "loope") && prefixed(o, 0xf2)) || (named(o, "loopne") && prefixed(o, 0xf3));
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"LOCK MOV CR: AMD's take it for CR8",
     [](const Outcomes& o) {
       const u8* end = o.test.bytes + o.test.length;
       const u8* escape = std::find(o.test.bytes, end, 0x0f);
       return end - escape > 1 && (escape[1] & 0xfd) == 0x20 && std::find(o.test.bytes, escape, 0xf0) != escape;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"an undefined instruction at the end of what can be fetched: how much of it is asked for is the processor's "
     "matter",
     [](const Outcomes& o) {
       const u32 limit = segment_of(o.test.before.selector[isa::kCs]).limit;
       const bool beyond = o.native_exception.vector == 13 && o.test.before.eip + 14 > limit;
       const bool fetch = o.native_exception.vector == 14 && (o.native_exception.error_code & page_fault::kFetch);
       return o.emulated_exception.vector == 6 && (beyond || fetch);
     },
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
    {"CVTPI2PS from memory: Intel's enter the MMX state and report a pending x87 exception (SDM 2, CVTPI2PS), AMD's "
     "not",
     [](const Outcomes& o) { return named(o, "cvtpi2ps") && (o.test.modrm >> 6) != 3; },
     [](const Outcomes& o, Adjusted& a) {
       if (a.exception.vector == static_cast<int>(Vector::kFpuError)) {
         a.skip = true;
         return;
       }
       a.emulated.fpu.tag = o.native.fpu.tag;
       a.emulated.fpu.status = o.native.fpu.status;
       std::memcpy(a.emulated.fpu.st, o.native.fpu.st, sizeof a.emulated.fpu.st);
     }},
    {"FCOMI and its kin with an unmasked invalid operation: Intel's leave CF, PF and ZF (SDM 2, FCOMI), AMD's set them",
     [](const Outcomes& o) { return sets_flags_from_st0(o.row) && invalid_unmasked(o); },
     [](const Outcomes&, Adjusted& a) { a.flags_undefined |= eflag::kArithmetic; }},
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
    {"an operand of many parts across a page or the end of the segment: which part is touched first is the processor's "
     "matter",
     [](const Outcomes& o) {
       using enum isa::Operand;
       const bool parts = has_operand(o.row, {Mfenv, Mfsave, Mfx, Mt, Mp}) || named(o, "retf") || named(o, "iret") ||
                          named(o, "maskmovdqu");
       const int ours = o.emulated_exception.vector, theirs = o.native_exception.vector;
       return parts && memory_fault(ours) && memory_fault(theirs);
     },
     [](const Outcomes& o, Adjusted& a) { a.exception = o.native_exception; }},
    {"a misaligned operand that faults also otherwise: Intel's report #AC last (SDM 3A, table 6-2), AMD's not always",
     [](const Outcomes& o) {
       const int ours = o.emulated_exception.vector, theirs = o.native_exception.vector;
       return (memory_fault(ours) && theirs == kAlignmentCheck) || (ours == kAlignmentCheck && memory_fault(theirs));
     },
     [](const Outcomes& o, Adjusted& a) { a.exception = o.native_exception; }},
    {"16 bytes that need not be aligned: whether #AC is raised for them is the processor's matter (SDM 2, MOVUPS)",
     [](const Outcomes& o) {
       const bool unaligned = named(o, "movups") || named(o, "movupd") || named(o, "movdqu") || named(o, "lddqu") ||
                              named(o, "maskmovdqu") || named(o, "fxsave") || named(o, "fxrstor");
       return unaligned && o.native_exception.vector == kAlignmentCheck;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"an x87 store that an unmasked exception keeps from storing: whether its address is looked at is the processor's "
     "matter",
     [](const Outcomes& o) {
       constexpr u16 kSummary = 0x80;
       return (o.row.opcode & 0xf8) == 0xd8 && o.native_exception.vector != Exception::kNone &&
              o.emulated_exception.vector == Exception::kNone && (o.emulated.fpu.status & kSummary);
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"LOCK before the group of VERW: AMD's do not refuse it",
     [](const Outcomes& o) { return o.row.map == isa::Map::k0F && o.row.opcode == 0 && prefixed(o, 0xf0); },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"LOOP and Jcc whose own end is the end of CS: AMD's fault whether or not they jump",
     [](const Outcomes& o) {
       const u32 limit = segment_of(o.test.before.selector[isa::kCs]).limit;
       const bool loop = o.row.map == isa::Map::k1 && (o.row.opcode & 0xfc) == 0xe0;
       const bool jcc = o.row.map == isa::Map::k0F && (o.row.opcode & 0xf0) == 0x80;
       return (loop || jcc) && o.test.before.eip + o.test.length > limit;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"ENTER whose last look at the stack is misaligned: AMD's raise #AC for it",
     [](const Outcomes& o) { return named(o, "enter") && o.native_exception.vector == kAlignmentCheck; },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"POPA that faults: AMD's have loaded some of the registers by then",
     [](const Outcomes& o) { return named(o, "popa") && o.native_exception.vector != Exception::kNone; },
     [](const Outcomes& o, Adjusted& a) {
       const u32 esp = a.emulated.gpr[isa::kEsp];
       std::memcpy(a.emulated.gpr, o.native.gpr, sizeof a.emulated.gpr);
       a.emulated.gpr[isa::kEsp] = esp;
     }},
    {"ENTER and PUSHA that fault: what they have written below the stack pointer by then is the processor's matter",
     [](const Outcomes& o) {
       return (named(o, "enter") || named(o, "pusha")) && o.native_exception.vector != Exception::kNone;
     },
     [](const Outcomes& o, Adjusted&) { std::memcpy(&o.emulated_data[0], &o.native_data[0], layout::kDataSize); }},
    {"LSL of the segment whose limit is the number of the host's processor",
     [](const Outcomes& o) { return named(o, "lsl"); },
     [](const Outcomes& o, Adjusted& a) {
       const u32 reg = o.test.modrm >> 3 & 7;
       if (a.emulated.gpr[reg] == 0 && o.native.gpr[reg] < 0x1000) a.emulated.gpr[reg] = o.native.gpr[reg];
     }},
    {"selectors of descriptors that are the host's own",
     [](const Outcomes& o) {
       for (const u16 selector : o.native.selector) {
         if ((selector & ~3) == 0x30 || (selector & ~3) == 0x78) return true;
       }
       return false;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"a call that faults because of its target: AMD's push first, Intel's look at the limit first (SDM 2A, CALL)",
     [](const Outcomes& o) { return named(o, "call"); },
     [](const Outcomes& o, Adjusted& a) {
       if (o.native_exception.vector == Exception::kNone) return;
       if (memory_fault(a.exception.vector) && memory_fault(o.native_exception.vector))
         a.exception = o.native_exception;
       for (u32 n = 0; n < 8; ++n) {
         const Segment ss = segment_of(o.test.before.selector[isa::kSs]);
         const u32 mask = ss.attributes & 0x4000 ? ~0u : 0xffffu;
         const u32 at = ss.base + ((o.test.before.gpr[isa::kEsp] - 1 - n) & mask) - layout::kData;
         if (at < layout::kDataSize) o.emulated_data[at] = o.native_data[at];
       }
     }},
    {"RDTSC and RDPMC: the time is another", [](const Outcomes& o) { return named(o, "rdtsc") || named(o, "rdpmc"); },
     [](const Outcomes& o, Adjusted& a) {
       a.emulated.gpr[isa::kEax] = o.native.gpr[isa::kEax];
       a.emulated.gpr[isa::kEdx] = o.native.gpr[isa::kEdx];
     }},
    {"RCPPS, RSQRTPS: estimates, of which the manual gives the relative error only", estimate,
     [](const Outcomes& o, Adjusted& a) { adjust_estimate(a.emulated.fpu, o.native.fpu); }},
    {"MXCSR bit 17: AMD's have it, for misaligned operands",
     [](const Outcomes& o) {
       constexpr u32 kMisaligned = 1u << 17;
       return o.emulated_exception.vector == 13 && (o.native.fpu.mxcsr & kMisaligned) != 0;
     },
     [](const Outcomes&, Adjusted& a) { a.skip = true; }},
    {"MXCSR_MASK in an FXSAVE image: AMD's have a bit for misaligned operands",
     [](const Outcomes& o) { return named(o, "fxsave") && o.test.operand_size != 0; },
     [](const Outcomes& o, Adjusted&) {
       const u32 at = o.test.operand_address - layout::kData + 28;
       std::memcpy(&o.emulated_data[at], &o.native_data[at], 4);
     }},
};

}  // namespace

bool invalid_unmasked(const Outcomes& o) {
  constexpr u32 kInvalid = 1;
  const FpuState& f = o.native.fpu;
  return f.status & ~f.control & kInvalid;
}

void adjust(const Outcomes& o, Adjusted& a) {
  for (const Difference& d : kDifferences) {
    if (d.applies(o)) d.adjust(o, a);
  }
}

}  // namespace paemu::isa_test
