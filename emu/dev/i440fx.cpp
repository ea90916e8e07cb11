#include "dev/i440fx.hpp"

namespace paemu {

namespace {

constexpr u32 kPam0 = 0x59, kPamRegisters = 7;

// Chapter 3.2. What steers DRAM timing and error reporting is kept as written and has no effect.
constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x8086},
    {0x02, 2, 0x1237},
    {0x04, 2, 0x0006, 0x0140},     // PCICMD: memory and bus master are fixed on
    {0x06, 2, 0x0200, 0, 0xf100},  // PCISTS: medium DEVSEL
    {0x08, 1, 0x02},               // RID
    {0x09, 1, 0x00},               // CLASSC: host bridge
    {0x0a, 2, 0x0600},
    {0x0d, 1, 0x00, 0xf8},              // MLT
    {0x50, 2, 0x0000, 0xfff4},          // PMCCFG
    {0x52, 1, 0x00, 0xc0},              // DETURBO
    {0x53, 1, 0x80, 0xe8},              // DBC
    {0x54, 1, 0x00, 0x82},              // AXC
    {0x55, 2, 0x0000, 0xffff},          // DRT
    {0x57, 1, 0x01, 0xff},              // DRAMC
    {0x58, 1, 0x10, 0xff},              // DRAMT
    {0x59, 4, 0x00000000, 0x33333330},  // PAM0 to PAM3
    {0x5d, 2, 0x0000, 0x3333},          // PAM4, PAM5
    {0x5f, 1, 0x00, 0x33},              // PAM6
    {0x60, 4, 0x01010101, 0xffffffff},  // DRB0 to DRB7
    {0x64, 4, 0x01010101, 0xffffffff},
    {0x68, 1, 0x00, 0xc0},     // FDHC
    {0x70, 1, 0x00, 0xff},     // MTT
    {0x71, 1, 0x10, 0xff},     // CLT
    {0x72, 1, 0x02, 0x78},     // SMRAM: there is no SMM, so nothing to open
    {0x90, 1, 0x00, 0xff},     // ERRCMD
    {0x91, 1, 0x00, 0, 0x11},  // ERRSTS
    {0x93, 1, 0x00, 0x0f},     // TRC
};

// A nibble of PAM0 to PAM6 a segment: bit 0 RE, bit 1 WE. The low nibble of PAM0 is reserved; its high one is 64 KiB,
// all others are 16 KiB from 0xc0000 on (table 3-5).
constexpr u32 kSegments = 13;
constexpr u32 kReadEnable = 1, kWriteEnable = 2;

}  // namespace

I440fx::I440fx(std::function<void(const Shadow&)> on_shadow)
    : PciFunction(kRegisters), on_shadow_(std::move(on_shadow)) {}

void I440fx::reset() {
  reset_config();
  announce();
}

void I440fx::announce() {
  for (u32 i = 0; i < kSegments; ++i) {
    const u32 nibble = i + 1;
    const u32 attributes = config_value(kPam0 + nibble / 2, 1) >> (4 * (nibble % 2));
    const bool bios = i == 0;
    on_shadow_(Shadow{bios ? 0xf0000 : 0xc0000 + (i - 1) * 0x4000, bios ? 0x10000u : 0x4000u,
                      (attributes & kReadEnable) != 0, (attributes & kWriteEnable) != 0});
  }
}

void I440fx::on_config_written(u32 offset, u32 size) {
  if (offset < kPam0 + kPamRegisters && offset + size > kPam0) announce();
}

}  // namespace paemu
