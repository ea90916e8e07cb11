// FLDENV, FNSTENV, FRSTOR, FNSAVE: the x87 environment and state as memory images, in the four layouts of operand size
// and mode (SDM 1, figures 8-9 to 8-12).
#include <cstring>

#include "cpu/semantics.hpp"
#include "cpu/x87_control.hpp"

namespace paemu {

namespace {

constexpr u32 kRegisters = 80;  // bytes of eight registers
u32 environment_size(const Insn& i) { return i.flags & isa::insn_flag::kOperand16 ? 14 : 28; }

// The tag word in full (SDM 1, 8.1.7): 0 valid, 1 zero, 2 special, 3 empty.
u32 tag_of(const FpuState& f, u32 physical) {
  if (!(f.tag >> physical & 1)) return 3;
  u64 fraction;
  u16 exponent;
  std::memcpy(&fraction, f.st[physical], 8);
  std::memcpy(&exponent, f.st[physical] + 8, 2);
  exponent &= 0x7fff;
  if (exponent == 0 && fraction == 0) return 1;
  return exponent == 0 || exponent == 0x7fff || !(fraction >> 63) ? 2 : 0;
}
u16 full_tag(const FpuState& f) {
  u32 word = 0;
  for (u32 n = 0; n < 8; ++n) word |= tag_of(f, n) << n * 2;
  return static_cast<u16>(word);
}

void put(u8* at, u32 value, u32 size) { std::memcpy(at, &value, size); }
u32 get(const u8* at, u32 size) {
  u32 value = 0;
  std::memcpy(&value, at, size);
  return value;
}

bool protected_layout(const Cpu& cpu) { return cpu.protected_mode() && !cpu.virtual8086(); }

void write_environment(const Cpu& cpu, const Insn& i, u8* image) {
  const FpuState& f = cpu.state.fpu;
  const bool wide = environment_size(i) == 28;
  const u32 step = wide ? 4 : 2;
  // The upper halves of the 32-bit layout's words read as ones.
  const u32 fill = wide ? 0xffff0000u : 0;
  put(image, f.control | fill, step);
  put(image + step, f.status | fill, step);
  put(image + step * 2, full_tag(f) | fill, step);
  u8* at = image + step * 3;
  if (protected_layout(cpu)) {
    put(at, f.code_offset, step);
    put(at + step, f.code_selector | (wide ? u32{f.last_opcode} << 16 : 0), step);
    put(at + step * 2, f.data_offset, step);
    put(at + step * 3, f.data_selector | fill, step);
    return;
  }
  // Real and virtual-8086 mode: linear addresses of 20 or 32 bits.
  const u32 code = f.code_offset + (u32{f.code_selector} << 4), data = f.data_offset + (u32{f.data_selector} << 4);
  if (wide) {
    put(at, (code & 0xffff) | fill, 4);
    put(at + 4, (code >> 16 << 12) | f.last_opcode, 4);
    put(at + 8, (data & 0xffff) | fill, 4);
    put(at + 12, data >> 16 << 12, 4);
  } else {
    put(at, code, 2);
    put(at + 2, (code >> 4 & 0xf000) | f.last_opcode, 2);
    put(at + 4, data, 2);
    put(at + 6, data >> 4 & 0xf000, 2);
  }
}

void read_environment(const Cpu& cpu, const Insn& i, const u8* image, FpuState& f) {
  const bool wide = environment_size(i) == 28;
  const u32 step = wide ? 4 : 2;
  f.control = x87_control_word(get(image, 2));
  f.status = static_cast<u16>(get(image + step, 2));
  const u32 tag = get(image + step * 2, 2);
  f.tag = 0;
  for (u32 n = 0; n < 8; ++n) f.tag |= static_cast<u8>((tag >> n * 2 & 3) != 3 ? 1u << n : 0);
  const u8* at = image + step * 3;
  if (protected_layout(cpu)) {
    f.code_offset = get(at, step);
    f.code_selector = static_cast<u16>(get(at + step, 2));
    if (wide) f.last_opcode = static_cast<u16>(get(at + 6, 2) & 0x7ff);
    f.data_offset = get(at + step * 2, step);
    f.data_selector = static_cast<u16>(get(at + step * 3, 2));
  } else if (wide) {
    f.code_offset = (get(at, 2)) | (get(at + 4, 4) >> 12 & 0xffff) << 16;
    f.last_opcode = static_cast<u16>(get(at + 4, 2) & 0x7ff);
    f.data_offset = (get(at + 8, 2)) | (get(at + 12, 4) >> 12 & 0xffff) << 16;
    f.code_selector = f.data_selector = 0;
  } else {
    f.code_offset = get(at, 2) | (get(at + 2, 2) & 0xf000) << 4;
    f.last_opcode = static_cast<u16>(get(at + 2, 2) & 0x7ff);
    f.data_offset = get(at + 4, 2) | (get(at + 6, 2) & 0xf000) << 4;
    f.code_selector = f.data_selector = 0;
  }
  update_error_summary(f);
}

}  // namespace

Outcome sem_fnstenv(Cpu& cpu, const Insn& i) {
  u8 image[28];
  if (!x87_available(cpu)) return Outcome::kFault;
  return_x87(cpu);
  write_environment(cpu, i, image);
  if (!cpu.store_bytes(i.segment, cpu.effective_address(i), image, environment_size(i))) return Outcome::kFault;
  const FpuErrorLine line(cpu);
  cpu.state.fpu.control |= fpu_status::kExceptions;  // all masked afterwards (SDM 2, FSTENV)
  update_error_summary(cpu.state.fpu);
  return Outcome::kNext;
}

Outcome sem_fldenv(Cpu& cpu, const Insn& i) {
  u8 image[28];
  if (!x87_available(cpu) || !no_pending_fpu_error(cpu)) return Outcome::kFault;
  if (!cpu.load_bytes(i.segment, cpu.effective_address(i), image, environment_size(i))) return Outcome::kFault;
  return_x87(cpu);
  const FpuErrorLine line(cpu);
  read_environment(cpu, i, image, cpu.state.fpu);
  return Outcome::kNext;
}

Outcome sem_fnsave(Cpu& cpu, const Insn& i) {
  u8 image[28 + kRegisters];
  if (!x87_available(cpu)) return Outcome::kFault;
  return_x87(cpu);
  const u32 head = environment_size(i);
  write_environment(cpu, i, image);
  const FpuState& f = cpu.state.fpu;
  for (u32 n = 0; n < 8; ++n) std::memcpy(image + head + n * 10, f.st[(fpu_top(f) + n) & 7], 10);
  if (!cpu.store_bytes(i.segment, cpu.effective_address(i), image, head + kRegisters)) return Outcome::kFault;
  return sem_fninit(cpu, i);
}

Outcome sem_frstor(Cpu& cpu, const Insn& i) {
  u8 image[28 + kRegisters];
  if (!x87_available(cpu) || !no_pending_fpu_error(cpu)) return Outcome::kFault;
  const u32 head = environment_size(i);
  if (!cpu.load_bytes(i.segment, cpu.effective_address(i), image, head + kRegisters)) return Outcome::kFault;
  return_x87(cpu);
  const FpuErrorLine line(cpu);
  FpuState& f = cpu.state.fpu;
  read_environment(cpu, i, image, f);
  for (u32 n = 0; n < 8; ++n) std::memcpy(f.st[(fpu_top(f) + n) & 7], image + head + n * 10, 10);
  return Outcome::kNext;
}

}  // namespace paemu
