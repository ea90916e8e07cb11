// The timer interrupt, from the interrupt dispatcher. For arch only.
#pragma once

namespace ido {
struct TrapFrame;
void tick(TrapFrame& frame);
}  // namespace ido
