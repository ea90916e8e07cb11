// The file by which Linux's perf names translated code.
#include "host/perf_map.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace paemu;

namespace {

std::string contents(const std::string& path) {
  std::stringstream all;
  all << std::ifstream(path).rdbuf();
  return all.str();
}
const u8* at(u64 address) { return reinterpret_cast<const u8*>(address); }

}  // namespace

TEST_CASE("perf's map has a line for each piece of code that is there") {
  std::string path;
  {
    Or<host::PerfMap> made = host::PerfMap::create();
    REQUIRE(made.ok());
    host::PerfMap map = std::move(made.value());
    path = map.path();
    CHECK(path == "/tmp/perf-" + std::to_string(getpid()) + ".map");
    map.add(at(0x7f0000001000), 0x123, "guest_c0100000");
    map.add(at(0x7f0000002000), 0x40, "guest_08048000_user");
    CHECK(contents(path) == "7f0000001000 123 guest_c0100000\n7f0000002000 40 guest_08048000_user\n");
    map.forget(at(0x7f0000001800), 0x1000);
    CHECK(contents(path) == "7f0000001000 123 guest_c0100000\n");
    map.add(at(0x7f0000002000), 0x50, "guest_c0200000");
  }
  CHECK(contents(path) == "7f0000001000 123 guest_c0100000\n7f0000002000 50 guest_c0200000\n");
  unlink(path.c_str());
}

TEST_CASE("perf's map is a new file, whatever somebody put in its place") {
  const std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  const std::string victim = path + ".victim";
  std::ofstream(victim) << "precious";
  REQUIRE(symlink(victim.c_str(), path.c_str()) == 0);
  {
    Or<host::PerfMap> map = host::PerfMap::create();
    REQUIRE(map.ok());
    map->add(at(0x1000), 1, "guest_00000000");
  }
  CHECK(contents(victim) == "precious");
  unlink(path.c_str());
  unlink(victim.c_str());
}
