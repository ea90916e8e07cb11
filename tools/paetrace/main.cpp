// paetrace: looks into trace files. Never changes one.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "host/trace_files.hpp"
#include "report.hpp"

namespace {

constexpr char kHelp[] =
    "usage: paetrace COMMAND FILE\n"
    "Looks into a trace that paemu -record has written.\n"
    "\n"
    "  info FILE     who recorded it, the machine, its images, how long it runs, what came in\n"
    "  dump FILE     each arrival and each checkpoint, one a line, in order\n"
    "  verify FILE   checks every chunk\n"
    "  --help        this text\n"
    "  --version     the version and the trace format that it reads\n"
    "\n"
    "exit status: 0 all is well; 1 (verify) the file is sound but was cut off, it replays up to its last whole chunk;\n"
    "2 the file is damaged or can't be read, or the command is unknown\n";

int complain(const std::string& sentence) {
  std::fprintf(stderr, "paetrace: %s\n", sentence.c_str());
  return 2;
}

base::Or<int> run(std::string_view command, const std::string& path) {
  const auto input = TRY(paemu::host::FileTraceInput::open(path));
  paemu::TraceReader reader = TRY(paemu::TraceReader::open(*input));
  if (command == "info") TRY(paetrace::info(reader, input->size(), stdout));
  if (command == "dump") TRY(paetrace::dump(reader, stdout));
  if (command == "verify") TRY(paetrace::verify(reader, stdout));
  return command == "verify" && reader.cut_off() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& a : arguments) {
    if (a == "--help" || a == "-help" || a == "-h") return std::fputs(kHelp, stdout) < 0;
    if (a == "--version" || a == "-version")
      return std::printf("paetrace %s, trace format %u\n", PAEMU_VERSION, abi::trace::kVersion) < 0;
  }
  if (arguments.empty()) return complain("no command; paetrace --help tells which there are");
  const std::string& command = arguments[0];
  if (command != "info" && command != "dump" && command != "verify") {
    return complain("unknown command \"" + command + "\"; there are info, dump and verify");
  }
  if (arguments.size() != 2)
    return complain(command + " takes one file, " + std::to_string(arguments.size() - 1) + " given");
  const base::Or<int> status = run(command, arguments[1]);
  if (!status) return complain(status.error().sentence);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return complain("the output can't be written");
  return *status;
}
