// What x87, MMX and SSE semantics share: when the unit may be used, and the exceptions that wait in it.
#pragma once

#include "cpu/cpu.hpp"

namespace paemu {

// CR0.EM and CR0.TS (SDM 3A, tables 9-3 and 2-2): #NM. `wait`: WAIT/FWAIT, which asks MP and TS instead.
inline bool x87_available(Cpu& cpu) {
  if (!(cpu.state.cr0 & (cr0::kEmulation | cr0::kTaskSwitched))) return true;
  cpu.raise(Vector::kDeviceNotAvailable);
  return false;
}

// SSE needs CR4.OSFXSR and CR0.EM clear (#UD), then CR0.TS clear (#NM) (SDM 3A, 13.1.2).
inline bool sse_available(Cpu& cpu) {
  if ((cpu.state.cr0 & cr0::kEmulation) || !(cpu.state.cr4 & cr4::kOsfxsr)) {
    cpu.undefined();
    return false;
  }
  if (!(cpu.state.cr0 & cr0::kTaskSwitched)) return true;
  cpu.raise(Vector::kDeviceNotAvailable);
  return false;
}

// The same for a semantic with forms: a fast one that may not go on leaves the fault to the slow one.
template <class Mode>
bool sse_ready(Cpu& cpu) {
  if constexpr (!Mode::kFast) return sse_available(cpu);
  return !(cpu.state.cr0 & (cr0::kEmulation | cr0::kTaskSwitched)) && (cpu.state.cr4 & cr4::kOsfxsr);
}

// x87 status and control word (SDM 1, 8.1.3 and 8.1.5).
namespace fpu_status {
inline constexpr u16 kExceptions = 0x3f, kStackFault = 1u << 6, kErrorSummary = 1u << 7, kBusy = 1u << 15;
inline constexpr u32 kTopShift = 11;
}  // namespace fpu_status
inline u32 fpu_top(const FpuState& f) { return (f.status >> fpu_status::kTopShift) & 7; }
inline void set_fpu_top(FpuState& f, u32 top) {
  f.status = static_cast<u16>((f.status & ~(7u << fpu_status::kTopShift)) | ((top & 7) << fpu_status::kTopShift));
}
// ES and B follow the unmasked exceptions.
inline void update_error_summary(FpuState& f) {
  const bool pending = f.status & ~f.control & fpu_status::kExceptions;
  f.status = static_cast<u16>((f.status & ~(fpu_status::kErrorSummary | fpu_status::kBusy)) |
                              (pending ? fpu_status::kErrorSummary | fpu_status::kBusy : 0));
}

// May `size` bytes be written? False: the fault is raised. For stores that may turn out to write nothing.
inline bool may_write(Cpu& cpu, u32 segment, u32 offset, u32 size) {
  u32 linear;
  if (!cpu.linear_of(segment, offset, size, Access::kWrite, linear)) return false;
  const Privilege privilege = cpu.privilege();
  if (cpu.mmu.check_alignment(linear, size, privilege) && cpu.mmu.probe(linear, size, Access::kWrite, privilege))
    return true;
  cpu.fault = cpu.mmu.fault();
  return false;
}

// Before a waiting x87 or MMX instruction: an unmasked exception that is pending is reported now: #MF with CR0.NE, else
// FERR#, for whose interrupt the processor waits unless IGNNE# is asserted (SDM 1, 8.7). False: the fault is raised.
bool no_pending_fpu_error(Cpu& cpu);

// Held while an instruction may alter the status or control word: FERR# is asserted when the error summary bit becomes
// set with CR0.NE clear, and released when it becomes clear (SDM 1, 8.7.2).
class FpuErrorLine {
 public:
  explicit FpuErrorLine(Cpu& cpu) : cpu_(cpu), before_(pending()) {}
  FpuErrorLine(const FpuErrorLine&) = delete;
  FpuErrorLine& operator=(const FpuErrorLine&) = delete;
  ~FpuErrorLine() {
    if (pending() != before_) [[unlikely]]
      drive(!before_);
  }

 private:
  bool pending() const { return cpu_.state.fpu.status & fpu_status::kErrorSummary; }
  void drive(bool asserted);
  Cpu& cpu_;
  const bool before_;
};

// MXCSR (SDM 1, figure 10-3).
namespace mxcsr {
inline constexpr u32 kInvalid = 1u << 0, kDenormal = 1u << 1, kDivideByZero = 1u << 2, kOverflow = 1u << 3,
                     kUnderflow = 1u << 4, kPrecision = 1u << 5;
inline constexpr u32 kExceptions = 0x3f, kMaskShift = 7, kMasks = kExceptions << kMaskShift, kFlushToZero = 1u << 15;
// Found before a result is computed: when one of them is unmasked, those of the result are not looked for.
inline constexpr u32 kOfOperands = kInvalid | kDenormal | kDivideByZero;
}  // namespace mxcsr

// The bits that MXCSR has. Denormals-are-zero came with SSE2; where MXCSR_MASK in an FXSAVE image is 0 it is the former
// (SDM 1, 11.6.6).
inline u32 mxcsr_bits(const Cpu& cpu) { return cpu.model.has(Feature::kSse2) ? 0xffff : 0xffbf; }
inline u32 mxcsr_mask_image(const Cpu& cpu) { return cpu.model.has(Feature::kSse2) ? 0xffff : 0; }

}  // namespace paemu
