// A Unix stream socket: a server that takes one client at a time, or a client of somebody else's server.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/descriptor_chardev.hpp"

namespace paemu::host {
namespace {

class SocketChardev final : public DescriptorChardev {
 public:
  // own_path: made here, so removed at the end.
  SocketChardev(EventLoop& loop, std::string name, std::string own_path)
      : DescriptorChardev(loop), name_(std::move(name)), own_path_(std::move(own_path)) {}
  ~SocketChardev() override {
    flush();
    detach();
    if (client_ >= 0) close(client_);
    loop_.unwatch(listen_watch_);
    if (listener_ >= 0) close(listener_);
    if (!own_path_.empty()) unlink(own_path_.c_str());
  }

  void serve(int listener) {
    listener_ = listener;
    listen_watch_ = loop_.watch(listener, POLLIN, [this](short) { accept_client(); });
    loop_.set_role(listen_watch_, EventLoop::Role::Input);
  }
  void accept_client() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0) use(client);
  }
  void use(int client) {
    client_ = client;
    // Further clients wait in the queue until this one leaves.
    loop_.set_events(listen_watch_, 0);
    attach(client, client, Stall::Kick);
    if (opened_) opened_(true);
  }

  std::string filename() const override { return (client_ >= 0 ? "" : "disconnected:") + name_; }
  bool interactive() const override { return true; }

 protected:
  void hung_up() override {
    detach();
    if (client_ < 0) return;
    close(client_);
    client_ = -1;
    loop_.set_events(listen_watch_, POLLIN);
    if (opened_) opened_(false);
  }

 private:
  std::string name_;
  std::string own_path_;
  int listener_ = -1;
  int client_ = -1;
  EventLoop::Watch listen_watch_ = 0;
};

Failure<Error> fail_errno(const std::string& path, const char* verb, int descriptor) {
  const std::string reason = std::strerror(errno);
  close(descriptor);
  return fail("unix:" + path + ": can't " + verb + ": " + reason);
}

}  // namespace

Or<std::unique_ptr<Chardev>> make_socket_chardev(const ChardevSpec& spec, EventLoop& loop) {
  if (spec.kind == ChardevSpec::Kind::Descriptor) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (getsockopt(spec.descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
      return fail("fd " + std::to_string(spec.descriptor) + " is no listening socket");
    auto device = std::make_unique<SocketChardev>(loop, "fd:" + std::to_string(spec.descriptor), "");
    device->serve(spec.descriptor);
    return std::unique_ptr<Chardev>(std::move(device));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (spec.path.size() >= sizeof address.sun_path)
    return fail("unix:" + spec.path + ": the path is longer than the " + std::to_string(sizeof address.sun_path - 1) +
                " bytes that a socket's name may have");
  std::memcpy(address.sun_path, spec.path.c_str(), spec.path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail("unix:" + spec.path + ": no socket to be had: " + std::strerror(errno));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);

  if (!spec.server) {
    if (connect(descriptor, generic, sizeof address) != 0) return fail_errno(spec.path, "connect", descriptor);
    auto device = std::make_unique<SocketChardev>(loop, "unix:" + spec.path, "");
    device->use(descriptor);
    return std::unique_ptr<Chardev>(std::move(device));
  }

  // A socket that an earlier run left behind goes; any other file is somebody's.
  struct stat info {};
  if (lstat(spec.path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) unlink(spec.path.c_str());
  if (bind(descriptor, generic, sizeof address) != 0) return fail_errno(spec.path, "make the socket", descriptor);
  if (listen(descriptor, 4) != 0) return fail_errno(spec.path, "listen", descriptor);
  auto device = std::make_unique<SocketChardev>(loop, "unix:" + spec.path + ",server=on", spec.path);
  device->serve(descriptor);
  if (spec.wait) {
    // A signal must be able to end the wait, so no blocking accept().
    if (!loop.wait_for(descriptor, POLLIN, kForever))
      return fail("unix:" + spec.path + ": ended while waiting for a client");
    device->accept_client();
  }
  return std::unique_ptr<Chardev>(std::move(device));
}

}  // namespace paemu::host
