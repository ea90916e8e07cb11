// The devices: whatever a guest does to their ports, their memory, their configuration and the structures that they
// read by DMA, the emulator comes to no harm, and no single access takes long.
#include "device_steps.hpp"

extern "C" int LLVMFuzzerTestOneInput(const paemu::u8* data, paemu::usize size) {
  paemu::fuzz::run_devices({data, size});
  return 0;
}
