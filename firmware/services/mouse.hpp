// The PS/2 mouse: INT 15h, AH=C2h.
#pragma once

#include "services/frame.hpp"

namespace services {

void mouse_service(Frame& f);

}  // namespace services
