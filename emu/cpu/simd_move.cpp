// Moves between XMM, MMX and general registers, and shuffles of floating-point lanes (SDM 2).
#include "cpu/simd.hpp"

namespace paemu {

using namespace simd;

namespace {

// Copies `size` bytes at `at` of a register.
void put(Cpu& cpu, u32 n, u32 at, const void* from, u32 size) { std::memcpy(cpu.state.fpu.xmm[n] + at, from, size); }
const u8* xmm(const Cpu& cpu, u32 n, u32 at = 0) { return cpu.state.fpu.xmm[n] + at; }

Outcome store_half(Cpu& cpu, const Insn& i, u32 at) {
  return sse_available(cpu) && store_part(cpu, i, 8, Alignment::kAny, xmm(cpu, i.reg, at)) ? Outcome::kNext
                                                                                           : Outcome::kFault;
}

// Lanes of T of the source, by number.
template <class T, class Choose>
Outcome spread(Cpu& cpu, const Insn& i, u32 size, Choose choose) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  constexpr u32 kLanes = 16 / sizeof(T);
  T in[kLanes], out[kLanes];
  std::memcpy(in, &source, 16);
  for (u32 n = 0; n < kLanes; ++n) out[n] = in[choose(n)];
  put(cpu, i.reg, 0, out, 16);
  return Outcome::kNext;
}

// SHUFPS, SHUFPD: the lower lanes are chosen from the target, the upper ones from the source.
template <class T, u32 kBits>
Outcome shuffle_two(Cpu& cpu, const Insn& i) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, 16, source)) return Outcome::kFault;
  constexpr u32 kLanes = 16 / sizeof(T);
  T a[kLanes], b[kLanes], out[kLanes];
  std::memcpy(a, xmm(cpu, i.reg), 16);
  std::memcpy(b, &source, 16);
  for (u32 n = 0; n < kLanes; ++n) out[n] = (n < kLanes / 2 ? a : b)[(i.immediate >> n * kBits) & (kLanes - 1)];
  put(cpu, i.reg, 0, out, 16);
  return Outcome::kNext;
}

// Stores the bytes whose mask byte has its top bit set, at DS:(E)DI or the override's segment.
Outcome store_masked(Cpu& cpu, const Insn& i, const u8* data, const u8* mask, u32 size) {
  const u32 start = cpu.state.gpr[isa::kEdi] & (i.flags & isa::insn_flag::kAddress16 ? 0xffffu : ~0u);
  u8 bytes[16];
  bool any = false;
  for (u32 n = 0; n < size; ++n) any |= mask[n] >> 7;
  if (!any) return Outcome::kNext;
  if (!may_write(cpu, i.segment, start, size) || !cpu.load_bytes(i.segment, start, bytes, size)) return Outcome::kFault;
  for (u32 n = 0; n < size; ++n)
    if (mask[n] >> 7) bytes[n] = data[n];
  return cpu.store_bytes(i.segment, start, bytes, size) ? Outcome::kNext : Outcome::kFault;
}

}  // namespace

Outcome sem_movhlps(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  put(cpu, i.reg, 0, xmm(cpu, i.rm, 8), 8);
  return Outcome::kNext;
}
Outcome sem_movlhps(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  put(cpu, i.reg, 8, xmm(cpu, i.rm), 8);
  return Outcome::kNext;
}

Outcome sem_movd_to_xmm(Cpu& cpu, const Insn& i) {
  u32 v;
  if (!sse_available(cpu) || !cpu.read_rm(i, v)) return Outcome::kFault;
  set_xmm(cpu, i.reg, Xmm{static_cast<long long>(v), 0});
  return Outcome::kNext;
}
Outcome sem_movd_from_xmm(Cpu& cpu, const Insn& i) {
  u32 v;
  std::memcpy(&v, xmm(cpu, i.reg), 4);
  return sse_available(cpu) && cpu.write_rm(i, v) ? Outcome::kNext : Outcome::kFault;
}
Outcome sem_movq_to_xmm(Cpu& cpu, const Insn& i) {
  Xmm v;
  if (!sse_available(cpu) || !read_operand(cpu, i, 8, v)) return Outcome::kFault;
  set_xmm(cpu, i.reg, Xmm{v[0], 0});
  return Outcome::kNext;
}
Outcome sem_movq_from_xmm(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  if (is_memory(i)) return store_half(cpu, i, 0);
  set_xmm(cpu, i.rm, Xmm{get_xmm(cpu, i.reg)[0], 0});
  return Outcome::kNext;
}

