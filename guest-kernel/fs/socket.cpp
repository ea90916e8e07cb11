// AF_UNIX sockets: names and connections. Sending and receiving are in socket_transfer.cpp.
#include "fs/socket.hpp"

#include "fs/anonymous_file.hpp"
#include "fs/permission.hpp"
#include "fs/vfs.hpp"
#include "lib/process.hpp"
#include "lib/string.hpp"
#include "mm/kmalloc.hpp"
#include "mm/uaccess.hpp"

namespace ido::fs {

// The sockets that have a name, and all there are.
struct BoundSockets {
  static IntrusiveList<SocketFile, &SocketFile::bound_node_> list;
  static IntrusiveList<SocketFile, &SocketFile::all_node_> all;
  static SocketFile* find_inode(const Inode* inode) {
    for (SocketFile& s : list)
      if (s.inode_.get() == inode) return &s;
    return nullptr;
  }
  static SocketFile* find_abstract(StringView name) {
    for (SocketFile& s : list)
      if (s.name_.abstract() && s.name_.view() == name) return &s;
    return nullptr;
  }
};
constinit IntrusiveList<SocketFile, &SocketFile::bound_node_> BoundSockets::list;
constinit IntrusiveList<SocketFile, &SocketFile::all_node_> BoundSockets::all;

namespace {

constexpr AnonymousKind kSocketKind{"socket"};
constexpr u32 kMostBacklog = 4096;  // net.core.somaxconn
u64 g_next_number = 1;

PeerCredentials own_credentials() {
  const Credentials& who = current_credentials();
  return {current_process_id(), who.user.effective, who.group.effective};
}

}  // namespace

SocketMessage* SocketMessage::make(u32 size) {
  auto* message = new (std::nothrow) SocketMessage;
  if (message == nullptr) return nullptr;
  message->data = static_cast<u8*>(kmalloc(size == 0 ? 1 : size, "socket"));
  message->size = size;
  if (message->data != nullptr) return message;
  delete message;
  return nullptr;
}

SocketMessage::~SocketMessage() { kfree(data); }

SocketFile::SocketFile(SocketType type, u32 open_flags) : File({}, open_flags), type_(type) {
  static const u32 device = new_device();
  status_.device = device;
  status_.inode = g_next_number++;
  status_.mode = mode::kSocket | 0777;
  BoundSockets::all.push_back(*this);
}

SocketFile::~SocketFile() {
  if (bound_node_.linked()) BoundSockets::list.remove(*this);
  while (SocketMessage* message = queue_.front()) drop(*message);
  SocketFile* peer = peer_;
  peer_ = nullptr;
  BoundSockets::all.remove(*this);
  // Of datagram sockets many may be connected to one.
  if (type_ != SocketType::kDatagram) {
    if (peer != nullptr) peer->lose_peer();
    return;
  }
  for (SocketFile& s : BoundSockets::all)
    if (s.peer_ == this) s.lose_peer();
}

Or<Ref<SocketFile>> SocketFile::make(SocketType type, u32 open_flags) {
  Ref<SocketFile> socket(new (std::nothrow) SocketFile(type, open_flags | open_flag::kReadWrite));
  if (!socket) return fail(Errno::kNoMem);
  return socket;
}

SocketFile* SocketFile::cast(File& file) {
  return file.kind() == &kSocketKind ? static_cast<SocketFile*>(&file) : nullptr;
}

const AnonymousKind* SocketFile::kind() const { return &kSocketKind; }

void SocketFile::describe(Text& text) { text.add("socket:[%llu]", static_cast<unsigned long long>(status_.inode)); }

void SocketFile::connect_pair(SocketFile& a, SocketFile& b) {
  a.peer_ = &b, b.peer_ = &a;
  a.was_connected_ = b.was_connected_ = true;
  a.peer_credentials_ = b.peer_credentials_ = own_credentials();
}

void SocketFile::lose_peer() {
  peer_ = nullptr;
  if (type_ == SocketType::kDatagram) error_ = Errno::kConnReset;
  changed();
}

void SocketFile::changed() {
  changed_.wake_all();
  source_.changed();
}

Errno SocketFile::take_error() {
  const Errno error = error_;
  error_ = Errno{0};
  return error;
}

Or<> SocketFile::bind(Ref<Dentry> directory, const SocketAddress& address, u32 umask) {
  if (name_.size > 0) return fail(Errno::kInval);
  name_ = address;
  if (address.size == 0) {
    // unix(7), "Autobind": an abstract name of five hexadecimal digits.
    static u32 next = 0;
    do name_.size = 1 + format_to(name_.bytes + 1, 8, "%05x", next++ & 0xfffff);
    while (BoundSockets::find_abstract(name_.view()) != nullptr);
  } else if (address.abstract()) {
    if (BoundSockets::find_abstract(address.view()) != nullptr) {
      name_.size = 0;
      return fail(Errno::kAddrInUse);
    }
  } else {
    auto made = fs::make(std::move(directory), address.view(), mode::kSocket | (0777 & ~umask));
    if (!made.ok()) {
      name_.size = 0;
      return fail(made.error() == Errno::kExist ? Errno::kAddrInUse : made.error());
    }
    inode_ = *made;
  }
  BoundSockets::list.push_back(*this);
  return {};
}

Or<SocketFile*> SocketFile::find(Ref<Dentry> directory, const SocketAddress& address) {
  SocketFile* found = nullptr;
  if (address.size == 0) return fail(Errno::kInval);
  if (address.abstract()) {
    found = BoundSockets::find_abstract(address.view());
  } else {
    Ref<Dentry> place = TRY(lookup(std::move(directory), address.view()));
    TRY(permit(*place->inode, want::kWrite));
    if (place->inode->type() != mode::kSocket) return fail(Errno::kConnRefused);
    found = BoundSockets::find_inode(place->inode.get());
  }
  if (found == nullptr) return fail(Errno::kConnRefused);
  if (found->type_ != type_) return fail(Errno::kProtoType);
  return found;
}

Or<> SocketFile::listen(u32 backlog) {
  if (type_ == SocketType::kDatagram) return fail(Errno::kOpNotSupp);
  if (name_.size == 0 || was_connected_) return fail(Errno::kInval);
  backlog_limit_ = backlog < kMostBacklog ? backlog + 1 : kMostBacklog;
  peer_credentials_ = own_credentials();  // what who connects sees
  changed();
  return {};
}

Or<> SocketFile::connect(Ref<Dentry> directory, const SocketAddress& address) {
  if (type_ == SocketType::kDatagram) {
    SocketFile* to = TRY(find(std::move(directory), address));
    peer_ = to;
    peer_name_ = address;
    return {};
  }
  if (listening()) return fail(Errno::kInval);
  if (was_connected_) return fail(Errno::kIsConn);
  Ref<SocketFile> other = TRY(make(type_, 0));
  for (;;) {
    Ref<SocketFile> listener(TRY(find(directory, address)));
    if (!listener->listening() || listener->read_shut_) return fail(Errno::kConnRefused);
    if (listener->backlog_.size() < listener->backlog_limit_) {
      TRY(listener->backlog_.push(other));
      connect_pair(*this, *other);
      peer_credentials_ = listener->peer_credentials_;
      other->name_ = peer_name_ = listener->name_;
      other->peer_name_ = name_;
      listener->changed();
      return {};
    }
    if (!blocks()) return fail(Errno::kAgain);
    TRY(listener->changed_.wait_interruptible());
  }
}

Or<Ref<SocketFile>> SocketFile::accept(u32 open_flags) {
  if (type_ == SocketType::kDatagram) return fail(Errno::kOpNotSupp);
  if (!listening()) return fail(Errno::kInval);
  while (backlog_.empty()) {
    if (read_shut_) return fail(Errno::kInval);
    if (!blocks()) return fail(Errno::kAgain);
    TRY(changed_.wait_interruptible());
  }
  Ref<SocketFile> accepted = backlog_[0];
  backlog_.erase(0);
  accepted->flags |= open_flags;
  changed();
  return accepted;
}

Or<> SocketFile::shut_down(bool reading, bool writing) {
  if (type_ != SocketType::kDatagram && peer_ == nullptr && !listening()) return fail(Errno::kNotConn);
  read_shut_ = read_shut_ || reading;
  write_shut_ = write_shut_ || writing;
  changed();
  if (peer_ == nullptr || type_ == SocketType::kDatagram) return {};
  peer_->read_shut_ = peer_->read_shut_ || writing;
  peer_->write_shut_ = peer_->write_shut_ || reading;
  peer_->changed();
  return {};
}

Or<u32> SocketFile::control(u32 request, u32 argument) {
  constexpr u32 kFionRead = 0x541b, kOutQueue = 0x5411;
  if (request != kFionRead && request != kOutQueue) return fail(Errno::kInval);
  const SocketFile* of = request == kFionRead ? this : peer_;
  u32 bytes = of == nullptr ? 0 : of->queued_bytes_;
  // Of packets, the first one's size.
  if (request == kFionRead && type_ != SocketType::kStream) bytes = queue_.empty() ? 0 : queue_.front()->size;
  TRY(put_user(argument, bytes));
  return 0;
}

u32 SocketFile::poll() {
  if (listening()) return backlog_.empty() ? 0 : poll_bit::kIn;
  const bool ended = type_ != SocketType::kDatagram && (read_shut_ || (was_connected_ && peer_ == nullptr));
  u32 bits = !queue_.empty() || ended ? poll_bit::kIn : 0;
  if (ended) bits |= poll_bit::kReadHangUp;
  if ((read_shut_ && write_shut_) || (type_ != SocketType::kDatagram && peer_ == nullptr)) bits |= poll_bit::kHangUp;
  if (error_ != Errno{0}) bits |= poll_bit::kError;
  if (peer_ == nullptr ? true : !peer_->full()) bits |= poll_bit::kOut;
  return bits;
}

}  // namespace ido::fs
