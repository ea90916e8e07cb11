// sendmsg and recvmsg: vectors of bytes, and what goes along with them (unix(7), SCM_RIGHTS and SCM_CREDENTIALS).
#include "lib/string.hpp"
#include "syscall/socket.hpp"

namespace ido {

namespace {

namespace flag = fs::message_flag;
using fs::SocketFile;

constexpr u32 kRights = 1, kSenderCredentials = 2;  // SCM_*
constexpr u32 kMostFiles = 253;                     // SCM_MAX_FD

struct ControlHeader {  // struct cmsghdr
  u32 size, level, type;
};

// The bytes of all vectors go through one piece of kernel memory, so that a packet is one.
class Gathered {
 public:
  static Or<Gathered> make(const UserMessage& m) {
    constexpr u32 kMostVectors = 1024, kMost = 1 << 20;
    Gathered g;
    if (m.vector_count > kMostVectors) return fail(Errno::kMsgSize);
    TRY(g.vectors_.reserve(m.vector_count));
    u64 total = 0;
    for (u32 i = 0; i < m.vector_count; ++i) {
      const Piece piece = TRY(get_user<Piece>(m.vectors + i * static_cast<u32>(sizeof(Piece))));
      if (static_cast<i32>(piece.size) < 0) return fail(Errno::kInval);
      total += piece.size;
      TRY(g.vectors_.push(piece));
    }
    g.size_ = total < kMost ? static_cast<u32>(total) : kMost;  // a stream takes the rest with the next call
    g.bytes_ = static_cast<u8*>(::operator new(g.size_ == 0 ? 1 : g.size_, std::nothrow));
    if (g.bytes_ == nullptr) return fail(Errno::kNoMem);
    return g;
  }
  Gathered(Gathered&& o) noexcept : vectors_(std::move(o.vectors_)), bytes_(o.bytes_), size_(o.size_) {
    o.bytes_ = nullptr;
  }
  ~Gathered() { ::operator delete(bytes_); }

  fs::Buffer buffer() { return fs::Buffer::kernel(bytes_, size_); }
  Or<> load() {
    return each(size_, [](u32 at, u8* bytes, u32 n) { return copy_from_user(bytes, at, n); });
  }
  Or<> store(u32 size) {
    return each(size, [](u32 at, u8* bytes, u32 n) { return copy_to_user(at, bytes, n); });
  }

 private:
  struct Piece {
    u32 base, size;
  };
  Gathered() = default;
  template <class Copy>
  Or<> each(u32 size, Copy&& copy) {
    u32 done = 0;
    for (const Piece& p : vectors_) {
      const u32 n = p.size < size - done ? p.size : size - done;
      TRY(copy(p.base, bytes_ + done, n));
      done += n;
    }
    return {};
  }

  Vector<Piece> vectors_;
  u8* bytes_ = nullptr;
  u32 size_ = 0;
};

Or<> files_from_control(Call& call, const UserMessage& m, Vector<Ref<fs::File>>& passed) {
  for (u32 at = 0; at + sizeof(ControlHeader) <= m.control_size;) {
    const auto header = TRY(get_user<ControlHeader>(m.control + at));
    if (header.size < sizeof header || header.size > m.control_size - at) return fail(Errno::kInval);
    if (header.level == kSocketLevel && header.type == kRights) {
      const u32 count = (header.size - static_cast<u32>(sizeof header)) / 4;
      if (count > kMostFiles) return fail(Errno::kInval);
      for (u32 i = 0; i < count; ++i) {
        const u32 descriptor = TRY(get_user<u32>(m.control + at + static_cast<u32>(sizeof header) + i * 4));
        Ref<fs::File> file = TRY(file_of(call, descriptor));
        if (SocketFile::cast(*file) != nullptr) return fail(Errno::kTooManyRefs);  // fs/socket.hpp says why
        TRY(passed.push(std::move(file)));
      }
    } else if (header.level != kSocketLevel || header.type != kSenderCredentials) {
      return fail(Errno::kInval);
    }
    at += (header.size + 3) & ~3u;
  }
  return {};
}

// Writes the control messages that there is room for; what has none is dropped, and told by MSG_CTRUNC.
class ControlWriter {
 public:
  explicit ControlWriter(const UserMessage& m) : at_(m.control), left_(m.control == 0 ? 0 : m.control_size) {}
  u32 used() const { return used_; }
  bool truncated() const { return truncated_; }
  u32 room_for_words() const {
    return left_ < sizeof(ControlHeader) ? 0 : (left_ - static_cast<u32>(sizeof(ControlHeader))) / 4;
  }
  void truncate() { truncated_ = true; }

