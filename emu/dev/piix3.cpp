#include "dev/piix3.hpp"

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u32 kRouteControl = 0x60, kPirqs = 4;  // PIRQRCA to PIRQRCD
constexpr u8 kNotRouted = 0x80, kIrqBits = 0x0f;
// IRQ 0 to 2, 8 and 13 are the board's own and can't be chosen (2.2.9).
constexpr u16 kRoutable = 0xdef8;

constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x8086},
    {0x02, 2, 0x7000},
    {0x04, 2, 0x0007, 0x0008},  // PCICMD: ports, memory and bus master are fixed on
    {0x06, 2, 0x0200, 0, 0x7800},
    {0x08, 1, 0x00},
    {0x09, 1, 0x00},
    {0x0a, 2, 0x0601},
    {0x0e, 1, pci::kMultiFunction},
    {0x4c, 1, 0x4d, 0x7f},              // IORT
    {0x4e, 2, 0x0003, 0x0fff},          // XBCS: the BIOS's chip select
    {0x60, 4, 0x80808080, 0x8f8f8f8f},  // PIRQRCA to PIRQRCD
    {0x69, 1, 0x02, 0xfe},              // TOM
    {0x6a, 2, 0x0000, 0x80ff},          // MSTAT
    {0x70, 1, 0x80, 0xef},              // MBIRQ0
    {0x76, 2, 0x0c0c, 0x8f8f},          // MBDMA0, MBDMA1
    {0x78, 2, 0x0002, 0xffff},          // PCSC
    {0x80, 1, 0x00, 0x7f},              // APICBASE: the I/O APIC stays where it is
    {0x82, 1, 0x00, 0x0f},              // DLC
    {0xa0, 1, 0x08, 0xff},              // SMICNTL, SMIEN, SEE, FTMR, SMIREQ: there is no SMM
    {0xa2, 2, 0x0000, 0x00ff},
    {0xa4, 4, 0x00000000, 0xffffffff},
    {0xa8, 1, 0x0f, 0xff},
    {0xaa, 2, 0x0000, 0, 0xffff},
    {0xac, 1, 0x00, 0xff},
    {0xae, 1, 0x00, 0xff},
};

}  // namespace

Piix3::Piix3() : PciFunction(kRegisters) {}

void Piix3::reset() {
  state_.lines = 0;
  reset_config();
  drive();
}

void Piix3::set_line(u32 pirq, bool level) {
  const u8 line = bit<u8>(pirq % kPirqs);
  state_.lines = static_cast<u8>(level ? state_.lines | line : state_.lines & ~line);
  drive();
}

void Piix3::on_config_written(u32 offset, u32 size) {
  if (offset < kRouteControl + kPirqs && offset + size > kRouteControl) drive();
}

// Several PIRQs may share a request: it is up while one of them is.
void Piix3::drive() {
  u16 wanted = 0;
  for (u32 i = 0; i < kPirqs; ++i) {
    const u32 route = config_value(kRouteControl + i, 1);
    if ((state_.lines & bit<u8>(i)) != 0 && !(route & kNotRouted)) wanted |= bit<u16>(route & kIrqBits);
  }
  wanted &= kRoutable;
  const u16 changed = wanted ^ state_.requests;
  state_.requests = wanted;
  for (u32 irq = 0; irq < 16 && isa_ != nullptr; ++irq) {
    if (changed & bit<u16>(irq)) isa_->set_line(irq, (wanted & bit<u16>(irq)) != 0);
  }
}

}  // namespace paemu
