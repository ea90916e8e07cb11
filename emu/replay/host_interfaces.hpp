// What devices and the machine ask of the outside world. Implemented in host, and by fakes in tests. Output only:
// input comes through replay/input.hpp.
#pragma once

#include <span>
#include <string_view>

#include "base/types.hpp"

namespace paemu {
using namespace base;

// The machine's streams of bytes by number, the same for output and for SerialBytes arrivals.
namespace stream {
inline constexpr u32 kSerialPorts = 2;      // 0: COM1, 1: COM2
inline constexpr u32 kDebugConsole = 8;     // output only
inline constexpr u32 kVirtioConsoles = 16;  // and on: the virtio consoles, in the order of the configuration
}  // namespace stream

// Where transmitted bytes go. Never blocks the guest; the guest can't see whether anyone listens.
class SerialSink {
 public:
  virtual void transmit(u32 stream, std::span<const u8> bytes) = 0;

 protected:
  ~SerialSink() = default;
};

// One line for the user's log (stderr): guest errors that are worth a word.
class Log {
 public:
  virtual void line(std::string_view text) = 0;
  // The same, but each `key` only once a run.
  virtual void once(std::string_view key, std::string_view text) = 0;

 protected:
  ~Log() = default;
};

// What a profiler of the host is told of code that was made while the program runs.
class CodeNames {
 public:
  virtual void add(const u8* code, u64 size, std::string_view name) = 0;
  // There is no named code any more in the `size` bytes from `first`.
  virtual void forget(const u8* first, u64 size) = 0;

 protected:
  ~CodeNames() = default;
};

}  // namespace paemu
