#include "host/stderr_log.hpp"

#include <unistd.h>

namespace paemu::host {

void StderrLog::line(std::string_view text) {
  std::string whole = "paemu: ";
  // What a guest writes must not steer the user's terminal.
  for (const char c : text) whole.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
  whole.push_back('\n');
  const auto bytes = std::span(reinterpret_cast<const u8*>(whole.data()), whole.size());
  if (file_)
    (void)file_->append(bytes);
  else if (write(STDERR_FILENO, whole.data(), whole.size()) < 0)
    return;  // nowhere left to complain
}

void StderrLog::once(std::string_view key, std::string_view text) {
  if (seen_.size() >= kMaxKeys || seen_.contains(key)) return;
  seen_.emplace(key);
  line(text);
}

}  // namespace paemu::host
