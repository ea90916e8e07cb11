// Resource limits (getrlimit(2)): what each process may use. Declared here so that mm and fs can ask; proc answers.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// Linux's numbers (asm-generic/resource.h).
enum class Resource : u8 {
  kCpuTime,       // seconds
  kFileSize,      // bytes
  kData,          // bytes of private writable memory
  kStack,         // bytes
  kCore,          // bytes
  kResidentSet,   // bytes; without effect, as in Linux
  kProcesses,     // of one user
  kFiles,         // one more than the highest descriptor
  kLockedMemory,  // bytes
  kAddressSpace,  // bytes
  kFileLocks,
  kPendingSignals,
  kMessageQueues,  // bytes
  kNice,
  kRealtimePriority,
  kRealtimeTime,  // microseconds
};
inline constexpr u32 kResourceCount = 16;
inline constexpr u64 kUnlimited = ~u64{0};

struct Limits {
  struct Pair {
    u64 soft = kUnlimited;  // what is enforced
    u64 hard = kUnlimited;  // how far a program may raise it
  };
  Pair of[kResourceCount];

  Limits() {  // as Linux starts init with, where it does not depend on the machine
    at(Resource::kStack).soft = 8 * kMiB;
    at(Resource::kCore).soft = 0;
    at(Resource::kFiles) = {1024, 4096};
    at(Resource::kLockedMemory) = {8 * kMiB, 8 * kMiB};
    at(Resource::kMessageQueues) = {819200, 819200};
    at(Resource::kNice) = at(Resource::kRealtimePriority) = {0, 0};
  }
  Pair& at(Resource r) { return of[static_cast<u32>(r)]; }
};

// The soft limit of the running process; kUnlimited in kernel threads. kLockedMemory does not bind the superuser.
u64 resource_limit(Resource resource);

}  // namespace ido
