// The state of x87, MMX and SSE as a whole: FNINIT, control words, FXSAVE and FXRSTOR, MXCSR (SDM 2; image: SDM
// 1, 10.5.1).
#include <cstring>

#include "cpu/segmentation.hpp"
#include "cpu/semantics.hpp"
#include "cpu/x87_control.hpp"

namespace paemu {

namespace {

constexpr u32 kFxImage = 512;  // bytes

bool sse_enabled(const Cpu& cpu) { return cpu.state.cr4 & cr4::kOsfxsr; }

// The 512 bytes at a 16-byte boundary, or #GP.
bool aligned16(Cpu& cpu, const Insn& i, u32& offset) {
  offset = cpu.effective_address(i);
  u32 linear;
  if (!cpu.linear_of(i.segment, offset, kFxImage, Access::kRead, linear)) return false;
  if ((linear & 15) == 0) return true;
  cpu.general_protection();
  return false;
}

template <class T>
void put(u8* image, u32 at, T value) {
  std::memcpy(image + at, &value, sizeof value);
}
template <class T>
T get(const u8* image, u32 at) {
  T value;
  std::memcpy(&value, image + at, sizeof value);
  return value;
}

}  // namespace

bool no_pending_fpu_error(Cpu& cpu) {
  if (!(cpu.state.fpu.status & fpu_status::kErrorSummary)) return true;
  if (cpu.state.cr0 & cr0::kNumericError) {
    cpu.raise(Vector::kFpuError);
    return false;
  }
  if (cpu.hooks == nullptr) return true;
  cpu.hooks->on_fpu_error(true);  // CR0.NE may have been cleared since the exception
  if (cpu.hooks->ignores_fpu_error()) return true;
  cpu.raise(Vector::kAwaitInterrupt);
  return false;
}

void FpuErrorLine::drive(bool asserted) {
  if (cpu_.hooks == nullptr || (asserted && (cpu_.state.cr0 & cr0::kNumericError))) return;
  cpu_.hooks->on_fpu_error(asserted);
  cpu_.request_attention();  // IRQ 13 is taken before the next instruction
}

void set_x87_control(Cpu& cpu, u16 word) {
  FpuState& f = cpu.state.fpu;
  constexpr u16 kAll = fpu_status::kExceptions;
  const bool masked = (word & kAll) == kAll;
  if (cpu.lent_fpu & lent::kAnyX87 && (masked || !(host_x87_status() & ~word & kAll))) {
    asm volatile("fldcw %0" : : "m"(word));
    cpu.lent_fpu &= static_cast<u8>(~lent::kAnyX87);
    cpu.lent_fpu |= masked ? lent::kX87 : lent::kX87Unmasked;
    f.control = word;
    return;
  }
  return_x87(cpu);
  const FpuErrorLine line(cpu);
  f.control = word;
  update_error_summary(f);
}

Outcome sem_fninit(Cpu& cpu, const Insn&) {
  if (!x87_available(cpu)) return Outcome::kFault;
  return_x87(cpu);
  const FpuErrorLine line(cpu);
  FpuState& f = cpu.state.fpu;
  f.control = 0x37f;
  f.status = 0;
  f.tag = 0;
  f.last_opcode = f.code_selector = f.data_selector = 0;
  f.code_offset = f.data_offset = 0;
  return Outcome::kNext;
}

Outcome sem_fnclex(Cpu& cpu, const Insn&) {
  if (!x87_available(cpu)) return Outcome::kFault;
  if (cpu.lent_fpu & lent::kAnyX87) {
    asm volatile("fnclex");
    return Outcome::kNext;
  }
  const FpuErrorLine line(cpu);
  cpu.state.fpu.status &= 0x7f00;
  return Outcome::kNext;
}

Outcome sem_emms(Cpu& cpu, const Insn&) {
  if (cpu.state.cr0 & cr0::kEmulation) return cpu.undefined();
  if (!x87_available(cpu) || !no_pending_fpu_error(cpu)) return Outcome::kFault;
  return_x87(cpu);
  cpu.state.fpu.tag = 0;
  set_fpu_top(cpu.state.fpu, 0);  // SDM 1, table 9-3
  return Outcome::kNext;
}

Outcome sem_fxsave(Cpu& cpu, const Insn& i) {
  u32 offset;
  if (!x87_available(cpu) || !aligned16(cpu, i, offset)) return Outcome::kFault;
  cpu.settle_fpu();
  // Bytes that the instruction leaves alone (416 on, and XMM without OSFXSR) keep what memory holds.
  u8 image[kFxImage];
  if (!may_write(cpu, i.segment, offset, kFxImage) || !cpu.load_bytes(i.segment, offset, image, kFxImage))
    return Outcome::kFault;
  const FpuState& f = cpu.state.fpu;
  put<u16>(image, 0, f.control);
  put<u16>(image, 2, f.status);
  put<u16>(image, 4, f.tag);
  put<u16>(image, 6, f.last_opcode);
  put<u32>(image, 8, f.code_offset);
  put<u32>(image, 12, f.code_selector);
  put<u32>(image, 16, f.data_offset);
  put<u32>(image, 20, f.data_selector);
  put<u32>(image, 24, f.mxcsr);
  put<u32>(image, 28, mxcsr_mask_image(cpu));
  for (u32 n = 0; n < 8; ++n) {
    std::memset(image + 32 + n * 16, 0, 16);
    std::memcpy(image + 32 + n * 16, f.st[(fpu_top(f) + n) & 7], 10);
  }
  if (sse_enabled(cpu)) std::memcpy(image + 160, f.xmm, sizeof f.xmm);
  return cpu.store_bytes(i.segment, offset, image, kFxImage) ? Outcome::kNext : Outcome::kFault;
}

Outcome sem_fxrstor(Cpu& cpu, const Insn& i) {
  u32 offset;
  u8 image[kFxImage];
  if (!x87_available(cpu) || !aligned16(cpu, i, offset)) return Outcome::kFault;
  cpu.settle_fpu();
  if (!cpu.load_bytes(i.segment, offset, image, kFxImage)) return Outcome::kFault;
  const u32 mxcsr = get<u32>(image, 24);
  if (sse_enabled(cpu) && (mxcsr & ~mxcsr_bits(cpu))) return cpu.general_protection();
  const FpuErrorLine line(cpu);
  FpuState& f = cpu.state.fpu;
  f.control = x87_control_word(get<u16>(image, 0));
  f.status = get<u16>(image, 2);
  f.tag = image[4];
  f.last_opcode = get<u16>(image, 6) & 0x7ff;
  f.code_offset = get<u32>(image, 8);
  f.code_selector = get<u16>(image, 12);
  f.data_offset = get<u32>(image, 16);
  f.data_selector = get<u16>(image, 20);
  for (u32 n = 0; n < 8; ++n) std::memcpy(f.st[(fpu_top(f) + n) & 7], image + 32 + n * 16, 10);
  update_error_summary(f);
  if (sse_enabled(cpu)) {
    f.mxcsr = mxcsr;
    std::memcpy(f.xmm, image + 160, sizeof f.xmm);
  }
  return Outcome::kNext;
}

Outcome sem_ldmxcsr(Cpu& cpu, const Insn& i) {
  u32 word;
  if (!sse_available(cpu) || !cpu.load(i, word)) return Outcome::kFault;
  if (word & ~mxcsr_bits(cpu)) return cpu.general_protection();
  return_mxcsr(cpu);
  cpu.state.fpu.mxcsr = word;
  return Outcome::kNext;
}

Outcome sem_stmxcsr(Cpu& cpu, const Insn& i) {
  if (!sse_available(cpu)) return Outcome::kFault;
  return_mxcsr(cpu);
  return cpu.store(i, cpu.state.fpu.mxcsr) ? Outcome::kNext : Outcome::kFault;
}

// What only the 8087 and the 287 had: does nothing, but is an instruction of the unit.
Outcome sem_x87_nothing(Cpu& cpu, const Insn&) { return x87_available(cpu) ? Outcome::kNext : Outcome::kFault; }

// Fences order nothing here: one processor, and every access is done before the next begins.
Outcome sem_fence(Cpu&, const Insn&) { return Outcome::kNext; }

// CLFLUSH: no caches to flush, but the address is checked as a load of a byte is, except that code need not be readable
// (SDM 2A, CLFLUSH).
Outcome sem_clflush(Cpu& cpu, const Insn& i) {
  using namespace segment_attribute;
  const Segment& s = cpu.state.segment[i.segment];
  u8 byte;
  if (cpu.protected_mode() && (s.attributes & (kPresent | kCode | kReadable)) == (kPresent | kCode)) {
    const u32 offset = cpu.effective_address(i);
    if (offset > s.limit) return cpu.general_protection();
    if (cpu.mmu.load(s.base + offset, cpu.privilege(), byte)) return Outcome::kNext;
    cpu.fault = cpu.mmu.fault();
    return Outcome::kFault;
  }
  return cpu.load(i, byte) ? Outcome::kNext : Outcome::kFault;
}

}  // namespace paemu
