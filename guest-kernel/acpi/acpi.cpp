// Start: tables into the namespace.

#include "acpi/acpi.hpp"

#include "acpi/system.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido::acpi {

namespace {

System* the_system;  // made once, never freed

void load(System& s, const Table& table) {
  char name[5] = {};
  memcpy(name, table.data, 4);
  if (!s.interpreter.load(table.data, table.size).ok()) {
    print("acpi: %s is used only in part: %s\n", name, s.interpreter.problem());
  }
}

// \_S5: the sleep types that switch the machine off (7.4.2.6).
void find_sleep_type(System& s) {
  Node* node = s.names.find("\\_S5");
  if (node == nullptr) return;
  Value value = s.evaluate(*node);
  auto* package = value.ok() ? as_package(value.value()) : nullptr;
  if (package == nullptr || package->elements.empty()) return;
  for (u32 i = 0; i < 2 && i < package->elements.size(); ++i) {
    if (auto* type = as_integer(package->elements[i])) s.sleep_type[i] = static_cast<u8>(type->value & 7);
  }
  s.can_power_off = true;
}

// 5.2.12: how many processors and I/O APICs the MADT lists.
void count_interrupt_hardware(const Table& madt, u32& processors, u32& io_apics) {
  constexpr u8 kLocalApic = 0, kIoApic = 1;
  for (u32 at = 44; at + 2 <= madt.size && madt.data[at + 1] >= 2; at += madt.data[at + 1]) {
    if (madt.data[at] == kLocalApic && at + 8 <= madt.size && (madt.data[at + 4] & 1)) ++processors;
    if (madt.data[at] == kIoApic) ++io_apics;
  }
}

}  // namespace

System* system() { return the_system; }

Value System::evaluate(Node& node, const Ref<Object>* arguments, u32 count) {
  const MutexGuard guard(lock);
  Value value = interpreter.evaluate(node, arguments, count);
  if (!value.ok()) print("acpi: %s\n", interpreter.problem());
  return value;
}

Or<u64> System::number(Node& device, Segment name) {
  Node* node = device.child(name);
  if (node == nullptr) return fail(Errno::kNoEnt);
  const Ref<Object> value = TRY(evaluate(*node));
  u64 result = 0;
  if (!value || !to_integer(*value, interpreter.integer_bytes(), Conversion::kImplicit, result))
    return fail(Errno::kInval);
  return result;
}

void init() {
  auto* s = new (std::nothrow) System;
  if (s == nullptr || !s->names.init()) {
    print("acpi: no memory for the namespace\n");
    return;
  }
  if (Or<> found = s->tables.find(); !found.ok()) {
    print(found.error() == Errno::kNoDev ? "acpi: the firmware left no tables\n" : "acpi: the tables are damaged\n");
    return;
  }
  load(*s, s->tables.dsdt());
  u32 others = 0;
  for (Table table; (table = s->tables.get("SSDT", others)).data != nullptr; ++others) load(*s, table);
  find_sleep_type(*s);
  u32 processors = 0, io_apics = 0;
  if (const Table madt = s->tables.get("APIC", 0); madt.data != nullptr)
    count_interrupt_hardware(madt, processors, io_apics);
  print("acpi: %u names from DSDT and %u SSDT, %u processor, %u I/O APIC\n", s->names.count(), others, processors,
        io_apics);
  the_system = s;
}

}  // namespace ido::acpi
