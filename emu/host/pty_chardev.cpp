// A pseudo-terminal. The slave end is kept open here too, so that the master never sees a hang-up while nobody (or
// nobody any more) uses it; what was written meanwhile waits in the kernel's buffer, and beyond that is dropped.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "host/descriptor_chardev.hpp"

namespace paemu::host {
namespace {

class PtyChardev final : public DescriptorChardev {
 public:
  PtyChardev(EventLoop& loop, int master, int slave, std::string name)
      : DescriptorChardev(loop), master_(master), slave_(slave), name_(std::move(name)) {
    attach(master_, master_, Stall::Drop);
  }
  ~PtyChardev() override {
    flush();
    detach();
    close(slave_);
    close(master_);
  }

  std::string filename() const override { return "pty:" + name_; }
  bool interactive() const override { return true; }
  bool is_terminal() const override { return true; }

 private:
  int master_, slave_;
  std::string name_;
};

}  // namespace

Or<std::unique_ptr<Chardev>> make_pty_chardev(EventLoop& loop) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  char name[64];
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, name, sizeof name) != 0) {
    const std::string reason = std::strerror(errno);
    if (master >= 0) close(master);
    return fail("pty: no pseudo-terminal to be had: " + reason);
  }
  const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    const std::string reason = std::strerror(errno);
    close(master);
    return fail("pty: " + std::string(name) + " can't be opened: " + reason);
  }
  termios mode{};
  if (tcgetattr(slave, &mode) == 0) {
    cfmakeraw(&mode);
    tcsetattr(slave, TCSANOW, &mode);
  }
  return std::unique_ptr<Chardev>(std::make_unique<PtyChardev>(loop, master, slave, name));
}

}  // namespace paemu::host
