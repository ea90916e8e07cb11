// Sockets: the calls by their own numbers, and socketcall(2), which has them all under one with the arguments in
// memory. Only AF_UNIX is there; other families are refused as by a Linux without network.

#include "syscall/socket.hpp"

#include "lib/string.hpp"

namespace ido {

Or<Ref<fs::SocketFile>> socket_of(Call& call, u32 descriptor) {
  Ref<fs::File> file = TRY(file_of(call, descriptor));
  fs::SocketFile* socket = fs::SocketFile::cast(*file);
  if (socket == nullptr) return fail(Errno::kNotSock);
  return Ref<fs::SocketFile>(socket);
}

Or<fs::SocketAddress> address_from_user(u32 at, u32 size) {
  fs::SocketAddress address;
  constexpr u32 kFamily = 2;  // bytes
  if (size < kFamily || size > kFamily + fs::SocketAddress::kMost) return fail(Errno::kInval);
  if (TRY(get_user<u16>(at)) != kAfUnix) return fail(Errno::kInval);
  TRY(copy_from_user(address.bytes, at + kFamily, size - kFamily));
  address.size = size - kFamily;
  // A path ends at its zero byte; an abstract name has them as any others.
  if (!address.abstract()) address.size = address.view().find('\0');
  return address;
}

// Tells an address and its size, cut to the room that the program has.
Or<> address_to_user(const fs::SocketAddress& address, u32 at, u32 size_at) {
  if (at == 0 || size_at == 0) return {};
  const u32 room = TRY(get_user<u32>(size_at));
  if (static_cast<i32>(room) < 0) return fail(Errno::kInval);
  u8 whole[2 + fs::SocketAddress::kMost + 1] = {kAfUnix, 0};
  memcpy(whole + 2, address.bytes, address.size);
  const u32 size = address.size == 0 ? 2 : 2 + address.size + (address.abstract() ? 0 : 1);
  TRY(copy_to_user(at, whole, size < room ? size : room));
  return put_user(size_at, size);
}

Or<Ref<fs::Dentry>> start_of_address(Call& call, const fs::SocketAddress& address) {
  return address.view().starts_with("/") ? fs::current_root() : working_directory(call);
}

namespace {

using fs::SocketFile;

constexpr u32 kTypeMask = 0xf;

// The arguments of a call, from registers or from memory.
struct Arguments {
  u32 word[6] = {};
  u32 operator[](u32 i) const { return word[i]; }
};

Or<u32> add_socket(Call& call, Ref<SocketFile> socket, u32 type_flags) {
  return files(call).add(std::move(socket), (type_flags & fs::open_flag::kCloseOnExec) != 0);
}

Or<fs::SocketType> check_type(const Arguments& a) {
  constexpr u32 kMostFamilies = 46;
  const u32 type = a[1] & kTypeMask;
  if (a[1] & ~(kTypeMask | fs::open_flag::kNonBlock | fs::open_flag::kCloseOnExec)) return fail(Errno::kInval);
  if (a[0] != kAfUnix || a[0] >= kMostFamilies) return fail(Errno::kAfNoSupport);
  if (a[2] != 0 && a[2] != kAfUnix) return fail(Errno::kProtoNoSupport);
  constexpr u32 kRaw = 3;  // taken for a datagram socket by AF_UNIX
  if (type != 1 && type != 2 && type != kRaw && type != 5) return fail(Errno::kSockTypeNoSupport);
  return type == kRaw ? fs::SocketType::kDatagram : static_cast<fs::SocketType>(type);
}

Or<u32> do_socket(Call& call, const Arguments& a) {
  const fs::SocketType type = TRY(check_type(a));
  Ref<SocketFile> socket = TRY(SocketFile::make(type, a[1] & fs::open_flag::kNonBlock));
  return add_socket(call, std::move(socket), a[1]);
}

Or<u32> do_socketpair(Call& call, const Arguments& a) {
  const fs::SocketType type = TRY(check_type(a));
  Ref<SocketFile> one = TRY(SocketFile::make(type, a[1] & fs::open_flag::kNonBlock));
  Ref<SocketFile> other = TRY(SocketFile::make(type, a[1] & fs::open_flag::kNonBlock));
  SocketFile::connect_pair(*one, *other);
  return add_pair(call, std::move(one), std::move(other), (a[1] & fs::open_flag::kCloseOnExec) != 0, a[3]);
}

Or<u32> do_bind(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  const fs::SocketAddress address = TRY(address_from_user(a[1], a[2]));
  Ref<fs::Dentry> start = TRY(start_of_address(call, address));
  TRY(socket->bind(std::move(start), address, call.task.process->umask));
  return 0;
}

Or<u32> do_connect(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  const fs::SocketAddress address = TRY(address_from_user(a[1], a[2]));
  Ref<fs::Dentry> start = TRY(start_of_address(call, address));
  TRY(socket->connect(std::move(start), address));
  return 0;
}

Or<u32> do_listen(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  TRY(socket->listen(a[1]));
  return 0;
}

Or<u32> do_accept(Call& call, const Arguments& a) {
  if (a[3] & ~(fs::open_flag::kNonBlock | fs::open_flag::kCloseOnExec)) return fail(Errno::kInval);
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  Ref<SocketFile> accepted = TRY(socket->accept(a[3] & fs::open_flag::kNonBlock));
  TRY(address_to_user(accepted->peer_name(), a[1], a[2]));
  return add_socket(call, std::move(accepted), a[3]);
}

Or<u32> do_getsockname(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  TRY(address_to_user(socket->name(), a[1], a[2]));
  return 0;
}

Or<u32> do_getpeername(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  if (!socket->connected()) return fail(Errno::kNotConn);
  TRY(address_to_user(socket->peer_name(), a[1], a[2]));
  return 0;
}

Or<u32> do_shutdown(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  if (a[1] > 2) return fail(Errno::kInval);
  TRY(socket->shut_down(a[1] != 1, a[1] != 0));
  return 0;
}

Or<u32> do_sendto(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  fs::Buffer buffer = fs::Buffer::user(a[1], a[2]);
  if (a[4] == 0) return socket->send(buffer, {}, nullptr, {}, a[3]);
  const fs::SocketAddress to = TRY(address_from_user(a[4], a[5]));
  Ref<fs::Dentry> start = TRY(start_of_address(call, to));
  return socket->send(buffer, std::move(start), &to, {}, a[3]);
}

Or<u32> do_recvfrom(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  fs::Buffer buffer = fs::Buffer::user(a[1], a[2]);
  fs::Received received;
  const u32 size = TRY(socket->receive(buffer, received, a[3]));
  TRY(address_to_user(received.from, a[4], a[5]));
  return size;
}

Or<u32> do_sendmsg(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  const UserMessage m = TRY(get_user<UserMessage>(a[1]));
  return send_message(call, *socket, m, a[2]);
}

Or<u32> do_recvmsg(Call& call, const Arguments& a) {
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  return receive_message(call, *socket, a[1], a[2]);
}

// struct mmsghdr: a msghdr and the bytes that were sent.
Or<u32> do_sendmmsg(Call& call, const Arguments& a) {
  constexpr u32 kSize = sizeof(UserMessage) + 4, kMost = 1024;
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  const u32 count = a[2] < kMost ? a[2] : kMost;
  for (u32 i = 0; i < count; ++i) {
    auto one = get_user<UserMessage>(a[1] + i * kSize);
    auto sent = one.ok() ? send_message(call, *socket, *one, a[3]) : Or<u32>(fail(one.error()));
    if (!sent.ok()) return i > 0 ? Or<u32>(i) : std::move(sent);
    TRY(put_user(a[1] + i * kSize + static_cast<u32>(sizeof(UserMessage)), *sent));
  }
  return count;
}

// --- Options.
Or<u32> option_value(SocketFile& socket, u32 name) {
  constexpr u32 kType = 3, kError = 4, kSendBuffer = 7, kReceiveBuffer = 8, kPassCredentials = 16,
                kAcceptsConnections = 30, kProtocol = 38, kDomain = 39, kQueue = 212992;
  switch (name) {
    case kType: return static_cast<u32>(socket.type());
    case kError: return static_cast<u32>(socket.take_error());
    case kSendBuffer:
    case kReceiveBuffer: return kQueue;
    case kPassCredentials: return socket.pass_credentials ? 1u : 0u;
    case kAcceptsConnections: return socket.listening() ? 1u : 0u;
    case kProtocol: return 0;
    case kDomain: return kAfUnix;
    case 2:
    case 5:
    case 6:
    case 9:
    case 10:
    case 12:
    case 15: return 0;  // REUSEADDR and others that mean nothing here
    default: return fail(Errno::kNoProtoOpt);
  }
}

Or<u32> do_getsockopt(Call& call, const Arguments& a) {
  constexpr u32 kLinger = 13, kPeerCredentials = 17, kReceiveTimeout = 20, kSendTimeout = 21;
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  if (a[1] != kSocketLevel) return fail(Errno::kOpNotSupp);
  const u32 room = TRY(get_user<u32>(a[4]));
  if (static_cast<i32>(room) < 0) return fail(Errno::kInval);
  u32 words[3] = {}, size = 4;
  if (a[2] == kPeerCredentials) {
    memcpy(words, &socket->peer_credentials(), sizeof words);
    size = sizeof words;
  } else if (a[2] == kLinger || a[2] == kReceiveTimeout || a[2] == kSendTimeout) {
    size = 8;
  } else {
    words[0] = TRY(option_value(*socket, a[2]));
  }
  const u32 n = size < room ? size : room;
  TRY(copy_to_user(a[3], words, n));
  TRY(put_user(a[4], n));
  return 0;
}

Or<u32> do_setsockopt(Call& call, const Arguments& a) {
  constexpr u32 kPassCredentials = 16;
  Ref<SocketFile> socket = TRY(socket_of(call, a[0]));
  if (a[1] != kSocketLevel) return fail(Errno::kOpNotSupp);
  if (a[4] < 4) return fail(Errno::kInval);
  const u32 value = TRY(get_user<u32>(a[3]));
  if (a[2] == kPassCredentials) socket->pass_credentials = value != 0;
  // Buffer sizes, timeouts and the like are taken and have no effect.
  return a[2] <= 60 ? Or<u32>(0) : Or<u32>(fail(Errno::kNoProtoOpt));
}

Arguments registers(Call& call, u32 count) {
  Arguments a;
  for (u32 i = 0; i < count; ++i) a.word[i] = call[i];
  return a;
}
Or<Arguments> all_registers(Call& call) {
  Arguments a = registers(call, 5);
  a.word[5] = TRY(call.sixth());
  return a;
}

}  // namespace

Or<u32> sys_socket(Call& call) { return do_socket(call, registers(call, 3)); }
Or<u32> sys_socketpair(Call& call) { return do_socketpair(call, registers(call, 4)); }
Or<u32> sys_bind(Call& call) { return do_bind(call, registers(call, 3)); }
Or<u32> sys_connect(Call& call) { return do_connect(call, registers(call, 3)); }
Or<u32> sys_listen(Call& call) { return do_listen(call, registers(call, 2)); }
Or<u32> sys_accept4(Call& call) { return do_accept(call, registers(call, 4)); }
Or<u32> sys_getsockopt(Call& call) { return do_getsockopt(call, registers(call, 5)); }
Or<u32> sys_setsockopt(Call& call) { return do_setsockopt(call, registers(call, 5)); }
Or<u32> sys_getsockname(Call& call) { return do_getsockname(call, registers(call, 3)); }
Or<u32> sys_getpeername(Call& call) { return do_getpeername(call, registers(call, 3)); }
Or<u32> sys_sendto(Call& call) { return do_sendto(call, TRY(all_registers(call))); }
Or<u32> sys_sendmsg(Call& call) { return do_sendmsg(call, registers(call, 3)); }
Or<u32> sys_recvfrom(Call& call) { return do_recvfrom(call, TRY(all_registers(call))); }
Or<u32> sys_recvmsg(Call& call) { return do_recvmsg(call, registers(call, 3)); }
Or<u32> sys_shutdown(Call& call) { return do_shutdown(call, registers(call, 2)); }
Or<u32> sys_sendmmsg(Call& call) { return do_sendmmsg(call, registers(call, 4)); }

// socketcall(2): by number from 1 (linux/net.h); `count`: the words that the call takes from memory.
Or<u32> sys_socketcall(Call& call) {
  struct Row {
    Or<u32> (*run)(Call&, const Arguments&);
    u32 count;
  };
  static constexpr Row kRows[] = {{do_socket, 3},   {do_bind, 3},        {do_connect, 3},     {do_listen, 2},
                                  {do_accept, 3},   {do_getsockname, 3}, {do_getpeername, 3}, {do_socketpair, 4},
                                  {do_sendto, 4},   {do_recvfrom, 4},    {do_sendto, 6},      {do_recvfrom, 6},
                                  {do_shutdown, 2}, {do_setsockopt, 5},  {do_getsockopt, 5},  {do_sendmsg, 3},
                                  {do_recvmsg, 3},  {do_accept, 4},      {nullptr, 0},        {do_sendmmsg, 4}};
  constexpr u32 kCount = sizeof kRows / sizeof *kRows;
  if (call[0] < 1 || call[0] > kCount || kRows[call[0] - 1].run == nullptr) return fail(Errno::kInval);
  const Row& row = kRows[call[0] - 1];
  Arguments a;
  TRY(copy_from_user(a.word, call[1], row.count * 4));
  return row.run(call, a);
}

}  // namespace ido
