// Files: whole, growing, and refused.
#include "host/file.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "host/stderr_log.hpp"

using namespace paemu::host;
using Catch::Matchers::Contains;

namespace {
std::string scratch(const char* name) { return "/tmp/paemu-unit-" + std::to_string(getpid()) + "-" + name; }
}  // namespace

TEST_CASE("a file is written whole and read back") {
  const std::string path = scratch("file");
  REQUIRE(write_file_whole(path, "contents").ok());
  const auto bytes = read_file(path);
  REQUIRE(bytes.ok());
  CHECK(std::string(bytes.value().begin(), bytes.value().end()) == "contents");
  CHECK_FALSE(file_exists(path + ".new"));
  CHECK_THAT(read_file(path, 4).error().sentence, Contains("is larger than 4,"));
  remove_file(path);
}

TEST_CASE("what is no file is refused in one sentence") {
  CHECK_THAT(read_file("/nonexistent").error().sentence, Contains("can't be opened"));
  CHECK_THAT(read_file("/").error().sentence, Contains("not a regular file"));
  CHECK_THAT(read_file("/dev/zero").error().sentence, Contains("not a regular file"));
  CHECK_THAT(OutputFile::create("/nonexistent/x").error().sentence, Contains("can't be made"));
  CHECK_THAT(check_writable("/").error().sentence, Contains("is a folder"));
  CHECK_FALSE(check_writable("/nonexistent/x").ok());
}

TEST_CASE("a full disk is an error, not a crash") {
  auto file = OutputFile::create("/dev/full");
  REQUIRE(file.ok());
  const u8 byte = 1;
  CHECK_THAT(file.value().append(std::span(&byte, 1)).error().sentence, Contains("can't be written"));
}

TEST_CASE("the log shows no control characters of the guest, and says some things once") {
  const std::string path = scratch("log");
  {
    auto file = OutputFile::create(path);
    REQUIRE(file.ok());
    StderrLog log(std::move(file.value()));
    log.line("a\x1b[2Jb\n");
    log.once("key", "once");
    log.once("key", "twice");
  }
  const auto bytes = read_file(path);
  CHECK(std::string(bytes.value().begin(), bytes.value().end()) == "paemu: a?[2Jb?\npaemu: once\n");
  remove_file(path);
}
