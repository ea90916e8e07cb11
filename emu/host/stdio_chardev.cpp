// Standard input and output as a character device. Works alike with a terminal, a pipe, a file and /dev/null: at the
// end of the input the guest gets no more of it, and the run goes on.
#include <unistd.h>

#include "host/descriptor_chardev.hpp"
#include "host/terminal.hpp"

namespace paemu::host {
namespace {

class StdioChardev final : public DescriptorChardev {
 public:
  explicit StdioChardev(EventLoop& loop) : DescriptorChardev(loop), terminal_(STDIN_FILENO) {
    attach(STDIN_FILENO, STDOUT_FILENO, Stall::Wait);
  }
  ~StdioChardev() override { flush(); }

  std::string filename() const override { return "stdio"; }
  bool interactive() const override { return terminal_.is_terminal(); }
  bool is_terminal() const override { return terminal_.is_terminal(); }

 protected:
  void hung_up() override {}

 private:
  RawTerminal terminal_;
};

}  // namespace

std::unique_ptr<Chardev> make_stdio_chardev(EventLoop& loop) { return std::make_unique<StdioChardev>(loop); }

}  // namespace paemu::host
