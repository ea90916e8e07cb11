// Operands of MMX and SSE semantics: XMM and MMX registers, and memory with the alignment rule of 128-bit operands.
//
// The host's own units do the arithmetic: guest and host are the same instruction set, so the result is exact.
#pragma once

#include <cstring>

#include "cpu/host_fpu.hpp"
#include "cpu/rm_operand.hpp"
#include "cpu/semantics.hpp"

namespace paemu::simd {

using Xmm = long long __attribute__((vector_size(16)));

inline bool is_memory(const Insn& i) { return i.flags & isa::insn_flag::kMemory; }

inline Xmm get_xmm(const Cpu& cpu, u32 n) {
  Xmm v;
  std::memcpy(&v, cpu.state.fpu.xmm[n], 16);
  return v;
}
inline void set_xmm(Cpu& cpu, u32 n, const Xmm& v) { std::memcpy(cpu.state.fpu.xmm[n], &v, 16); }

// #GP for a 128-bit operand off its boundary (SDM 1, 11.3; MOVUPS and its kin aside).
inline bool address_of(Cpu& cpu, const Insn& i, u32 size, Alignment alignment, Access access, u32& offset) {
  offset = cpu.effective_address(i);
  if (alignment == Alignment::kAny) return true;
  u32 linear;
  const bool within = cpu.linear_of(i.segment, offset, size, access, linear);
  if ((linear & 15) == 0) return within;
  cpu.general_protection();  // also when SS would give #SS
  return false;
}

// `size` bytes of memory into the low end of v, the rest zero.
inline bool load_part(Cpu& cpu, const Insn& i, u32 size, Alignment alignment, Xmm& v) {
  u32 offset;
  v = Xmm{};
  return address_of(cpu, i, size, alignment, Access::kRead, offset) && cpu.load_bytes(i.segment, offset, &v, size);
}
inline bool store_part(Cpu& cpu, const Insn& i, u32 size, Alignment alignment, const void* v) {
  u32 offset;
  return address_of(cpu, i, size, alignment, Access::kWrite, offset) && cpu.store_bytes(i.segment, offset, v, size);
}

// The rm operand: an XMM register, or `size` bytes of memory (16 of them aligned).
inline bool read_operand(Cpu& cpu, const Insn& i, u32 size, Xmm& v) {
  if (is_memory(i)) return load_part(cpu, i, size, size == 16 ? Alignment::k16 : Alignment::kAny, v);
  v = get_xmm(cpu, i.rm);
  return true;
}

// The same with a form of the rm operand (cpu/rm_operand.hpp).
template <u32 kSize, class Rm>
bool read_rm(Cpu& cpu, const Insn& i, Xmm& v) {
  if constexpr (!Rm::kIsMemory) {
    v = get_xmm(cpu, i.rm);
    return true;
  } else if constexpr (kSize == 16) {
    return Rm::template load<Alignment::k16>(cpu, i, v);
  } else {
    std::conditional_t<kSize == 8, u64, u32> part;
    if (!Rm::load(cpu, i, part)) return false;
    v = Xmm{static_cast<long long>(part), 0};
    return true;
  }
}

// MMX (SDM 1, 9.6.2): #UD with EM, #NM with TS, pending x87 errors first; then TOP is 0, all tags are valid, and a
// register written has ones in its exponent.
inline bool mmx_available(Cpu& cpu) {
  if (cpu.state.cr0 & cr0::kEmulation) {
    cpu.undefined();
    return false;
  }
  if (!x87_available(cpu) || !no_pending_fpu_error(cpu)) return false;
  return_x87(cpu);
  return true;
}
inline u64 get_mmx(const Cpu& cpu, u32 n) {
  u64 v;
  std::memcpy(&v, cpu.state.fpu.st[n & 7], 8);
  return v;
}
inline void enter_mmx(Cpu& cpu) {
  set_fpu_top(cpu.state.fpu, 0);
  cpu.state.fpu.tag = 0xff;
}
inline void set_mmx(Cpu& cpu, u32 n, u64 v) {
  std::memcpy(cpu.state.fpu.st[n & 7], &v, 8);
  std::memset(cpu.state.fpu.st[n & 7] + 8, 0xff, 2);
}
inline bool read_mmx_operand(Cpu& cpu, const Insn& i, u64& v) {
  if (is_memory(i)) return cpu.load(i, v);
  v = get_mmx(cpu, i.rm);
  return true;
}

}  // namespace paemu::simd
