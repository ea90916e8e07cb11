#include "app/consoles.hpp"

namespace paemu::app {

Or<std::unique_ptr<Consoles>> Consoles::open(const Options& options, host::EventLoop& loop, Log& log) {
  auto consoles = std::make_unique<Consoles>();
  for (const Attachment& attachment : options.attachments) TRY(consoles->add(attachment, loop, log));
  return consoles;
}

Or<> Consoles::add(const Attachment& attachment, host::EventLoop& loop, Log& log) {
  std::unique_ptr<host::Chardev> device;
  if (attachment.spec.mux && mux_ != nullptr && attachment.spec.kind == host::ChardevSpec::Kind::Stdio) {
    device = mux_->add_user();
  } else {
    if (attachment.spec.kind == host::ChardevSpec::Kind::Unix && attachment.spec.server && attachment.spec.wait)
      log.line(attachment.label + " waits for a client on unix:" + attachment.spec.path);
    device = TRY(host::open_chardev(attachment.spec, loop));
    if (attachment.spec.kind == host::ChardevSpec::Kind::Pty)
      log.line(attachment.label + " is on " + device->filename().substr(4));
    if (attachment.spec.mux && mux_ == nullptr) {
      mux_ = std::make_unique<host::Mux>(std::move(device), [this] {
        if (leave_) leave_();
      });
      device = mux_->add_user();
    }
  }
  if (attachment.use == Attachment::Use::Stream) {
    streams_[attachment.stream] = device.get();
    device->on_receive([this, stream = attachment.stream](std::span<const u8> bytes) {
      if (stream_input_) stream_input_(stream, bytes);
    });
  }
  consoles_.push_back({attachment.use, attachment.label, std::move(device), nullptr});
  return {};
}

void Consoles::start(monitor::Monitor& monitor) {
  for (Console& console : consoles_) {
    if (console.use == Attachment::Use::Stream) continue;
    host::Chardev* device = console.device.get();
    const auto write = [device](std::string_view text) { device->write(text); };
    const auto keyboard = device->is_terminal() ? monitor::Keyboard::Person : monitor::Keyboard::Program;
    console.session = console.use == Attachment::Use::Qmp ? monitor::make_qmp_session(monitor, write)
                                                          : monitor::make_hmp_session(monitor, write, keyboard);
    monitor::Session* session = console.session.get();
    device->on_receive([session](std::span<const u8> bytes) { session->receive(bytes); });
    device->on_open([session](bool open) { open ? session->opened() : session->closed(); });
    if (device->open() && device->filename() != "mux") session->opened();
  }
}

void Consoles::transmit(u32 stream, std::span<const u8> bytes) {
  if (const auto found = streams_.find(stream); found != streams_.end()) found->second->write(bytes);
}

void Consoles::flush() {
  for (Console& console : consoles_) console.device->flush();
}

void Consoles::hold_input(u32 stream, bool hold) {
  if (const auto found = streams_.find(stream); found != streams_.end()) found->second->hold_input(hold);
}

bool Consoles::interactive() const {
  for (const Console& console : consoles_)
    if (console.device->interactive()) return true;
  return false;
}

std::vector<monitor::ChardevInfo> Consoles::describe() const {
  std::vector<monitor::ChardevInfo> list;
  for (const Console& console : consoles_)
    list.push_back({console.label, console.device->filename(), console.device->open()});
  return list;
}

}  // namespace paemu::app
