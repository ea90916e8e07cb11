// paemu: reads the command line, then runs one emulator.
#include <cstdio>
#include <optional>

#include "app/emulator.hpp"
#include "app/options.hpp"
#include "cpu/cpuid.hpp"
#include "host/stderr_log.hpp"
#include "replay/version.hpp"

namespace {

int complain(const base::Error& error) {
  std::fprintf(stderr, "paemu: %s\n", error.sentence.c_str());
  return paemu::app::kExitBadInput;
}

int run(const paemu::app::Options& options) {
  using namespace paemu;
  std::optional<host::StderrLog> log;
  if (options.log_file.empty()) {
    log.emplace();
  } else {
    auto file = host::OutputFile::create(options.log_file);
    if (!file) return complain({"-D: " + file.error().sentence});
    log.emplace(std::move(file.value()));
  }
  app::Emulator emulator(options, *log);
  if (const auto prepared = emulator.prepare(); !prepared) return complain(prepared.error());
  return emulator.run();
}

}  // namespace

int main(int count, char** arguments) {
  using paemu::app::Action;
  paemu::host::fill_standard_streams();
  const auto options = paemu::app::parse_options(std::vector<std::string>(arguments + 1, arguments + count));
  if (!options) return complain(options.error());
  switch (options.value().action) {
    case Action::Help: std::fputs(paemu::app::help_text().c_str(), stdout); return 0;
    case Action::CpuHelp: std::fputs(paemu::CpuModel::help().c_str(), stdout); return 0;
    case Action::DeviceHelp: std::fputs(paemu::app::device_help().c_str(), stdout); return 0;
    case Action::ManPage: std::fputs(paemu::app::man_page().c_str(), stdout); return 0;
    case Action::Version: std::puts(paemu::kNameAndVersion); return 0;
    case Action::Run: return run(options.value());
  }
  return 0;
}
