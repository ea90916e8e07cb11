#include "proc/fpu.hpp"

#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido::fpu {

namespace {

Task* owner;

constexpr u32 kControlWord = 0, kStatusWord = 2, kMxcsr = 24,
              kMxcsrMask = 28;  // offsets in the FXSAVE image (SDM 1, table 10-2)
constexpr u16 kInitialControl = 0x037f;
constexpr u32 kInitialMxcsr = 0x1f80, kDefaultMxcsrMask = 0xffbf;

void fxsave(FpuState& to) { asm volatile("fxsave %0" : "=m"(to)); }
void fxrstor(const FpuState& from) { asm volatile("fxrstor %0" : : "m"(from)); }

}  // namespace

void switch_to(Task& task) {
  if (owner == &task) return;
  if (owner != nullptr) fxsave(owner->fpu);
  fxrstor(task.fpu);
  owner = &task;
}

void reset(Task& task) {
  KASSERT(reinterpret_cast<uintptr_t>(&task.fpu) % alignof(FpuState) == 0);
  memset(&task.fpu, 0, sizeof task.fpu);
  memcpy(task.fpu.image + kControlWord, &kInitialControl, sizeof kInitialControl);
  memcpy(task.fpu.image + kMxcsr, &kInitialMxcsr, sizeof kInitialMxcsr);
  if (owner == &task) fxrstor(task.fpu);
}

void save(Task& task) {
  if (owner == &task) fxsave(task.fpu);
}

void reload(Task& task) {
  // A reserved bit of MXCSR would make FXRSTOR fault (SDM 1, 11.6.6).
  static u32 mask = 0;
  if (mask == 0) {
    FpuState probe{};
    fxsave(probe);
    memcpy(&mask, probe.image + kMxcsrMask, sizeof mask);
    if (mask == 0) mask = kDefaultMxcsrMask;
  }
  u32 mxcsr;
  memcpy(&mxcsr, task.fpu.image + kMxcsr, sizeof mxcsr);
  mxcsr &= mask;
  memcpy(task.fpu.image + kMxcsr, &mxcsr, sizeof mxcsr);
  if (owner == &task) fxrstor(task.fpu);
}

i32 fault_code(Task& task, Unit unit) {
  save(task);
  // Unmasked flags. Control and status word of the x87 and MXCSR hold flags and masks in the same order (SDM 1, 8.1.3,
  // 10.2.3): invalid, denormal, divide by zero, overflow, underflow, precision.
  const u8* image = task.fpu.image;
  const u32 masks = unit == Unit::kX87 ? image[kControlWord] : image[kMxcsr] >> 7 | image[kMxcsr + 1] << 1;
  const u32 flags = (unit == Unit::kX87 ? image[kStatusWord] : image[kMxcsr]) & ~masks & 0x3f;
  constexpr i32 kCodes[] = {7, 5, 3, 4, 5, 6};  // FPE_FLTINV, UND, DIV, OVF, UND, RES
  for (u32 i = 0; i < 6; ++i)
    if (flags & (1u << i)) return kCodes[i];
  return 0;
}

namespace {

// Offsets in the FXSAVE image (SDM 1, table 10-2).
constexpr u32 kTags = 4, kOpcode = 6, kInstruction = 8, kInstructionSelector = 12, kData = 16, kDataSelector = 20,
              kStack = 32;

template <class T>
T field(const FpuState& state, u32 offset) {
  T v;
  memcpy(&v, state.image + offset, sizeof v);
  return v;
}
template <class T>
void set_field(FpuState& state, u32 offset, T v) {
  memcpy(state.image + offset, &v, sizeof v);
}

// The two-bit tag of a register that holds something (SDM 1, 8.1.7).
u32 tag_of(const u8* value) {
  constexpr u32 kValid = 0, kZero = 1, kSpecial = 2;
  const u32 exponent = value[8] | (value[9] & 0x7f) << 8;
  bool zero = true;
  for (u32 i = 0; i < 8; ++i) zero = zero && value[i] == 0;
  if (exponent == 0 && zero) return kZero;
  return exponent != 0 && exponent != 0x7fff && (value[7] & 0x80) ? kValid : kSpecial;
}

}  // namespace

UserFpRegisters classic_image(Task& task) {
  save(task);
  const FpuState& s = task.fpu;
  UserFpRegisters r{};
  const u32 top = (field<u16>(s, kStatusWord) >> 11) & 7;
  u32 tags = 0;
  for (u32 i = 0; i < 8; ++i) {
    const u8* value = s.image + kStack + 16 * ((i - top) & 7);
    tags |= ((s.image[kTags] >> i) & 1 ? tag_of(value) : 3u) << 2 * i;
    memcpy(r.stack + 10 * i, s.image + kStack + 16 * i, 10);
  }
  constexpr u32 kHigh = 0xffff0000;
  r.control = kHigh | field<u16>(s, kControlWord);
  r.status = kHigh | field<u16>(s, kStatusWord);
  r.tags = kHigh | tags;
  r.instruction = field<u32>(s, kInstruction);
  r.instruction_selector = field<u16>(s, kInstructionSelector) | u32{field<u16>(s, kOpcode)} << 16;
  r.data = field<u32>(s, kData);
  r.data_selector = kHigh | field<u16>(s, kDataSelector);
  return r;
}

void set_classic_image(Task& task, const UserFpRegisters& r) {
  save(task);
  FpuState& s = task.fpu;
  u8 present = 0;
  for (u32 i = 0; i < 8; ++i) {
    if ((r.tags >> 2 * i & 3) != 3) present |= static_cast<u8>(1u << i);
    memcpy(s.image + kStack + 16 * i, r.stack + 10 * i, 10);
  }
  set_field(s, kControlWord, static_cast<u16>(r.control));
  set_field(s, kStatusWord, static_cast<u16>(r.status));
  set_field(s, kTags, present);
  set_field(s, kOpcode, static_cast<u16>(r.instruction_selector >> 16 & 0x7ff));
  set_field(s, kInstruction, r.instruction);
  set_field(s, kInstructionSelector, static_cast<u16>(r.instruction_selector));
  set_field(s, kData, r.data);
  set_field(s, kDataSelector, static_cast<u16>(r.data_selector));
  reload(task);
}

void forget(const Task& task) {
  if (owner == &task) owner = nullptr;
}

}  // namespace ido::fpu
