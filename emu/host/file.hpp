// Files of the host: read whole, written in order, replaced at once. Every error is one sentence with the path.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu::host {
using namespace base;

// Errors: missing, unreadable, a directory, larger than max_bytes.
Or<std::vector<u8>> read_file(const std::string& path, u64 max_bytes = kGiB);

bool file_exists(const std::string& path);

// The folder that holds the running program; empty when the system does not tell.
std::string program_folder();

int process_id();
// Opens /dev/null in place of a standard stream that the parent closed, so that no file of ours takes its number.
void fill_standard_streams();
void remove_file(const std::string& path);
// Could `path` be made or overwritten? Leaves it as it is.
Or<> check_writable(const std::string& path);

// Replaces `path` by `contents` in one step: a reader sees the old or the new file, never half of one.
Or<> write_file_whole(const std::string& path, std::string_view contents);

// A file that grows, for traces and logs. Closed by its destructor.
class OutputFile {
 public:
  // Errors: can't be made or written. An existing file is emptied.
  static Or<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& o) noexcept : path_(std::move(o.path_)), descriptor_(o.descriptor_) { o.descriptor_ = -1; }
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // All of it in one write(2) where the system allows. Errors: disk full and the like.
  Or<> append(std::span<const u8> bytes);
  const std::string& path() const { return path_; }

 private:
  OutputFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_;
};

}  // namespace paemu::host
