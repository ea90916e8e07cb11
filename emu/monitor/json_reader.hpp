// JsonReader: cuts a stream of bytes into JSON objects, whatever the line ends, within fixed limits.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/types.hpp"

namespace paemu::monitor {
using namespace base;

class JsonReader {
 public:
  static constexpr usize kMaxLength = 1 * kMiB;  // bytes of one object
  static constexpr u32 kMaxDepth = 64;

  // object: the text of one whole object, brackets balanced and no more checked. error: why the stream makes no sense;
  // the rest of the line is then skipped.
  JsonReader(std::function<void(const std::string&)> object, std::function<void(const char*)> error)
      : object_(std::move(object)), error_(std::move(error)) {}

  void take(std::span<const u8> bytes);
  void clear();

 private:
  void take(char c);
  void fail(const char* reason);

  std::function<void(const std::string&)> object_;
  std::function<void(const char*)> error_;
  std::string text_;
  u32 depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool skipping_ = false;  // to the end of the line, after an error
};

}  // namespace paemu::monitor
