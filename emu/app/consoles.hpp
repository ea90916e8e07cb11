// Consoles: the guest's serial ports, its other streams of bytes, and the monitors, each on its character device.
#pragma once

#include <map>
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
  // Bytes for one of the guest's streams.
  using StreamInput = std::function<void(u32 stream, std::span<const u8> bytes)>;
  void on_stream_input(StreamInput f) { stream_input_ = std::move(f); }
  // Ctrl-A x.
  void on_leave(std::function<void()> f) { leave_ = std::move(f); }

  void transmit(u32 stream, std::span<const u8> bytes) override;
  void flush();
  void hold_input(u32 stream, bool hold);

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
  std::map<u32, host::Chardev*> streams_;
  StreamInput stream_input_;
  std::function<void()> leave_;
};

}  // namespace paemu::app
