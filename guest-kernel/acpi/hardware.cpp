// The interpreter's view of this machine: ports, memory, PCI configuration space (mechanism 1).

#include "acpi/system.hpp"
#include "arch/interrupts.hpp"
#include "arch/kmap.hpp"
#include "arch/time.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"

namespace ido::acpi {

namespace {

constexpr u16 kPciAddress = 0xcf8, kPciData = 0xcfc;

u64 read_port(u16 port, u32 bytes) {
  switch (bytes) {
    case 1: return in8(port);
    case 2: return in16(port);
    case 4: return in32(port);
    default: return in32(port) | static_cast<u64>(in32(static_cast<u16>(port + 4))) << 32;
  }
}

void write_port(u16 port, u32 bytes, u64 value) {
  switch (bytes) {
    case 1: out8(port, static_cast<u8>(value)); break;
    case 2: out16(port, static_cast<u16>(value)); break;
    case 4: out32(port, static_cast<u32>(value)); break;
    default: out32(port, static_cast<u32>(value)); out32(static_cast<u16>(port + 4), static_cast<u32>(value >> 32));
  }
}

// Bus 0; _ADR is device << 16 | function. Nobody else may come between the two ports.
u16 select_pci(const Region& region, u64 offset) {
  const u32 device = static_cast<u32>(region.pci_address >> 16) & 31;
  const u32 function = static_cast<u32>(region.pci_address) & 7;
  const u32 at = static_cast<u32>(region.base + offset) & 0xff;
  out32(kPciAddress, 0x80000000u | device << 11 | function << 8 | (at & 0xfc));
  return static_cast<u16>(kPciData + (at & 3));
}

}  // namespace

u8* KernelHardware::map(u64 physical) {
  const u64 page = physical & ~u64{kPageMask};
  for (u32 i = 0; i < mapping_count_; ++i) {
    if (mappings_[i].physical == page) return mappings_[i].address + (physical - page);
  }
  if (mapping_count_ == 16) return nullptr;
  auto* address = static_cast<u8*>(ioremap(page, 2 * kPageSize));  // an access may cross into the next
  if (address == nullptr) return nullptr;
  mappings_[mapping_count_++] = {page, address};
  return address + (physical - page);
}

Or<u64> KernelHardware::read(const Region& region, u64 offset, u32 bytes) {
  switch (static_cast<Space>(region.space)) {
    case Space::kIo:
      if (region.base + offset > 0xffff) return fail(Errno::kRange);
      return read_port(static_cast<u16>(region.base + offset), bytes);
    case Space::kMemory: {
      const u8* p = map(region.base + offset);
      if (p == nullptr) return fail(Errno::kNoMem);
      switch (bytes) {
        case 1: return u64{*reinterpret_cast<const volatile u8*>(p)};
        case 2: return u64{*reinterpret_cast<const volatile u16*>(p)};
        case 4: return u64{*reinterpret_cast<const volatile u32*>(p)};
        default: return u64{*reinterpret_cast<const volatile u64*>(p)};
      }
    }
    case Space::kPciConfig: {
      const InterruptGuard guard;
      return read_port(select_pci(region, offset), bytes < 8 ? bytes : 4);
    }
    default: return fail(Errno::kOpNotSupp);
  }
}

Or<> KernelHardware::write(const Region& region, u64 offset, u32 bytes, u64 value) {
  switch (static_cast<Space>(region.space)) {
    case Space::kIo:
      if (region.base + offset > 0xffff) return fail(Errno::kRange);
      write_port(static_cast<u16>(region.base + offset), bytes, value);
      return {};
    case Space::kMemory: {
      u8* p = map(region.base + offset);
      if (p == nullptr) return fail(Errno::kNoMem);
      switch (bytes) {
        case 1: *reinterpret_cast<volatile u8*>(p) = static_cast<u8>(value); break;
        case 2: *reinterpret_cast<volatile u16*>(p) = static_cast<u16>(value); break;
        case 4: *reinterpret_cast<volatile u32*>(p) = static_cast<u32>(value); break;
        default: *reinterpret_cast<volatile u64*>(p) = value;
      }
      return {};
    }
    case Space::kPciConfig: {
      const InterruptGuard guard;
      write_port(select_pci(region, offset), bytes < 8 ? bytes : 4, value);
      return {};
    }
    default: return fail(Errno::kOpNotSupp);
  }
}

void KernelHardware::notify(Node& node, u32 value) { queue_notify(node, value); }
void KernelHardware::sleep(u64 nanoseconds) { sleep_for(nanoseconds); }
u64 KernelHardware::now_ns() { return ido::now_ns(); }

void KernelHardware::debug(const Object& object) {
  if (object.type() == Type::kString) {
    print("acpi: firmware says: %s\n", reinterpret_cast<const char*>(static_cast<const Bytes&>(object).data));
  } else if (object.type() == Type::kInteger) {
    print("acpi: firmware says: 0x%llx\n", static_cast<unsigned long long>(static_cast<const Integer&>(object).value));
  } else {
    print("acpi: firmware shows %s\n", name_of(object.type()));
  }
}

}  // namespace ido::acpi
