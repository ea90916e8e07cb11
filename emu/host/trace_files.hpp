// Trace files on the host's disk: the two ends that replay/trace_file.hpp asks for.
#pragma once

#include <memory>

#include "host/file.hpp"
#include "replay/trace_file.hpp"

namespace paemu::host {

class FileTraceOutput final : public TraceOutput {
 public:
  // Errors: the file can't be made.
  static Or<std::unique_ptr<FileTraceOutput>> create(const std::string& path);
  Or<> append(std::span<const u8> bytes) override { return file_.append(bytes); }

 private:
  explicit FileTraceOutput(OutputFile file) : file_(std::move(file)) {}
  OutputFile file_;
};

class FileTraceInput final : public TraceInput {
 public:
  // Errors: missing, unreadable, not a regular file.
  static Or<std::unique_ptr<FileTraceInput>> open(const std::string& path);
  ~FileTraceInput() override;
  u64 size() const override { return size_; }
  Or<> read(u64 offset, std::span<u8> out) override;
  const std::string& name() const override { return path_; }

 private:
  FileTraceInput(std::string path, int descriptor, u64 size)
      : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  std::string path_;
  int descriptor_;
  u64 size_;
};

}  // namespace paemu::host
