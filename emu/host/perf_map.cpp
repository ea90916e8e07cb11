#include "host/perf_map.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace paemu::host {

// A new file that is nobody's link: /tmp is everybody's, and the name can be guessed.
Or<PerfMap> PerfMap::create() {
  std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  unlink(path.c_str());
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(path + ": can't be made: " + std::strerror(errno));
  return PerfMap(std::move(path), descriptor);
}

PerfMap::PerfMap(PerfMap&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      lines_(std::move(other.lines_)) {}

// The file stays: perf reads it when all is over.
PerfMap::~PerfMap() {
  if (descriptor_ >= 0) close(descriptor_);
}

void PerfMap::add(const u8* code, u64 size, std::string_view name) {
  const u64 start = reinterpret_cast<u64>(code);
  write(lines_[start] = fmt::format("{:x} {:x} {}\n", start, size, name));
}

void PerfMap::forget(const u8* first, u64 size) {
  const u64 start = reinterpret_cast<u64>(first);
  lines_.erase(lines_.lower_bound(start), lines_.lower_bound(start + size));
  if (descriptor_ < 0 || ftruncate(descriptor_, 0) != 0 || lseek(descriptor_, 0, SEEK_SET) != 0) return;
  std::string all;
  for (const auto& [address, line] : lines_) all += line;
  write(all);
}

// A full disk costs names, not the run.
void PerfMap::write(std::string_view text) {
  while (descriptor_ >= 0 && !text.empty()) {
    const ssize_t n = ::write(descriptor_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) close(std::exchange(descriptor_, -1));
    if (n > 0) text.remove_prefix(static_cast<usize>(n));
  }
}

}  // namespace paemu::host
