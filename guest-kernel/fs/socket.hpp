// AF_UNIX sockets (unix(7)), the only family here: streams, datagrams and sequenced packets between processes of this
// machine, found by a name in the file system or an abstract one, with open files and credentials passed along.
//
// Two connected sockets know one another by plain pointers, which the end of either clears; one that connected and was
// never accepted learns of the listener's end by the end of its peer in the backlog. What is on its way lies in
// the receiver's queue. Sockets themselves can't be passed along: circles of queues that hold one another would never
// be freed.
#pragma once

#include "fs/file.hpp"
#include "lib/wait.hpp"

namespace ido::fs {

enum class SocketType : u8 { kStream = 1, kDatagram = 2, kSequenced = 5 };  // SOCK_*

// An address: empty: none; a path; or abstract, with a zero byte first.
struct SocketAddress {
  static constexpr u32 kMost = 108;
  u32 size = 0;
  char bytes[kMost] = {};
  StringView view() const { return {bytes, size}; }
  bool abstract() const { return size > 0 && bytes[0] == 0; }
};

struct PeerCredentials {
  i32 pid = 0;
  u32 user = 0, group = 0;
};

// One packet, or a piece of a stream, on its way.
struct SocketMessage {
  u8* data = nullptr;
  u32 size = 0;  // bytes
  u32 done = 0;  // bytes taken
  SocketAddress from;
  PeerCredentials sender;
  Vector<Ref<File>> files;
  ListNode node;

  static SocketMessage* make(u32 size);  // null: no memory
  ~SocketMessage();
};

// What comes besides the bytes.
struct Received {
  SocketAddress from;
  PeerCredentials sender;
  Vector<Ref<File>> files;
  bool truncated = false;  // the packet was longer than the buffer
};

namespace message_flag {
inline constexpr u32 kOutOfBand = 1, kPeek = 2, kControlTruncated = 8, kTruncated = 0x20, kDontWait = 0x40,
                     kEndOfRecord = 0x80, kWaitAll = 0x100, kNoSignal = 0x4000, kCloseOnExec = 0x40000000;
}

class SocketFile final : public File {
 public:
  SocketFile(SocketType type, u32 open_flags);
  ~SocketFile() override;
  static Or<Ref<SocketFile>> make(SocketType type, u32 open_flags);
  static SocketFile* cast(File& file);  // null: no socket
  static void connect_pair(SocketFile& a, SocketFile& b);

  bool seekable() const override { return false; }
  Or<u32> read(Buffer& buffer, u64& at) override;
  Or<u32> write(Buffer& buffer, u64& at) override;
  Or<u32> control(u32 request, u32 argument) override;
  u32 poll() override;
  PollSource* poll_source() override { return &source_; }
  Or<Status> file_status() override { return status_; }
  const AnonymousKind* kind() const override;
  void describe(Text& text) override;

  Or<> bind(Ref<Dentry> directory, const SocketAddress& address, u32 umask);
  Or<> listen(u32 backlog);
  Or<> connect(Ref<Dentry> directory, const SocketAddress& address);
  Or<Ref<SocketFile>> accept(u32 open_flags);
  Or<> shut_down(bool reading, bool writing);
  // `to`: for datagrams, null: the peer.
  Or<u32> send(Buffer& buffer, Ref<Dentry> directory, const SocketAddress* to, Vector<Ref<File>> files, u32 how);
  Or<u32> receive(Buffer& buffer, Received& received, u32 how);

  SocketType type() const { return type_; }
  bool listening() const { return backlog_limit_ > 0; }
  bool connected() const { return peer_ != nullptr; }
  const SocketAddress& name() const { return name_; }
  const SocketAddress& peer_name() const { return peer_name_; }
  const PeerCredentials& peer_credentials() const { return peer_credentials_; }
  Errno take_error();
  bool pass_credentials = false;  // SO_PASSCRED: told back

 private:
  Or<SocketFile*> find(Ref<Dentry> directory, const SocketAddress& address);
  Or<SocketFile*> target_of(Ref<Dentry> directory, const SocketAddress* to);
  Or<SocketMessage*> next_message(u32 how);
  Or<u32> take(SocketMessage& message, Buffer& buffer, Received& received, u32 how);
  Or<> wait(u32 how);
  bool full() const { return queued_bytes_ >= kMostQueued; }
  void deliver(SocketMessage& message);
  void drop(SocketMessage& message);
  void lose_peer();
  void changed();

  static constexpr u32 kMostQueued = 212992;  // bytes: net.core.rmem_default
  static constexpr u32 kPiece = 16384;        // of a stream's write

  SocketType type_;
  Status status_;
  SocketAddress name_, peer_name_;
  PeerCredentials peer_credentials_;
  Ref<Inode> inode_;  // of the name in the file system
  SocketFile* peer_ = nullptr;
  bool was_connected_ = false;
  bool read_shut_ = false, write_shut_ = false;
  Errno error_ = Errno{0};
  IntrusiveList<SocketMessage, &SocketMessage::node> queue_;
  u32 queued_bytes_ = 0;
  Vector<Ref<SocketFile>> backlog_;  // connected, not yet accepted
  u32 backlog_limit_ = 0;            // 0: not listening
  ListNode bound_node_, all_node_;
  WaitQueue changed_;
  PollSource source_;
  friend struct BoundSockets;
};

}  // namespace ido::fs
