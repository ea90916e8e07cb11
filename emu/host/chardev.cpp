#include "host/chardev.hpp"

#include "host/descriptor_chardev.hpp"
#include "host/file.hpp"

namespace paemu::host {
namespace {

class NullChardev final : public Chardev {
 public:
  void write(std::span<const u8>) override {}
  void hold_input(bool) override {}
  void flush() override {}
  bool open() const override { return true; }
  std::string filename() const override { return "null"; }
  bool interactive() const override { return false; }
};

class FileChardev final : public Chardev {
 public:
  explicit FileChardev(OutputFile file) : file_(std::move(file)) {}
  ~FileChardev() override { flush(); }

  void write(std::span<const u8> bytes) override {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    if (pending_.size() >= 16 * kKiB) flush();
  }
  void flush() override {
    if (!pending_.empty() && !failed_) failed_ = !file_.append(pending_).ok();  // a full disk: the run goes on
    pending_.clear();
  }
  void hold_input(bool) override {}
  bool open() const override { return true; }
  std::string filename() const override { return "file:" + file_.path(); }
  bool interactive() const override { return false; }

 private:
  OutputFile file_;
  std::vector<u8> pending_;
  bool failed_ = false;
};

}  // namespace

Or<std::unique_ptr<Chardev>> open_chardev(const ChardevSpec& spec, EventLoop& loop) {
  switch (spec.kind) {
    case ChardevSpec::Kind::Null: break;
    case ChardevSpec::Kind::Stdio: return make_stdio_chardev(loop);
    case ChardevSpec::Kind::Pty: return make_pty_chardev(loop);
    case ChardevSpec::Kind::Unix:
    case ChardevSpec::Kind::Descriptor: return make_socket_chardev(spec, loop);
    case ChardevSpec::Kind::File: {
      OutputFile file = TRY(OutputFile::create(spec.path));
      return std::unique_ptr<Chardev>(std::make_unique<FileChardev>(std::move(file)));
    }
  }
  return std::unique_ptr<Chardev>(std::make_unique<NullChardev>());
}

}  // namespace paemu::host
