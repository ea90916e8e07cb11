#include "host/trace_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace paemu::host {

Or<std::unique_ptr<FileTraceOutput>> FileTraceOutput::create(const std::string& path) {
  OutputFile file = TRY(OutputFile::create(path));
  return std::unique_ptr<FileTraceOutput>(new FileTraceOutput(std::move(file)));
}

Or<std::unique_ptr<FileTraceInput>> FileTraceInput::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(path + ": can't be opened: " + std::strerror(errno));
  std::unique_ptr<FileTraceInput> input(new FileTraceInput(path, descriptor, 0));
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) return fail(path + ": is not a regular file");
  input->size_ = static_cast<u64>(info.st_size);
  return input;
}

FileTraceInput::~FileTraceInput() { close(descriptor_); }

Or<> FileTraceInput::read(u64 offset, std::span<u8> out) {
  while (!out.empty()) {
    const ssize_t n = pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(path_ + ": can't be read: " + std::strerror(errno));
    if (n == 0) return fail(path_ + ": became shorter while it was read");
    out = out.subspan(static_cast<usize>(n));
    offset += static_cast<u64>(n);
  }
  return {};
}

}  // namespace paemu::host
