#include "dev/serial.hpp"

#include <new>

#include "abi/ports.hpp"
#include "arch/interrupts.hpp"
#include "arch/io.hpp"
#include "dev/tty.hpp"
#include "fs/device.hpp"
#include "lib/log.hpp"
#include "lib/process.hpp"

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
  Or<u32> write(fs::Buffer& buffer, u64&) override { return g_tty->write(buffer); }
  Or<u32> control(u32 request, u32 argument) override { return g_tty->control(request, argument); }
  u32 poll() override { return g_tty->poll(); }
  fs::PollSource* poll_source() override { return &g_tty->poll_source(); }
};

Or<Ref<fs::File>> open_tty(Ref<fs::Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) TtyFile(std::move(dentry), flags);
  if (file == nullptr) return fail(Errno::kNoMem);
  // A session leader without a terminal gets the one it opens (termios: controlling terminal).
  if (!(flags & fs::open_flag::kNoControllingTty) && g_tty->session == 0 && current_process_id() == current_session()) {
    g_tty->session = current_session();
    g_tty->foreground_group = current_process_group();
  }
  return Ref<fs::File>(file);
}

Or<Ref<fs::File>> open_controlling(Ref<fs::Dentry> dentry, u32 flags) {
  if (g_tty->session == 0 || g_tty->session != current_session()) return fail(Errno::kNxIo);
  return open_tty(std::move(dentry), flags | fs::open_flag::kNoControllingTty);
}

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
  g_tty = new (g_tty_storage) Tty("ttyS0", fs::device_number(4, 64), send_raw);
  fs::register_device(fs::device_number(4, 64), "ttyS0", open_tty);
  fs::register_device(fs::device_number(5, 1), "console", open_tty);
  fs::register_device(fs::device_number(5, 0), "tty", open_controlling);
  register_irq(abi::irq::kCom1, on_interrupt, nullptr, "ttyS0");
  out8(kInterruptEnable, kReceiveInterrupt);
}

Tty* console_tty() { return g_tty; }

void end_terminal_session(i32 session) {
  if (g_tty == nullptr || g_tty->session != session) return;
  constexpr i32 kHangUp = 1, kContinue = 18;  // SIGHUP, SIGCONT
  const i32 foreground = g_tty->foreground_group;
  g_tty->session = g_tty->foreground_group = 0;
  if (foreground == 0) return;
  signal_process_group(foreground, kHangUp);
  signal_process_group(foreground, kContinue);
}

}  // namespace ido
