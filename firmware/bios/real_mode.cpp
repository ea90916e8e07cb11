#include "bios/real_mode.hpp"

#include "bios/layout.hpp"

extern "C" {
void call_real(base::u32 target, firmware::RealCall* registers);
extern volatile base::u16 real_flags;
}

namespace firmware {

void call_far(u16 segment, u16 offset, RealCall& registers) {
  call_real(static_cast<u32>(segment) << 16 | offset, &registers);
  registers.flags = real_flags;
}

void call_interrupt(u32 vector, RealCall& registers) {
  call_real(*at<u32>(4 * vector), &registers);
  registers.flags = real_flags;
}

void call_services(PostCall what) {
  RealCall r;
  r.eax = static_cast<u32>(what);
  call_far(kServicesSegment, kPostEntry, r);
}

Runtime& runtime() { return *at<Runtime>(kServicesData); }

}  // namespace firmware
