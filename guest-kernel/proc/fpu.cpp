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

void forget(const Task& task) {
  if (owner == &task) owner = nullptr;
}

}  // namespace ido::fpu
