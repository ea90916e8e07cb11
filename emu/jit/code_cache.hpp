// CodeCache: the bounded memory that translated code lives in.
//
// The same pages are mapped twice, at one address for writing and at another for executing, so that none is ever both
// at once. Code is appended until the cache is full; then whoever fills it flushes, and all of a generation goes at
// once. What was there before keep() stays: the ways in and out of translated code.
//
// Called by the translator only, never while the host runs code that a flush would free.
#pragma once

#include <memory>
#include <span>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

class CodeCache {
 public:
  // Room for more than a few large blocks, and within reach of a 32-bit relative jump.
  static constexpr u64 kSmallest = 128 * kKiB, kLargest = 1 * kGiB;

  // size: bytes, rounded up to whole pages; committed as it is filled. Error: the host refuses the mappings.
  static Or<std::unique_ptr<CodeCache>> create(u64 size);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  // Where to write up to `most` bytes of code, aligned to `alignment`; nullptr when this generation has no room for
  // them. It is taken by commit(), of which size it came out; until then another reserve() gives the same place.
  u8* reserve(u64 most, u64 alignment = 16);
  void commit(const u8* end);  // as written: one past the last byte

  // The two addresses of one byte.
  const u8* executable(const u8* written) const { return written + distance_; }
  u8* writable(const u8* executed) const { return const_cast<u8*>(executed) - distance_; }
  bool holds(const u8* executed) const {
    return executed >= write_ + distance_ && executed < write_ + distance_ + size_;
  }

  // What is committed by now survives flushes.
  void keep() { kept_ = used_; }
  // Frees the rest and begins a new generation. No address of the old one is valid any more.
  void flush();

  u64 generation() const { return generation_; }                                                // from 0
  std::span<const u8> fleeting() const { return {executable(write_ + kept_), used_ - kept_}; }  // what a flush frees
  u64 size() const { return size_; }
  u64 used() const { return used_; }

 private:
  CodeCache(u8* write, u8* execute, u64 size) : write_(write), distance_(execute - write), size_(size) {}

  u8* const write_;
  const i64 distance_;  // from the address for writing to that for executing
  const u64 size_;
  u64 used_ = 0, kept_ = 0;
  u64 reserved_ = 0;  // offset of the last reserve()
  u64 generation_ = 0;
};

}  // namespace paemu