Outcome sem_movd_to_mmx(Cpu& cpu, const Insn& i) {
  u32 v;
  if (!mmx_available(cpu) || !cpu.read_rm(i, v)) return Outcome::kFault;
  enter_mmx(cpu);
  set_mmx(cpu, i.reg, v);
  return Outcome::kNext;
}
Outcome sem_movd_from_mmx(Cpu& cpu, const Insn& i) {
  if (!mmx_available(cpu) || !cpu.write_rm(i, static_cast<u32>(get_mmx(cpu, i.reg)))) return Outcome::kFault;
  enter_mmx(cpu);
  return Outcome::kNext;
}
Outcome sem_movq_to_mmx(Cpu& cpu, const Insn& i) {
  u64 v;
  if (!mmx_available(cpu) || !read_mmx_operand(cpu, i, v)) return Outcome::kFault;
  enter_mmx(cpu);
  set_mmx(cpu, i.reg, v);
  return Outcome::kNext;
}
Outcome sem_movq_from_mmx(Cpu& cpu, const Insn& i) {
  if (!mmx_available(cpu)) return Outcome::kFault;
  const u64 v = get_mmx(cpu, i.reg);
  if (is_memory(i) && !cpu.store(i, v)) return Outcome::kFault;
  enter_mmx(cpu);
  if (!is_memory(i)) set_mmx(cpu, i.rm, v);
  return Outcome::kNext;
}
Outcome sem_movntq(Cpu& cpu, const Insn& i) { return sem_movq_from_mmx(cpu, i); }
Outcome sem_movnti(Cpu& cpu, const Insn& i) {
  return cpu.store(i, cpu.state.gpr[i.reg]) ? Outcome::kNext : Outcome::kFault;
}

Outcome sem_movdq2q(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu) || !mmx_available(cpu)) return Outcome::kFault;
  enter_mmx(cpu);
  set_mmx(cpu, i.reg, static_cast<u64>(get_xmm(cpu, i.rm)[0]));
  return Outcome::kNext;
}
Outcome sem_movq2dq(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu) || !mmx_available(cpu)) return Outcome::kFault;
  enter_mmx(cpu);
  set_xmm(cpu, i.reg, Xmm{static_cast<long long>(get_mmx(cpu, i.rm)), 0});
  return Outcome::kNext;
}

Outcome sem_maskmovdqu(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  return store_masked(cpu, i, xmm(cpu, i.reg), xmm(cpu, i.rm), 16);
}
Outcome sem_maskmovq(Cpu& cpu, const Insn& i) {
  if (!mmx_available(cpu)) return Outcome::kFault;
  const Outcome done = store_masked(cpu, i, cpu.state.fpu.st[i.reg & 7], cpu.state.fpu.st[i.rm & 7], 8);
  if (done == Outcome::kNext) enter_mmx(cpu);
  return done;
}

Outcome sem_movmskps(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  u32 mask = 0;
  for (u32 n = 0; n < 4; ++n) mask |= static_cast<u32>(*xmm(cpu, i.rm, n * 4 + 3) >> 7) << n;
  cpu.state.gpr[i.reg] = mask;
  return Outcome::kNext;
}
Outcome sem_movmskpd(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  cpu.state.gpr[i.reg] = static_cast<u32>(*xmm(cpu, i.rm, 7) >> 7) | static_cast<u32>(*xmm(cpu, i.rm, 15) >> 7) << 1;
  return Outcome::kNext;
}

Outcome sem_shufps(Cpu& cpu, const Insn& i) { return shuffle_two<u32, 2>(cpu, i); }
Outcome sem_shufpd(Cpu& cpu, const Insn& i) { return shuffle_two<u64, 1>(cpu, i); }
Outcome sem_movsldup(Cpu& cpu, const Insn& i) {
  return spread<u32>(cpu, i, 16, [](u32 n) { return n & ~1u; });
}
Outcome sem_movshdup(Cpu& cpu, const Insn& i) {
  return spread<u32>(cpu, i, 16, [](u32 n) { return n | 1; });
}
Outcome sem_movddup(Cpu& cpu, const Insn& i) {
  return spread<u64>(cpu, i, 8, [](u32) { return 0u; });
}

}  // namespace paemu
