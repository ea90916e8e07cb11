// The kernel's one ACPI system: namespace, interpreter and the lock around them. For the files of acpi/ only.
#pragma once

#include "acpi/interpreter.hpp"
#include "acpi/tables.hpp"
#include "lib/wait.hpp"

namespace ido::acpi {

class KernelHardware final : public Hardware {
 public:
  Or<u64> read(const Region& region, u64 offset, u32 bytes) override;
  Or<> write(const Region& region, u64 offset, u32 bytes, u64 value) override;
  void notify(Node& node, u32 value) override;  // to the event thread
  void sleep(u64 nanoseconds) override;
  u64 now_ns() override;
  void debug(const Object& object) override;

 private:
  // Pages of memory regions, mapped at first use and kept.
  struct Mapping {
    u64 physical = 0;
    u8* address = nullptr;
  };
  u8* map(u64 physical);
  Mapping mappings_[16];
  u32 mapping_count_ = 0;
};

struct System {
  Tables tables;
  Namespace names;
  KernelHardware hardware;
  Interpreter interpreter{names, hardware};
  Mutex lock{LockKind::kAcpi};  // around evaluations
  u8 sleep_type[2] = {};        // of S5, for PM1a and PM1b
  bool can_power_off = false;

  // Evaluates under the lock; a failure is logged.
  Value evaluate(Node& node, const Ref<Object>* arguments = nullptr, u32 count = 0);
  // A child of a device, as a number. Errno::kNoEnt: it has none.
  Or<u64> number(Node& device, Segment name);
};

// nullptr when there is no ACPI.
System* system();

// events.cpp: queues what Notify says.
void queue_notify(Node& node, u32 value);

// memory_device.cpp
void add_present_memory();                           // of slots that were filled before start()
bool handle_memory_notify(Node& device, u32 value);  // false: not a memory device

}  // namespace ido::acpi
