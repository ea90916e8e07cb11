#include "arch/vdso.hpp"

#include "arch/entry_constants.h"

// arch/vdso_image.S
extern "C" base::u8 vdso_image_start[];

namespace ido {

const void* vdso_image() { return vdso_image_start; }

void prepare_vdso(bool has_sysenter) {
  if (has_sysenter) return;
  // The two bytes of SYSENTER become a short jump over the padding, to the INT 80h before the return address.
  constexpr u32 kSysenter = VDSO_VSYSCALL - VDSO_BASE + 5, kInt = VDSO_SYSENTER_RETURN - VDSO_BASE - 2;
  vdso_image_start[kSysenter] = 0xeb;
  vdso_image_start[kSysenter + 1] = kInt - (kSysenter + 2);
}

}  // namespace ido
