// Memory devices (PNP0C80): what happens when a DIMM comes or is to go (ACPI 9.11, 6.3.5 for _OST).
//
//   Device Check    _STA, _CRS, _PXM -> add and online -> _OST (1, 0), or (1, 1)
//   Eject Request   _OST (3, 0x84) -> offline and remove -> _EJ0, _OST (3, 0), or _OST (3, 0x82)
//
// A refused removal also puts its reason on the debug port, where whoever asked for it can read it.

#include "abi/ports.hpp"
#include "acpi/resources.hpp"
#include "acpi/system.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/hotplug.hpp"

namespace ido::acpi {

namespace {

// Notification values (5.6.6).
constexpr u32 kBusCheck = 0, kDeviceCheck = 1, kEjectRequest = 3;
// _OST status codes (6.3.5, tables 6.57 to 6.60).
constexpr u32 kSuccess = 0, kFailure = 1, kBusy = 0x82, kInProgress = 0x84;

constexpr u32 kStaEnabled = 1u << 1, kStaPresent = 1u << 0;
constexpr u64 kMemoryDeviceId = 0x800cd041;  // EISAID "PNP0C80"
constexpr u32 kMaxRanges = 4;

// A DIMM whose memory is in use.
struct MemoryDevice {
  Ref<Node> node;
  MemoryResource ranges[kMaxRanges];
  u32 range_count = 0;
};

Vector<MemoryDevice>* devices;

bool is_memory_device(Node& node) {
  if (node.type() != Type::kDevice) return false;
  Node* id = node.child(segment("_HID"));
  if (id == nullptr) return false;
  if (auto* number = as_integer(id->object())) return number->value == kMemoryDeviceId;
  if (auto* text = as_string(id->object())) {
    return StringView(reinterpret_cast<const char*>(text->data), text->size) == StringView("PNP0C80");
  }
  return false;
}

// The index among the devices in use, or their number.
u32 find(const Node& node) {
  u32 i = 0;
  while (i < devices->size() && (*devices)[i].node.get() != &node) ++i;
  return i;
}

void report(System& s, Node& device, u32 event, u32 status) {
  Node* method = device.child(segment("_OST"));
  if (method == nullptr) return;
  const Ref<Object> arguments[] = {make_integer(event), make_integer(status), make_bytes(Type::kBuffer, nullptr, 0)};
  (void)s.evaluate(*method, arguments, 3);
}

Or<> read_ranges(System& s, MemoryDevice& device) {
  Node* node = device.node->child(segment("_CRS"));
  if (node == nullptr) return fail(Errno::kNoDev);
  const Ref<Object> value = TRY(s.evaluate(*node));
  auto* resources = as_buffer(value);
  if (resources == nullptr) return fail(Errno::kInval);
  u32 at = 0;
  while (device.range_count < kMaxRanges && next_memory(*resources, at, device.ranges[device.range_count]))
    ++device.range_count;
  return device.range_count > 0 ? Or<>{} : fail(Errno::kNoDev);
}

// Is the DIMM in the slot the size and where the one was that we know? After a pull without warning it may not be.
bool holds_what_it_did(System& s, const MemoryDevice& known) {
  MemoryDevice now;
  now.node = known.node;
  if (!read_ranges(s, now).ok() || now.range_count != known.range_count) return false;
  for (u32 i = 0; i < now.range_count; ++i) {
    if (now.ranges[i].base != known.ranges[i].base || now.ranges[i].size != known.ranges[i].size) return false;
  }
  return true;
}

// All ranges or none.
Or<> add_ranges(const MemoryDevice& device, u32 node) {
  for (u32 i = 0; i < device.range_count; ++i) {
    Or<> added = add_and_online_memory(device.ranges[i].base, device.ranges[i].size, node);
    if (added.ok()) continue;
    while (i-- > 0) {
      OfflineReport ignored;
      (void)offline_and_remove_memory(device.ranges[i].base, device.ranges[i].size, ignored);
    }
    return added;
  }
  return {};
}

Or<> add(System& s, Node& node) {
  MemoryDevice device;
  device.node = &node;
  TRY(read_ranges(s, device));
  Or<u64> proximity = s.number(node, segment("_PXM"));
  const u32 memory_node = proximity.ok() ? static_cast<u32>(proximity.value()) : 0;
  TRY(devices->reserve(devices->size() + 1));
  TRY(add_ranges(device, memory_node));
  for (u32 i = 0; i < device.range_count; ++i) {
    const MemoryResource& r = device.ranges[i];
    print("memory: %llu MiB at 0x%llx, node %u: added\n", static_cast<unsigned long long>(r.size >> 20),
          static_cast<unsigned long long>(r.base), memory_node);
  }
  return devices->push(std::move(device));
}

bool is_enabled(System& s, Node& node) {
  Or<u64> status = s.number(node, segment("_STA"));
  // Without _STA a device is there (6.3.7).
  if (!status.ok()) return status.error() == Errno::kNoEnt;
  return (status.value() & (kStaEnabled | kStaPresent)) == (kStaEnabled | kStaPresent);
}

void check(System& s, Node& node, u32 event) {
  char path[Node::kPathSize];
  node.path(path);
  const u32 known = find(node);
  if (!is_enabled(s, node)) {
    if (known < devices->size()) {
      print("memory: %s is gone without having been released: what was in it is lost\n", path);
      devices->erase(known);
    }
    return;
  }
  if (known < devices->size()) {
    const bool same = holds_what_it_did(s, (*devices)[known]);
    if (!same) print("memory: %s was exchanged without having been released: it is not used until a restart\n", path);
    report(s, node, event, same ? kSuccess : kFailure);
    return;
  }
  if (Or<> added = add(s, node); !added.ok()) {
    print("memory: %s can't be added, error %d\n", path, static_cast<i32>(added.error()));
    report(s, node, event, kFailure);
    return;
  }
  report(s, node, event, kSuccess);
}

// One line on the debug port.
void tell_debug_port(const char* line) {
  for (; *line != '\0'; ++line) out8(abi::port::kE9, static_cast<u8>(*line));
  out8(abi::port::kE9, '\n');
}

// All ranges or none: what was released before the range that can't be is taken back.
Or<> release(MemoryDevice& device, OfflineReport& why) {
  for (u32 i = 0; i < device.range_count; ++i) {
    Or<> gone = offline_and_remove_memory(device.ranges[i].base, device.ranges[i].size, why);
    if (gone.ok()) continue;
    while (i-- > 0) (void)add_and_online_memory(device.ranges[i].base, device.ranges[i].size, 0);
    return gone;
  }
  return {};
}

void eject(System& s, Node& node) {
  const u32 known = find(node);
  report(s, node, kEjectRequest, kInProgress);
  if (known < devices->size()) {
    MemoryDevice& device = (*devices)[known];
    const u64 base = device.ranges[0].base;
    OfflineReport why;
    if (!release(device, why).ok()) {
      char reason[160], line[224];
      why.format(reason, sizeof(reason));
      format_to(line, sizeof(line), "memory: 0x%llx can't be released: %s", static_cast<unsigned long long>(base),
                reason);
      tell_debug_port(line);  // mm has told the log
      report(s, node, kEjectRequest, kBusy);
      return;
    }
    print("memory: 0x%llx released, %u pages moved\n", static_cast<unsigned long long>(base), why.migrated_pages);
    devices->erase(known);
  }
  Node* method = node.child(segment("_EJ0"));
  const Ref<Object> one = make_integer(1);
  const bool ejected = method != nullptr && s.evaluate(*method, &one, 1).ok();
  report(s, node, kEjectRequest, ejected ? kSuccess : kFailure);
}

}  // namespace

void add_present_memory() {
  System& s = *system();
  devices = new (std::nothrow) Vector<MemoryDevice>;
  if (devices == nullptr) {
    print("acpi: no memory for the list of memory devices\n");
    return;
  }
  for (Node* n = &s.names.root(); n != nullptr; n = s.names.next(*n)) {
    if (!is_memory_device(*n) || !is_enabled(s, *n)) continue;
    if (Or<> added = add(s, *n); !added.ok()) {
      char path[Node::kPathSize];
      n->path(path);
      print("memory: %s can't be added, error %d\n", path, static_cast<i32>(added.error()));
    }
  }
}

bool handle_memory_notify(Node& device, u32 value) {
  System& s = *system();
  if (devices == nullptr || !is_memory_device(device)) return false;
  switch (value) {
    case kBusCheck:
    case kDeviceCheck: check(s, device, value); return true;
    case kEjectRequest: eject(s, device); return true;
    default: return false;
  }
}

}  // namespace ido::acpi
