// The vsyscall page's image (arch/vdso.S), embedded in the kernel.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// The page, in the kernel's image.
const void* vdso_image();
// Once, while the image is writable: on a processor without SYSENTER, calls go by INT 80h.
void prepare_vdso(bool has_sysenter);

}  // namespace ido
