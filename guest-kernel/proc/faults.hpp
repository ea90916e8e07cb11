// Exceptions of user code become page-ins or signals. For boot.
#pragma once

namespace ido {
void init_faults();
}  // namespace ido
