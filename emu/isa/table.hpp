// The instruction table as data: what a row of isa/x86.inc says. Decoder, names, engines, tests and docs read it here.
#pragma once

#include <span>

#include "base/types.hpp"
#include "isa/insn.hpp"

namespace paemu::isa {

enum class Map : u8 { k1, k0F };  // one-byte opcodes, and those after 0F

// The mandatory prefix (SDM 2, 2.1.2). kAny: prefixes 66, F2 and F3 are not part of the encoding.
enum class Prefix : u8 { kAny, kNone, k66, kF3, kF2 };

// What the encoding demands of a ModRM byte.
struct Modrm {
  static constexpr u8 kFree = 8;
  enum class Mod : u8 { kEither, kMemory, kRegister };
  bool present = false;
  Mod mod = Mod::kEither;
  u8 reg = kFree;
  u8 rm = kFree;
};
inline constexpr Modrm kNoModrm{};
inline constexpr Modrm kModrm{true};
inline constexpr Modrm kMem{true, Modrm::Mod::kMemory};
inline constexpr Modrm kReg{true, Modrm::Mod::kRegister};
constexpr Modrm kDigit(u8 n) { return {true, Modrm::Mod::kEither, n}; }                  // /n
constexpr Modrm kMemDigit(u8 n) { return {true, Modrm::Mod::kMemory, n}; }               // /n, memory only
constexpr Modrm kRegDigit(u8 n) { return {true, Modrm::Mod::kRegister, n}; }             // /n, register only
constexpr Modrm kRegExact(u8 n, u8 rm) { return {true, Modrm::Mod::kRegister, n, rm}; }  // one ModRM byte

// Operand kinds in the manual's notation (SDM 2, appendix A.2), without those of 64-bit mode.
// clang-format off
enum class Operand : u8 {
  kNothing,
  Eb, Ew, Ed, Ev,           // ModRM.rm: general register or memory
  Gb, Gw, Gd, Gv,           // ModRM.reg: general register
  Zb, Zv,                   // general register in the opcode's low three bits
  Ib, Ibs, Iw, Iz,          // immediate; Ibs: byte, sign-extended to the operand size
  Jb, Jz,                   // displacement from the next instruction
  Ap,                       // far pointer in the instruction
  M, Ma, Mb, Mw, Md, Mq, Mdq, Mp, Ms,  // memory only; Ma: pair of bounds, Mp: far pointer, Ms: table register image
  Mt, Mfenv, Mfsave, Mfx,   // memory only: 80-bit real, x87 environment, x87 state, FXSAVE image
  Ob, Ov,                   // memory at the offset in the instruction
  Xb, Xv, Yb, Yv,           // strings at DS:(E)SI and ES:(E)DI
  Rd, Cd, Dd,               // general register by rm; control and debug register by reg
  Sw,                       // segment register by reg
  Fv,                       // flags
  AL, CL, DX, eAX, One, ES, CS, SS, DS, FS, GS,
  Pq, Pd, Qq, Qd, Nq,       // MMX by reg; MMX by rm or memory; MMX by rm, register only
  Vdq, Vq, Vd, Vps, Vpd, Vss, Vsd,  // XMM by reg
  Wdq, Wq, Wd, Wps, Wpd, Wss, Wsd,  // XMM by rm, or memory
  Udq, Uq, Ups, Upd,        // XMM by rm, register only
  ST0, STi,
};
// clang-format on

// Attributes.
namespace attribute {
inline constexpr u16 kNothing = 0;
inline constexpr u16 kLockable = 1u << 0;       // LOCK is legal when the destination is memory
inline constexpr u16 kPrivileged = 1u << 1;     // CPL 0 only, in protected mode
inline constexpr u16 kEndsBlock = 1u << 2;      // may go elsewhere than to the next instruction, or alter the mode
inline constexpr u16 kByRegister = 1u << 3;     // the row stands for 8 opcodes: low three bits name a register
inline constexpr u16 kByCondition = 1u << 4;    // for 16 opcodes: low four bits are a condition
inline constexpr u16 kString = 1u << 5;         // F2 and F3 repeat it
inline constexpr u16 kSlow = 1u << 6;           // sees time, mode or devices: the engine saves all state around it
inline constexpr u16 kFpu = 1u << 7;            // x87, MMX or SSE state
inline constexpr u16 kProtectedOnly = 1u << 8;  // #UD in real and virtual-8086 mode
}  // namespace attribute

struct Row {
  const char* mnemonic;
  Map map;
  u8 opcode;
  Prefix prefix;
  Modrm modrm;
  Operand operands[4];
  u32 flags_read, flags_written, flags_undefined;  // at their EFLAGS positions
  u16 attributes;
};

// All rows, in the order of x86.inc; Insn::row is an index into it.
std::span<const Row> rows();

}  // namespace paemu::isa
