// A machine for the interpreter: memory, the memory hotplug registers of abi/memory_hotplug.hpp, and a list of what was
// notified. And helpers to load tables.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "abi/memory_hotplug.hpp"
#include "abi/ports.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

class FakeMachine : public Hardware {
 public:
  struct Slot {
    u64 base = 0, size = 0;
    u32 node = 0;
    u8 status = 0;
    bool ejected = false;
    std::vector<std::pair<u32, u32>> reports;  // _OST: event, status
  };

  std::map<u64, u8> memory;
  std::vector<Slot> slots{abi::memory_hotplug::kMaxSlots};
  std::vector<std::pair<std::string, u32>> notified;
  std::vector<std::string> said;
  u64 clock = 1;

  Or<u64> read(const Region& region, u64 offset, u32 bytes) override {
    const u64 at = region.base + offset;
    u64 value = 0;
    switch (static_cast<Space>(region.space)) {
      case Space::kMemory:
        for (u32 i = 0; i < bytes; ++i) value |= u64{memory[at + i]} << (8 * i);
        return value;
      case Space::kIo: return read_port(at);
      default: return fail(Errno::kOpNotSupp);
    }
  }

  Or<> write(const Region& region, u64 offset, u32 bytes, u64 value) override {
    const u64 at = region.base + offset;
    switch (static_cast<Space>(region.space)) {
      case Space::kMemory:
        if (memory.size() < 100'000)
          for (u32 i = 0; i < bytes; ++i) memory[at + i] = static_cast<u8>(value >> (8 * i));
        return {};
      case Space::kIo: write_port(at, value); return {};
      default: return fail(Errno::kOpNotSupp);
    }
  }

  void notify(Node& node, u32 value) override {
    char path[Node::kPathSize];
    node.path(path);
    if (notified.size() < 1000) notified.emplace_back(path, value);
  }
  void sleep(u64 nanoseconds) override { clock += nanoseconds; }
  u64 now_ns() override { return ++clock; }
  void debug(const Object& object) override {
    if (object.type() != Type::kString || said.size() > 100) return;
    said.emplace_back(reinterpret_cast<const char*>(static_cast<const Bytes&>(object).data));
  }

 private:
  u64 read_port(u64 port) {
    namespace hp = abi::memory_hotplug;
    const Slot& slot = slots[selected_ % slots.size()];
    switch (port - abi::port::kMemoryHotplug) {
      case hp::kBaseLow: return static_cast<u32>(slot.base);
      case hp::kBaseHigh: return slot.base >> 32;
      case hp::kSizeLow: return static_cast<u32>(slot.size);
      case hp::kSizeHigh: return slot.size >> 32;
      case hp::kProximity: return slot.node;
      case hp::kStatus: return slot.status;
      default: return 0xff;
    }
  }

  void write_port(u64 port, u64 value) {
    namespace hp = abi::memory_hotplug;
    Slot& slot = slots[selected_ % slots.size()];
    switch (port - abi::port::kMemoryHotplug) {
      case hp::kSelector: selected_ = static_cast<u32>(value); break;
      case hp::kOstEvent: event_ = static_cast<u32>(value); break;
      case hp::kOstStatus:
        if (slot.reports.size() < 100) slot.reports.emplace_back(event_, static_cast<u32>(value));
        break;
      case hp::kControl:
        if (value & hp::kControlClearInserting) slot.status &= static_cast<u8>(~hp::kStatusInserting);
        if (value & hp::kControlClearRemoving) slot.status &= static_cast<u8>(~hp::kStatusRemoving);
        if (value & hp::kControlEject) slot.ejected = true;
        break;
    }
  }

  u32 selected_ = 0;
  u32 event_ = 0;
};

// A namespace with tables in it.
struct Loaded {
  FakeMachine machine;
  Namespace names;
  Interpreter interpreter{names, machine};
  std::vector<std::vector<u8>> tables;  // methods run from here

  Loaded() { names.init(); }
  bool load(std::vector<u8> table) {
    tables.push_back(std::move(table));
    return interpreter.load(tables.back().data(), static_cast<u32>(tables.back().size())).ok();
  }
  // The number that evaluating `path` gives; ~0 with the problem noted when it gives none.
  u64 number(const char* path, std::vector<Ref<Object>> arguments = {}) {
    Node* node = names.find(path);
    if (node == nullptr) return ~u64{0};
    Value value = interpreter.evaluate(*node, arguments.data(), static_cast<u32>(arguments.size()));
    if (!value.ok() || !value.value()) return ~u64{0};
    u64 n = ~u64{0};
    to_integer(*value.value(), 8, Conversion::kImplicit, n);
    return n;
  }
};

}  // namespace ido::acpi
