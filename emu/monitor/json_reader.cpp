#include "monitor/json_reader.hpp"

namespace paemu::monitor {

void JsonReader::clear() {
  text_.clear();
  depth_ = 0;
  in_string_ = escaped_ = skipping_ = false;
}

void JsonReader::fail(const char* reason) {
  clear();
  skipping_ = true;
  error_(reason);
}

void JsonReader::take(std::span<const u8> bytes) {
  for (const u8 byte : bytes) take(static_cast<char>(byte));
}

void JsonReader::take(char c) {
  if (skipping_) {
    skipping_ = c != '\n';
    return;
  }
  if (depth_ == 0) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    if (c != '{') {
      fail("JSON parse error, expecting value");
      // A lone line end has nothing left to skip.
      return;
    }
  }
  if (text_.size() == kMaxLength) return fail("JSON token size limit exceeded");
  text_.push_back(c);
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') {
    if (++depth_ > kMaxDepth) fail("JSON nesting depth limit exceeded");
    return;
  }
  if (c != '}' && c != ']') return;
  if (--depth_ != 0) return;
  const std::string text = std::move(text_);
  clear();
  object_(text);
}

}  // namespace paemu::monitor
