// What the files of the socket calls share.
#pragma once

#include "fs/socket.hpp"
#include "syscall/helpers.hpp"

namespace ido {

inline constexpr u32 kAfUnix = 1, kSocketLevel = 1;  // SOL_SOCKET

struct UserMessage {  // struct msghdr
  u32 name, name_size, vectors, vector_count, control, control_size, flags;
};

// Errno::kBadF, kNotSock.
Or<Ref<fs::SocketFile>> socket_of(Call& call, u32 descriptor);
Or<fs::SocketAddress> address_from_user(u32 at, u32 size);
// Tells an address and its size, cut to the room that the program has; either address 0: nothing.
Or<> address_to_user(const fs::SocketAddress& address, u32 at, u32 size_at);
// Where a path in an address starts.
Or<Ref<fs::Dentry>> start_of_address(Call& call, const fs::SocketAddress& address);

Or<u32> send_message(Call& call, fs::SocketFile& socket, const UserMessage& m, u32 flags);
Or<u32> receive_message(Call& call, fs::SocketFile& socket, u32 message_address, u32 flags);

}  // namespace ido
