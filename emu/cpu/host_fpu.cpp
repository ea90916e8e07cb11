#include "cpu/host_fpu.hpp"

#include <cstring>

namespace paemu {

namespace {

// The image of FNSAVE and FRSTOR in 32-bit protected mode (SDM 1, figure 8-9).
struct [[gnu::packed]] SaveImage {
  u32 control, status, tag;
  u32 code_offset, code_selector_and_opcode, data_offset, data_selector;
  u8 st[8][10];
};
static_assert(sizeof(SaveImage) == 108);

constexpr u32 kAllMasked = mxcsr::kMasks;

}  // namespace

void lend_x87(Cpu& cpu) {
  if (cpu.lent_fpu & lent::kAnyX87) return;
  const FpuState& f = cpu.state.fpu;
  SaveImage image{};
  image.control = f.control;
  image.status = f.status;
  for (u32 n = 0; n < 8; ++n) image.tag |= (f.tag >> n & 1 ? 0u : 3u) << n * 2;  // FRSTOR only asks: empty?
  for (u32 n = 0; n < 8; ++n) std::memcpy(image.st[n], f.st[(fpu_top(f) + n) & 7], 10);
  asm volatile("frstor %0" : : "m"(image));
  const bool masked = (f.control & fpu_status::kExceptions) == fpu_status::kExceptions;
  cpu.lent_fpu |= masked ? lent::kX87 : lent::kX87Unmasked;
}

void return_x87(Cpu& cpu) {
  if (!(cpu.lent_fpu & lent::kAnyX87)) return;
  SaveImage image;
  asm volatile("fnsave %0" : "=m"(image));  // and the unit is as after FNINIT, as the emulator's code expects it
  cpu.lent_fpu &= static_cast<u8>(~lent::kAnyX87);
  FpuState& f = cpu.state.fpu;
  f.status = static_cast<u16>(image.status);
  f.tag = 0;
  for (u32 n = 0; n < 8; ++n) f.tag |= static_cast<u8>((image.tag >> n * 2 & 3) != 3 ? 1u << n : 0);
  for (u32 n = 0; n < 8; ++n) std::memcpy(f.st[(fpu_top(f) + n) & 7], image.st[n], 10);
}

void lend_mxcsr(Cpu& cpu) {
  const u32 word = cpu.state.fpu.mxcsr;
  if ((cpu.lent_fpu & lent::kMxcsr) || (word & kAllMasked) != kAllMasked) return;
  asm volatile("ldmxcsr %0" : : "m"(word));
  cpu.lent_fpu |= lent::kMxcsr;
}

void return_mxcsr(Cpu& cpu) {
  if (!(cpu.lent_fpu & lent::kMxcsr)) return;
  asm volatile("stmxcsr %0\nldmxcsr %1" : "=m"(cpu.state.fpu.mxcsr) : "m"(kHostMxcsr));
  cpu.lent_fpu &= static_cast<u8>(~lent::kMxcsr);
}

void Cpu::return_fpu() {
  return_x87(*this);
  return_mxcsr(*this);
}

}  // namespace paemu
