// StderrLog: the Log on standard error, or in the file of -D.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "host/file.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu::host {

class StderrLog final : public Log {
 public:
  StderrLog() = default;
  explicit StderrLog(OutputFile file) : file_(std::move(file)) {}

  void line(std::string_view text) override;
  void once(std::string_view key, std::string_view text) override;

 private:
  static constexpr usize kMaxKeys = 4096;  // a guest must not make the set grow without end
  std::optional<OutputFile> file_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace paemu::host
