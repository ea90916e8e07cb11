// What AML does to the machine and asks of the system: implemented by the kernel, and by fakes in tests.
#pragma once

#include "acpi/namespace.hpp"

namespace ido::acpi {

class Hardware {
 public:
  // `bytes` (1, 2, 4, 8) at `offset` of a region; within its bounds. Errno::kOpNotSupp: no such address space here.
  virtual Or<u64> read(const Region& region, u64 offset, u32 bytes) = 0;
  virtual Or<> write(const Region& region, u64 offset, u32 bytes, u64 value) = 0;
  // Notify: handled later, not within the method that runs.
  virtual void notify(Node& node, u32 value) = 0;
  virtual void sleep(u64 nanoseconds) = 0;
  virtual u64 now_ns() = 0;
  // Store to the debug object.
  virtual void debug(const Object& object) = 0;

 protected:
  ~Hardware() = default;
};

}  // namespace ido::acpi
