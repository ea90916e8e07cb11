// Topology: how many processors there are, and how they lie in sockets, cores and threads.
//
// The APIC ID of a processor follows from its place: bit fields for thread, core and socket, each as wide as it must be
// (SDM 3A, 8.9.1). Processors are numbered in the order of their IDs; number 0, of ID 0, is the bootstrap processor.
#pragma once

#include <bit>

#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

inline constexpr u32 kMaxProcessors = 8;

struct Topology {
  u32 sockets = 1;
  u32 cores = 1;    // in a socket
  u32 threads = 1;  // in a core
  FIELDS(sockets, cores, threads)

  u32 count() const { return sockets * cores * threads; }

  // Where processor `index` lies.
  u32 thread_of(u32 index) const { return index % threads; }
  u32 core_of(u32 index) const { return index / threads % cores; }
  u32 socket_of(u32 index) const { return index / (threads * cores); }

  // Bits of the APIC ID below the core's number, and below the socket's.
  u32 thread_bits() const { return width(threads); }
  u32 socket_shift() const { return width(threads) + width(cores); }
  u32 apic_id(u32 index) const {
    return (socket_of(index) << socket_shift()) | (core_of(index) << thread_bits()) | thread_of(index);
  }

 private:
  static u32 width(u32 count) { return static_cast<u32>(std::bit_width(count - 1)); }
};

}  // namespace paemu
