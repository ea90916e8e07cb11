// Power-on state of the legacy chips.
#pragma once

namespace firmware {

void init_chipset();

}  // namespace firmware
