#include "dev/memory_devices.hpp"

#include "base/port_io.hpp"
#include "fs/device.hpp"
#include "lib/log.hpp"
#include "lib/random.hpp"

namespace ido {

namespace {

enum class Kind : u32 {
  kNull = 3,
  kPort = 4,
  kZero = 5,
  kFull = 7,
  kRandom = 8,
  kUrandom = 9,
  kKmsg = 11
};  // minors of major 1

// /dev/port: the byte at position n is I/O port n (mem(4)).
constexpr u64 kPorts = 0x10000;

class PortFile final : public fs::File {
 public:
  using File::File;
  Or<u32> read(fs::Buffer& buffer, u64& at) override {
    const u32 before = buffer.done();
    for (; buffer.left() > 0 && at < kPorts; ++at) {
      const u8 byte = in8(static_cast<u16>(at));
      TRY(buffer.give(&byte, 1));
    }
    return buffer.done() - before;
  }
  Or<u32> write(fs::Buffer& buffer, u64& at) override {
    const u32 before = buffer.done();
    for (; buffer.left() > 0 && at < kPorts; ++at) {
      u8 byte;
      TRY(buffer.take(&byte, 1));
      out8(static_cast<u16>(at), byte);
    }
    return buffer.done() - before;
  }
};

Or<Ref<fs::File>> open_port(Ref<fs::Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) PortFile(std::move(dentry), flags);
  if (file == nullptr) return fail(Errno::kNoMem);
  return Ref<fs::File>(file);
}

class MemoryFile final : public fs::File {
 public:
  MemoryFile(Ref<fs::Dentry> where, u32 open_flags, Kind kind) : File(std::move(where), open_flags), kind_(kind) {}
  bool seekable() const override { return false; }

  Or<u32> read(fs::Buffer& buffer, u64&) override {
    const u32 before = buffer.done();
    switch (kind_) {
      case Kind::kNull:
      case Kind::kPort: return 0;
      case Kind::kZero:
      case Kind::kFull: TRY(buffer.give_zeroes(buffer.left())); break;
      case Kind::kRandom:
      case Kind::kUrandom:
        while (buffer.left() > 0) {
          u8 chunk[64];
          const u32 n = buffer.left() < sizeof chunk ? buffer.left() : static_cast<u32>(sizeof chunk);
          random_bytes(chunk, n);
          TRY(buffer.give(chunk, n));
        }
        break;
      case Kind::kKmsg: {
        char chunk[256];
        const u32 n = read_log(log_position_, chunk,
                               buffer.left() < sizeof chunk ? buffer.left() : static_cast<u32>(sizeof chunk));
        TRY(buffer.give(chunk, n));
        break;
      }
    }
    return buffer.done() - before;
  }

  Or<u32> write(fs::Buffer& buffer, u64&) override {
    const u32 size = buffer.left();
    if (kind_ == Kind::kFull) return fail(Errno::kNoSpc);
    if (kind_ != Kind::kKmsg) return size;
    char line[256];
    const u32 n = size < sizeof line - 1 ? size : static_cast<u32>(sizeof line) - 1;
    TRY(buffer.take(line, n));
    line[n] = 0;
    print("%s", line);
    return size;
  }

 private:
  Kind kind_;
  u64 log_position_ = 0;
};

template <Kind kKind>
Or<Ref<fs::File>> open_kind(Ref<fs::Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) MemoryFile(std::move(dentry), flags, kKind);
  if (file == nullptr) return fail(Errno::kNoMem);
  return Ref<fs::File>(file);
}

template <Kind kKind>
void add(const char* name) {
  fs::register_device(fs::device_number(1, static_cast<u32>(kKind)), name, open_kind<kKind>);
}

}  // namespace

void init_memory_devices() {
  add<Kind::kNull>("null");
  add<Kind::kZero>("zero");
  add<Kind::kFull>("full");
  add<Kind::kRandom>("random");
  add<Kind::kUrandom>("urandom");
  add<Kind::kKmsg>("kmsg");
  fs::register_device(fs::device_number(1, static_cast<u32>(Kind::kPort)), "port", open_port);
}

}  // namespace ido
