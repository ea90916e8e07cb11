// Packed integers on MMX registers, shifts by an immediate, shuffles: executed by the host's own (SDM 2).
#include "cpu/simd.hpp"

namespace paemu {

using namespace simd;

namespace {

// T: what is read from memory.
template <class T, class Operate>
Outcome on_mmx(Cpu& cpu, const Insn& i, Operate operate) {
  T part;
  if (!mmx_available(cpu) || (is_memory(i) && !cpu.load(i, part))) return Outcome::kFault;
  const u64 source = is_memory(i) ? part : get_mmx(cpu, i.rm);
  enter_mmx(cpu);
  u64 target = get_mmx(cpu, i.reg);
  operate(target, source);
  set_mmx(cpu, i.reg, target);
  return Outcome::kNext;
}

// Shifts by an immediate: the register is rm, the count comes as the second operand of the variable form.
template <class Operate>
Outcome shift_xmm(Cpu& cpu, const Insn& i, Operate operate) {
  if (!sse_available(cpu)) return Outcome::kFault;
  Xmm target = get_xmm(cpu, i.rm);
  operate(target, Xmm{static_cast<long long>(i.immediate & 0xff), 0});
  set_xmm(cpu, i.rm, target);
  return Outcome::kNext;
}
template <class Operate>
Outcome shift_mmx(Cpu& cpu, const Insn& i, Operate operate) {
  if (!mmx_available(cpu)) return Outcome::kFault;
  enter_mmx(cpu);
  u64 target = get_mmx(cpu, i.rm);
  operate(target, u64{i.immediate & 0xff});
  set_mmx(cpu, i.rm, target);
  return Outcome::kNext;
}

}  // namespace

#define HOST_XMM(text) [](Xmm& a, const Xmm& b) { asm(text " %1, %0" : "+x"(a) : "x"(b)); }
#define HOST_MMX(text)                                                                                \
  [](u64& a, u64 b) {                                                                                 \
    asm("movq %0, %%mm0; " text " %1, %%mm0; movq %%mm0, %0; emms" : "+m"(a) : "m"(b) : "mm0", "st"); \
  }

#define XMM(name)  // in simd_integer_forms.hpp
#define MMX(name) \
  Outcome sem_##name##_mmx(Cpu& cpu, const Insn& i) { return on_mmx<u64>(cpu, i, HOST_MMX(#name)); }
#define MMX_LOW(name) \
  Outcome sem_##name##_mmx(Cpu& cpu, const Insn& i) { return on_mmx<u32>(cpu, i, HOST_MMX(#name)); }
#define BOTH(name) MMX(name)
#define SHIFT(name)                                                                                   \
  BOTH(name)                                                                                          \
  Outcome sem_##name##_xmm_by(Cpu& cpu, const Insn& i) { return shift_xmm(cpu, i, HOST_XMM(#name)); } \
  Outcome sem_##name##_mmx_by(Cpu& cpu, const Insn& i) { return shift_mmx(cpu, i, HOST_MMX(#name)); }

#include "cpu/simd_integer.inc"

#undef SHIFT
#undef BOTH
#undef MMX_LOW
#undef MMX
#undef XMM

// PSLLDQ and PSRLDQ shift by bytes; 16 and more leave nothing.
Outcome sem_pslldq(Cpu& cpu, const Insn& i) {
  return shift_xmm(cpu, i, [](Xmm& a, const Xmm& count) {
    u8 bytes[32] = {};
    const u32 n = count[0] > 16 ? 16 : static_cast<u32>(count[0]);
    std::memcpy(bytes + 16, &a, 16);
    std::memcpy(&a, bytes + 16 - n, 16);
  });
}
Outcome sem_psrldq(Cpu& cpu, const Insn& i) {
  return shift_xmm(cpu, i, [](Xmm& a, const Xmm& count) {
    u8 bytes[32] = {};
    const u32 n = count[0] > 16 ? 16 : static_cast<u32>(count[0]);
    std::memcpy(bytes, &a, 16);
    std::memcpy(&a, bytes + n, 16);
  });
}

namespace {

template <class T>
void pick(void* to, const void* from, u32 order, u32 first) {
  T in[8], out[8];
  std::memcpy(in, from, 16);
  std::memcpy(out, from, 16);
  for (u32 n = 0; n < 4; ++n) out[first + n] = in[first + ((order >> n * 2) & 3)];
  std::memcpy(to, out, 16);
}

template <class T, u32 kFirst>
Outcome shuffle(Cpu& cpu, const Insn& i) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, 16, source)) return Outcome::kFault;
  Xmm target;
  if constexpr (sizeof(T) == 4) {
    T in[4], out[4];
    std::memcpy(in, &source, 16);
    for (u32 n = 0; n < 4; ++n) out[n] = in[(i.immediate >> n * 2) & 3];
    std::memcpy(&target, out, 16);
  } else {
    pick<T>(&target, &source, i.immediate, kFirst);
  }
  set_xmm(cpu, i.reg, target);
  return Outcome::kNext;
}

}  // namespace

