#include "dev/serial.hpp"

#include <new>

#include "abi/ports.hpp"
#include "arch/interrupts.hpp"
#include "base/port_io.hpp"
#include "dev/tty.hpp"
#include "fs/device.hpp"
#include "lib/log.hpp"

namespace ido {

namespace {

// Registers (PC16550D, table I) as ports.
enum Register : u16 {
  kData = abi::port::kCom1,                 // receive buffer, transmit holding; divisor low with DLAB
  kInterruptEnable = abi::port::kCom1 + 1,  // divisor high with DLAB
  kFifoControl = abi::port::kCom1 + 2,
  kInterruptIdentification = abi::port::kCom1 + 2,
  kLineControl = abi::port::kCom1 + 3,
  kModemControl = abi::port::kCom1 + 4,
  kLineStatus = abi::port::kCom1 + 5,
};
constexpr u8 kReceiveInterrupt = 0x01;
constexpr u8 kEightBitsNoParity = 0x03, kDivisorLatch = 0x80;
constexpr u8 kFifoOnAndClear = 0x07;
constexpr u8 kDtrRtsOut2 = 0x0b;  // OUT2 gates the interrupt line on a PC
constexpr u8 kDataReady = 0x01, kTransmitEmpty = 0x20;
constexpr u8 kNoInterrupt = 0x01;

void send(char c) {
  // A line that never gets ready (none there: all ones, or stuck) must not hang the kernel.
  for (u32 tries = 0; !(in8(kLineStatus) & kTransmitEmpty) && tries < 100000; ++tries) {
  }
  out8(kData, static_cast<u8>(c));
}

void send_raw(const char* text, u32 size) {
  for (u32 i = 0; i < size; ++i) send(text[i]);
}

void send_log(const char* text, u32 size) {
  for (u32 i = 0; i < size; ++i) {
    if (text[i] == '\n') send('\r');
    send(text[i]);
  }
}

class SerialLine final : public TtyLine {
 public:
  u32 send(const char* text, u32 size) override {
    send_raw(text, size);
    return size;
  }
  Or<Ref<fs::File>> open(Ref<fs::Dentry> dentry, u32 flags) override;
};

constinit SerialLine g_line;
Tty* g_tty = nullptr;
alignas(Tty) u8 g_tty_storage[sizeof(Tty)];

void on_interrupt(void*) {
  for (u32 rounds = 0; rounds < 64 && !(in8(kInterruptIdentification) & kNoInterrupt); ++rounds)
    while (in8(kLineStatus) & kDataReady) g_tty->receive(in8(kData));
}

class TtyFile final : public fs::File {
 public:
  using File::File;
  bool seekable() const override { return false; }
  Or<u32> read(fs::Buffer& buffer, u64&) override { return g_tty->read(buffer, !(flags & fs::open_flag::kNonBlock)); }
  Or<u32> write(fs::Buffer& buffer, u64&) override { return g_tty->write(buffer, blocks()); }
  Or<u32> control(u32 request, u32 argument) override { return g_tty->control(request, argument); }
  u32 poll() override { return g_tty->poll(); }
  fs::PollSource* poll_source() override { return &g_tty->poll_source(); }
};

Or<Ref<fs::File>> SerialLine::open(Ref<fs::Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) TtyFile(std::move(dentry), flags);
  if (file == nullptr) return fail(Errno::kNoMem);
  g_tty->opened(flags);
  return Ref<fs::File>(file);
}

Or<Ref<fs::File>> open_tty(Ref<fs::Dentry> dentry, u32 flags) { return g_line.open(std::move(dentry), flags); }

}  // namespace

void init_serial_console() {
  out8(kInterruptEnable, 0);
  out8(kLineControl, kDivisorLatch);
  out8(kData, 1);  // divisor 1: 115200 baud
  out8(kInterruptEnable, 0);
  out8(kLineControl, kEightBitsNoParity);
  out8(kFifoControl, kFifoOnAndClear);
  out8(kModemControl, kDtrRtsOut2);
  set_log_console(send_log);
}

void init_serial_tty() {
  g_tty = new (g_tty_storage) Tty(g_line, fs::device_number(4, 64));
  g_tty->set_window({24, 80, 0, 0});
  add_terminal(*g_tty);
  fs::register_device(fs::device_number(4, 64), "ttyS0", open_tty);
  fs::register_device(fs::device_number(5, 1), "console", open_tty);
  register_irq(abi::irq::kCom1, on_interrupt, nullptr, "ttyS0");
  out8(kInterruptEnable, kReceiveInterrupt);
}

Tty* console_tty() { return g_tty; }

}  // namespace ido
