#include "bios/chipset.hpp"

#include "abi/ports.hpp"
#include "base/port_io.hpp"
#include "bios/local_apic.hpp"

namespace firmware {

namespace {

using namespace abi::port;

// 8259A: ICW1 to ICW4, vectors where PC firmware puts them, all lines masked.
void init_pics() {
  out8(kPic1, 0x11);
  out8(kPic2, 0x11);
  out8(kPic1 + 1, 0x08);
  out8(kPic2 + 1, 0x70);
  out8(kPic1 + 1, 0x04);  // slave on line 2
  out8(kPic2 + 1, 0x02);
  out8(kPic1 + 1, 0x01);  // 8086 mode
  out8(kPic2 + 1, 0x01);
  out8(kPic1 + 1, 0xff);
  out8(kPic2 + 1, 0xff);
  out8(kPicElcr, 0x00);
  out8(kPicElcr + 1, 0x02);  // the SCI, line 9, is level-triggered
}

// 8254 channel 0: mode 3, 65536 counts, 18.2 Hz.
void init_pit() {
  out8(kPit + 3, 0x36);
  out8(kPit, 0);
  out8(kPit, 0);
}

// 8237A: all channels masked but channel 4, which carries the requests of channels 0 to 3 (82371SB, 2.4: cascade mode).
void init_dma() {
  constexpr u32 kMasterClear = 13, kMode = 11, kMask = 10;
  constexpr u8 kCascade = 0xc0;
  out8(kDma1 + kMasterClear, 0);
  out8(kDma2 + 2 * kMasterClear, 0);
  out8(kDma2 + 2 * kMode, kCascade);
  out8(kDma2 + 2 * kMask, 0);
}

// MC146818: 32768 Hz divider, 24-hour BCD, no interrupts; a read of C clears what is pending.
void init_rtc() {
  out8(kRtc, 0x0a), out8(kRtc + 1, 0x26);
  out8(kRtc, 0x0b), out8(kRtc + 1, 0x02);
  out8(kRtc, 0x0c), in8(kRtc + 1);
  out8(kRtc, 0x0d), in8(kRtc + 1);
}

}  // namespace

void init_chipset() {
  init_local_apic(true);
  init_pics();
  init_dma();
  init_pit();
  init_rtc();
}

}  // namespace firmware