Outcome sem_pshufd(Cpu& cpu, const Insn& i) { return shuffle<u32, 0>(cpu, i); }
Outcome sem_pshuflw(Cpu& cpu, const Insn& i) { return shuffle<u16, 0>(cpu, i); }
Outcome sem_pshufhw(Cpu& cpu, const Insn& i) { return shuffle<u16, 4>(cpu, i); }

Outcome sem_pshufw(Cpu& cpu, const Insn& i) {
  u64 source;
  if (!mmx_available(cpu) || !read_mmx_operand(cpu, i, source)) return Outcome::kFault;
  enter_mmx(cpu);
  u64 target = 0;
  for (u32 n = 0; n < 4; ++n) target |= ((source >> ((i.immediate >> n * 2) & 3) * 16) & 0xffff) << n * 16;
  set_mmx(cpu, i.reg, target);
  return Outcome::kNext;
}

Outcome sem_pinsrw_xmm(Cpu& cpu, const Insn& i) {
  u16 word;
  if (!sse_available(cpu) || !cpu.read_rm(i, word)) return Outcome::kFault;
  std::memcpy(cpu.state.fpu.xmm[i.reg] + (i.immediate & 7) * 2, &word, 2);
  return Outcome::kNext;
}
Outcome sem_pinsrw_mmx(Cpu& cpu, const Insn& i) {
  u16 word;
  if (!mmx_available(cpu) || !cpu.read_rm(i, word)) return Outcome::kFault;
  enter_mmx(cpu);
  const u32 shift = (i.immediate & 3) * 16;
  set_mmx(cpu, i.reg, (get_mmx(cpu, i.reg) & ~(u64{0xffff} << shift)) | u64{word} << shift);
  return Outcome::kNext;
}
Outcome sem_pextrw_xmm(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  u16 word;
  std::memcpy(&word, cpu.state.fpu.xmm[i.rm] + (i.immediate & 7) * 2, 2);
  cpu.state.gpr[i.reg] = word;
  return Outcome::kNext;
}
Outcome sem_pextrw_mmx(Cpu& cpu, const Insn& i) {
  if (!mmx_available(cpu)) return Outcome::kFault;
  enter_mmx(cpu);
  cpu.state.gpr[i.reg] = static_cast<u16>(get_mmx(cpu, i.rm) >> (i.immediate & 3) * 16);
  return Outcome::kNext;
}
Outcome sem_pmovmskb_xmm(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  u32 mask = 0;
  for (u32 n = 0; n < 16; ++n) mask |= static_cast<u32>(cpu.state.fpu.xmm[i.rm][n] >> 7) << n;
  cpu.state.gpr[i.reg] = mask;
  return Outcome::kNext;
}
Outcome sem_pmovmskb_mmx(Cpu& cpu, const Insn& i) {
  if (!mmx_available(cpu)) return Outcome::kFault;
  enter_mmx(cpu);
  u32 mask = 0;
  for (u32 n = 0; n < 8; ++n) mask |= static_cast<u32>(cpu.state.fpu.st[i.rm][n] >> 7) << n;
  cpu.state.gpr[i.reg] = mask;
  return Outcome::kNext;
}

}  // namespace paemu
