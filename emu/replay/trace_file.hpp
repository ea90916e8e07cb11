// What trace writer and reader ask of the host: a file to append to, a file to read from.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

class TraceOutput {
 public:
  virtual ~TraceOutput() = default;
  // Appends all of `bytes` by one write, so that a dying process leaves at most one part of them. Errors name the file.
  virtual Or<> append(std::span<const u8> bytes) = 0;
};

class TraceInput {
 public:
  virtual ~TraceInput() = default;
  virtual u64 size() const = 0;  // bytes
  // Fills `out` from `offset`; the range lies within size(). Errors name the file.
  virtual Or<> read(u64 offset, std::span<u8> out) = 0;
  virtual const std::string& name() const = 0;  // for messages
};

// Both ends in memory, for tests and for snapshots that never reach a disk.
class MemoryTrace : public TraceOutput, public TraceInput {
 public:
  explicit MemoryTrace(std::vector<u8> bytes = {}, std::string name = "memory")
      : bytes_(std::move(bytes)), name_(std::move(name)) {}
  std::vector<u8>& bytes() { return bytes_; }
  Or<> append(std::span<const u8> bytes) override;
  u64 size() const override { return bytes_.size(); }
  Or<> read(u64 offset, std::span<u8> out) override;
  const std::string& name() const override { return name_; }

 private:
  std::vector<u8> bytes_;
  std::string name_;
};

}  // namespace paemu
