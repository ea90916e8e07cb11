// Consoles: the guest's serial port and the monitors, each on its character device.
#pragma once

#include <memory>
#include <vector>

#include "app/options.hpp"
#include "host/chardev.hpp"
#include "host/event_loop.hpp"
#include "host/mux.hpp"
#include "monitor/session.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu::app {

class Consoles final : public SerialSink {
 public:
  // Opens every device. Errors: one that can't be opened, with its text. A server that waits does so here.
  static Or<std::unique_ptr<Consoles>> open(const Options& options, host::EventLoop& loop, Log& log);

  // Connects monitors; before that, what people type waits.
  void start(monitor::Monitor& monitor);
  // Bytes for the guest's serial port.
  void on_serial_input(std::function<void(std::span<const u8>)> f) { serial_input_ = std::move(f); }
  // Ctrl-A x.
  void on_leave(std::function<void()> f) { leave_ = std::move(f); }

  void transmit(std::span<const u8> bytes) override;
  void flush();
  void hold_serial_input(bool hold);

  // Somebody with a clock of their own is attached: pace the run.
  bool interactive() const;
  // stdio is a terminal with an escape key.
  bool escapes() const { return mux_ != nullptr; }
  std::vector<monitor::ChardevInfo> describe() const;

 private:
  struct Console {
    Attachment::Use use;
    std::string label;
    std::unique_ptr<host::Chardev> device;
    std::unique_ptr<monitor::Session> session;  // monitors
  };
  Or<> add(const Attachment& attachment, host::EventLoop& loop, Log& log);

  std::unique_ptr<host::Mux> mux_;
  std::vector<Console> consoles_;
  host::Chardev* serial_ = nullptr;
  std::function<void(std::span<const u8>)> serial_input_;
  std::function<void()> leave_;
};

}  // namespace paemu::app
