#include "bios/pci.hpp"

#include "abi/acpi.hpp"
#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "base/bits.hpp"
#include "base/port_io.hpp"
#include "bios/console.hpp"

namespace firmware {

namespace {

// One function of bus 0.
struct Function {
  u32 device, function;

  void select(u32 offset) const {
    out32(abi::port::kPciConfigAddress, 1u << 31 | device << 11 | function << 8 | (offset & ~3u));
  }
  u32 read32(u32 offset) const {
    select(offset);
    return in32(abi::port::kPciConfigData);
  }
  u16 read16(u32 offset) const { return static_cast<u16>(read32(offset) >> (8 * (offset & 2))); }
  u8 read8(u32 offset) const { return static_cast<u8>(read32(offset) >> (8 * (offset & 3))); }
  void write32(u32 offset, u32 value) const {
    select(offset);
    out32(abi::port::kPciConfigData, value);
  }
  void write16(u32 offset, u16 value) const {
    select(offset);
    out16(abi::port::kPciConfigData + (offset & 2), value);
  }
  void write8(u32 offset, u8 value) const {
    select(offset);
    out8(abi::port::kPciConfigData + (offset & 3), value);
  }
};

constexpr u32 kVendor = 0x00, kCommand = 0x04, kHeaderType = 0x0e, kBaseAddresses = 0x10, kInterruptLine = 0x3c,
              kInterruptPin = 0x3d;
constexpr u16 kDecodePorts = 1, kDecodeMemory = 2;
constexpr u32 kPortSpace = 1, k64Bits = 4;
constexpr u32 kPiix4Pm = 0x71138086, kPiix3Ide = 0x70108086;

// PIRQ A to D: two lines share IRQ 10, two share 11. Both are level-triggered (PIIX3 data sheet, ELCR).
constexpr u8 kPirqIrq[4] = {10, 10, 11, 11};

// Where base addresses may lie: behind what the board and ISA cards have.
struct Space {
  u32 next, end;
  // Aligned to `size`, a power of two; 0: no room.
  u32 take(u32 size) {
    const u32 base = align_up(next, size);
    if (base < next || base > end || size > end - base) return 0;
    next = base + size;
    return base;
  }
};

void route_interrupts(const Function& piix3) {
  for (u32 pirq = 0; pirq < 4; ++pirq) piix3.write8(kPirqRoutes + pirq, kPirqIrq[pirq]);
  u8 level = in8(abi::port::kPicElcr + 1);
  for (u8 irq : kPirqIrq) level = static_cast<u8>(level | 1u << (irq - 8));
  out8(abi::port::kPicElcr + 1, level);
}

void place_power_management(const Function& pm) {
  constexpr u32 kPmba = 0x40, kPmRegMisc = 0x80, kSmbba = 0x90, kSmbHostConfig = 0xd2;
  pm.write32(kPmba, abi::port::kAcpiPmBase | 1);
  pm.write8(kPmRegMisc, 1);
  pm.write32(kSmbba, abi::port::kSmbusBase | 1);
  pm.write8(kSmbHostConfig, 1);
}

// Both channels decode their legacy ports, which IOSE opens; the bus master may work (PIIX3 data sheet, 2.3).
void enable_ide(const Function& ide) {
  constexpr u32 kTiming = 0x40;
  constexpr u16 kDecode = 0x8000, kPortsAndMaster = 5;
  ide.write16(kTiming, kDecode);
  ide.write16(kTiming + 2, kDecode);
  ide.write16(kCommand, kPortsAndMaster);
}

// -> the command bits of the spaces that got a place.
u16 place(const Function& f, Space& ports, Space& memory) {
  u16 decode = 0;
  for (u32 index = 0; index < 6; ++index) {
    const u32 offset = kBaseAddresses + 4 * index;
    f.write32(offset, ~0u);
    const u32 answer = f.read32(offset);
    if (answer == 0 || answer == ~0u) continue;
    const bool port = answer & kPortSpace;
    u32 size = ~(answer & (port ? ~3u : ~15u)) + 1;
    if (port) size &= 0xffff;  // the upper half may be hard-wired to zero (6.2.5.1)
    const u32 base = is_power_of_two(size) ? (port ? ports : memory).take(size) : 0;
    f.write32(offset, base);
    if (base == 0) say("no room for a base address of PCI device ", f.device, ", function ", f.function);
    if (base != 0) decode |= port ? kDecodePorts : kDecodeMemory;
    if (!port && (answer & k64Bits)) f.write32(kBaseAddresses + 4 * ++index, 0);
  }
  return decode;
}

void init_function(const Function& f, Space& ports, Space& memory) {
  const u32 id = f.read32(kVendor);
  if (id == kPiix3) route_interrupts(f);
  if (id == kPiix4Pm) return place_power_management(f);
  if (id == kPiix3Ide) enable_ide(f);
  const u16 decode = place(f, ports, memory);
  f.write16(kCommand, static_cast<u16>(f.read16(kCommand) | decode));
  const u8 pin = f.read8(kInterruptPin);  // 1 to 4: INTA to INTD
  if (pin >= 1 && pin <= 4) f.write8(kInterruptLine, kPirqIrq[pirq_of(f.device, pin - 1u)]);
}

}  // namespace

void init_pci() {
  constexpr u8 kMultiFunction = 0x80;
  constexpr u16 kNobody = 0xffff;
  Space ports{0xc000, 0xfff0};
  Space memory{static_cast<u32>(abi::memory_map::kPciMemory), static_cast<u32>(abi::memory_map::kIoApic)};
  for (u32 device = 0; device < 32; ++device) {
    for (u32 function = 0; function < 8; ++function) {
      const Function f{device, function};
      if (f.read16(kVendor) == kNobody) {
        if (function == 0) break;
        continue;
      }
      init_function(f, ports, memory);
      if (function == 0 && !(f.read8(kHeaderType) & kMultiFunction)) break;
    }
  }
}

}  // namespace firmware