  Or<> add(u32 type, const void* data, u32 size) {
    const u32 whole = static_cast<u32>(sizeof(ControlHeader)) + size;
    if (whole > left_) {
      truncated_ = true;
      return {};
    }
    TRY(put_user(at_, ControlHeader{whole, kSocketLevel, type}));
    TRY(copy_to_user(at_ + static_cast<u32>(sizeof(ControlHeader)), data, size));
    at_ += whole, left_ -= whole, used_ += whole;
    return {};
  }

 private:
  u32 at_, left_, used_ = 0;
  bool truncated_ = false;
};

Or<> add_passed_files(Call& call, fs::Received& received, ControlWriter& control, u32 flags) {
  if (received.files.empty()) return {};
  u32 descriptors[kMostFiles];
  u32 count = 0;
  for (Ref<fs::File>& file : received.files) {
    if (count >= control.room_for_words()) {
      control.truncate();
      break;
    }
    auto added = files(call).add(std::move(file), (flags & flag::kCloseOnExec) != 0);
    if (!added.ok()) {
      control.truncate();
      break;
    }
    descriptors[count++] = *added;
  }
  return count == 0 ? Or<>{} : control.add(kRights, descriptors, count * 4);
}

}  // namespace

Or<u32> send_message(Call& call, SocketFile& socket, const UserMessage& m, u32 flags) {
  Vector<Ref<fs::File>> passed;
  if (m.control_size > 0) TRY(files_from_control(call, m, passed));
  Gathered gathered = TRY(Gathered::make(m));
  TRY(gathered.load());
  fs::Buffer buffer = gathered.buffer();
  if (m.name == 0) return socket.send(buffer, {}, nullptr, std::move(passed), flags);
  const fs::SocketAddress to = TRY(address_from_user(m.name, m.name_size));
  Ref<fs::Dentry> start = TRY(start_of_address(call, to));
  return socket.send(buffer, std::move(start), &to, std::move(passed), flags);
}

Or<u32> receive_message(Call& call, SocketFile& socket, u32 message_address, u32 flags) {
  UserMessage m = TRY(get_user<UserMessage>(message_address));
  Gathered gathered = TRY(Gathered::make(m));
  fs::Received received;
  fs::Buffer buffer = gathered.buffer();
  const u32 size = TRY(socket.receive(buffer, received, flags));
  TRY(gathered.store(buffer.done()));
  ControlWriter control(m);
  if (socket.pass_credentials) TRY(control.add(kSenderCredentials, &received.sender, sizeof received.sender));
  TRY(add_passed_files(call, received, control, flags));
  if (m.name != 0) TRY(address_to_user(received.from, m.name, message_address + 4));
  TRY(put_user(message_address + 20, control.used()));
  const u32 told = (received.truncated ? flag::kTruncated : 0) | (control.truncated() ? flag::kControlTruncated : 0) |
                   (socket.type() == fs::SocketType::kSequenced && size > 0 ? flag::kEndOfRecord : 0) |
                   (flags & flag::kCloseOnExec);
  TRY(put_user(message_address + 24, told));
  return size;
}

}  // namespace ido
