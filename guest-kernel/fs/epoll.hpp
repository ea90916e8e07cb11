// epoll(7): a file that watches others. Each watched file has an item that listens to its source; a notice puts the
// item on the ready list, and a wait looks at the items on that list only.
#pragma once

#include "fs/file.hpp"

namespace ido::fs {

// struct epoll_event of i386.
struct [[gnu::packed]] EpollEvent {
  u32 events = 0;  // poll_bit and epoll_flag
  u64 data = 0;    // the program's
};
static_assert(sizeof(EpollEvent) == 12);

namespace epoll_flag {
inline constexpr u32 kExclusive = 1u << 28, kWakeUp = 1u << 29, kOneShot = 1u << 30, kEdge = 1u << 31;
}

enum class EpollCommand : u8 { kAdd = 1, kDelete = 2, kModify = 3 };

Or<Ref<File>> make_epoll(u32 open_flags);
// Errno::kInval: `epoll` is no epoll file, or is the watched file itself; kPerm: the file can't be waited for; kExist,
// kNoEnt, kLoop.
Or<> control_epoll(File& epoll, EpollCommand command, Ref<File> file, u32 descriptor, const EpollEvent& event);
// Waits until there are events, at most `most` of them, or for `timeout_ns` (kForever). Returns how many.
Or<u32> wait_epoll(File& epoll, EpollEvent* events, u32 most, u64 timeout_ns);

// The file goes: nobody watches it any more.
void forget_watchers(File& file);

}  // namespace ido::fs
