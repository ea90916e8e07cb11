// PerfMap: the names of translated code, for Linux's perf: /tmp/perf-PID.map, a line "START SIZE NAME" in hexadecimal for
// each piece (Linux, tools/perf/Documentation/jit-interface.txt).
//
// perf reads the file when it writes its report, so it holds what is named at that time; pieces that went are taken out.
#pragma once

#include <map>
#include <string>

#include "base/error.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu::host {

class PerfMap final : public CodeNames {
 public:
  // Replaces a file that an earlier process of this number left. Errors: /tmp can't be written.
  static Or<PerfMap> create();
  PerfMap(PerfMap&& other) noexcept;
  PerfMap& operator=(PerfMap&&) = delete;
  ~PerfMap();

  void add(const u8* code, u64 size, std::string_view name) override;
  void forget(const u8* first, u64 size) override;
  const std::string& path() const { return path_; }

 private:
  PerfMap(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  void write(std::string_view text);

  std::string path_;
  int descriptor_;  // -1 once writing failed
  std::map<u64, std::string> lines_;  // by address
};

}  // namespace paemu::host
