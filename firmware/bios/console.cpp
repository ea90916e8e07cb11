#include "bios/console.hpp"

#include "abi/ports.hpp"
#include "base/port_io.hpp"
#include "bios/real_mode.hpp"

namespace firmware {

namespace {

// 16550 registers (PC16550D datasheet, table II).
constexpr u32 kData = abi::port::kCom1, kInterruptEnable = kData + 1, kFifoControl = kData + 2,
              kLineControl = kData + 3, kModemControl = kData + 4, kLineStatus = kData + 5;
constexpr u8 kTransmitEmpty = 0x20;

bool screen;

void put_byte(u8 c) {
  // A missing or stuck UART must not stop the boot.
  for (u32 patience = 100'000; patience > 0 && !(in8(kLineStatus) & kTransmitEmpty); --patience) {
  }
  out8(kData, c);
  if (!screen) return;
  RealCall teletype;
  teletype.eax = 0x0e00 | c;
  teletype.ebx = 0x0007;
  call_interrupt(0x10, teletype);
}

}  // namespace

void console_init() {
  out8(kInterruptEnable, 0);
  out8(kLineControl, 0x80);  // divisor latch
  out8(kData, 1);            // 115200 baud
  out8(kInterruptEnable, 0);
  out8(kLineControl, 0x03);   // 8 bits, no parity, one stop bit
  out8(kFifoControl, 0x07);   // on, cleared
  out8(kModemControl, 0x03);  // DTR, RTS
}

void console_has_screen() { screen = true; }

void put(const char* text) {
  for (; *text != '\0'; ++text) put_byte(static_cast<u8>(*text));
}

void put(u32 decimal) {
  char digits[11];
  char* p = digits + sizeof(digits) - 1;
  *p = '\0';
  do {
    *--p = static_cast<char>('0' + decimal % 10);
    decimal /= 10;
  } while (decimal != 0);
  put(p);
}

void halt() {
  for (;;) asm volatile("cli; hlt");
}

}  // namespace firmware
