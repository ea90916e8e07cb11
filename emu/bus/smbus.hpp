// SMBus: what a host controller and the chips on the bus need to know of each other (System Management Bus
// Specification 1.1, chapter 4). A transfer is a start with an address and then bytes, as on the wire.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

// All chips on one bus. address: 7 bits.
class SmbusTargets {
 public:
  // A start condition with this address. False: nobody acknowledges it.
  virtual bool start(u8 address) = 0;
  // A byte to the chip addressed last; the first after a start is the command code.
  virtual void send(u8 value) = 0;
  // A byte from it.
  virtual u8 receive() = 0;

 protected:
  ~SmbusTargets() = default;
};

}  // namespace paemu
