#include "host/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/size_text.hpp"

namespace paemu::host {
namespace {

Failure<Error> fail_errno(const std::string& path, const char* verb) {
  const int error = errno;
  return fail(path + ": can't be " + verb + ": " + std::strerror(error));
}

bool write_all(int descriptor, std::span<const u8> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<usize>(n));
  }
  return true;
}

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};

}  // namespace

Or<std::vector<u8>> read_file(const std::string& path, u64 max_bytes) {
  // O_NONBLOCK: opening a FIFO without a writer must not hang the start.
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.value < 0) return fail_errno(path, "opened");
  struct stat info {};
  if (fstat(file.value, &info) != 0) return fail_errno(path, "read");
  if (!S_ISREG(info.st_mode)) return fail(path + ": is not a regular file");
  std::vector<u8> bytes;
  bytes.reserve(static_cast<usize>(std::min<u64>(static_cast<u64>(info.st_size), max_bytes)) + 1);
  u8 block[65536];
  for (;;) {
    const ssize_t n = read(file.value, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(path, "read");
    if (n == 0) return bytes;
    if (bytes.size() + static_cast<usize>(n) > max_bytes)
      return fail(path + ": is larger than " + size_text(max_bytes) + ", the most that fits here");
    bytes.insert(bytes.end(), block, block + n);
  }
}

bool file_exists(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

std::string program_folder() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return {};
  const std::string whole(path, static_cast<usize>(n));
  const usize slash = whole.rfind('/');
  return slash == std::string::npos ? std::string{} : whole.substr(0, slash);
}

int process_id() { return getpid(); }

void fill_standard_streams() {
  int descriptor;
  do descriptor = open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor > STDERR_FILENO) close(descriptor);
}

void remove_file(const std::string& path) { unlink(path.c_str()); }

Or<> check_writable(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) {
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return fail(path + ": is a folder");
    if (access(path.c_str(), W_OK) != 0) return fail_errno(path, "written");
    return {};
  }
  const usize slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (access(folder.c_str(), W_OK) != 0) return fail_errno(path, "made");
  return {};
}

Or<> write_file_whole(const std::string& path, std::string_view contents) {
  const std::string next = path + ".new";
  {
    const Descriptor file{open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (file.value < 0) return fail_errno(next, "made");
    if (!write_all(file.value, std::span(reinterpret_cast<const u8*>(contents.data()), contents.size()))) {
      auto failure = fail_errno(next, "written");
      unlink(next.c_str());
      return failure;
    }
  }
  if (rename(next.c_str(), path.c_str()) == 0) return {};
  auto failure = fail_errno(path, "written");
  unlink(next.c_str());
  return failure;
}

Or<OutputFile> OutputFile::create(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail_errno(path, "made");
  return OutputFile(path, descriptor);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Or<> OutputFile::append(std::span<const u8> bytes) {
  if (!write_all(descriptor_, bytes)) return fail_errno(path_, "written");
  return {};
}

}  // namespace paemu::host
