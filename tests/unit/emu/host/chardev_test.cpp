// Character devices: what they are called, and sockets at work.
#include "host/chardev.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

using namespace paemu::host;
using Catch::Matchers::Contains;

namespace {

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  const int s = socket(AF_UNIX, SOCK_STREAM, 0);
  return connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? s : -1;
}

std::string scratch(const char* name) { return "/tmp/paemu-unit-" + std::to_string(getpid()) + "-" + name; }

}  // namespace

TEST_CASE("devices are named as QEMU names them") {
  CHECK(parse_chardev("stdio")->kind == ChardevSpec::Kind::Stdio);
  CHECK(parse_chardev("mon:stdio")->mux);
  const auto socket = parse_chardev("unix:/a,,b,server=on,wait=off");
  REQUIRE(socket.ok());
  CHECK(socket.value().path == "/a,b");
  CHECK(socket.value().server);
  CHECK_FALSE(socket.value().wait);
  CHECK(parse_chardev("unix:/a,server,nowait")->wait == false);
  CHECK(parse_chardev("file:x")->path == "x");
  for (const char* bad : {"", "tcp:1", "unix:", "file:", "unix:/a,server=perhaps", "unix:/a,colour=red", "mon:"})
    CHECK_FALSE(parse_chardev(bad).ok());
}

TEST_CASE("a server takes one client after another, both ways") {
  EventLoop loop;
  const std::string path = scratch("socket");
  auto device = open_chardev({.kind = ChardevSpec::Kind::Unix, .path = path, .server = true, .wait = false}, loop);
  REQUIRE(device.ok());
  std::string got;
  int opened = 0;
  (*device)->on_receive([&](std::span<const u8> bytes) { got.append(bytes.begin(), bytes.end()); });
  (*device)->on_open([&](bool open) { opened += open ? 1 : 100; });
  CHECK_FALSE((*device)->open());
  for (int round = 1; round <= 2; ++round) {
    const int client = connect_to(path);
    REQUIRE(client >= 0);
    loop.dispatch(1'000'000'000);
    CHECK((*device)->open());
    REQUIRE(write(client, "ping", 4) == 4);
    loop.dispatch(1'000'000'000);
    CHECK(got == "ping");
    got.clear();
    (*device)->write("pong");
    (*device)->flush();
    char answer[8] = {};
    CHECK(read(client, answer, sizeof answer) == 4);
    close(client);
    loop.dispatch(1'000'000'000);
    CHECK(opened == 101 * round);
  }
  device->reset();
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a client that reads nothing is left, and the guest goes on") {
  EventLoop loop;
  const std::string path = scratch("slow");
  auto device = open_chardev({.kind = ChardevSpec::Kind::Unix, .path = path, .server = true, .wait = false}, loop);
  REQUIRE(device.ok());
  const int client = connect_to(path);
  loop.dispatch(1'000'000'000);
  const std::string text(64 * 1024, 'x');
  for (int i = 0; i < 40 && (*device)->open(); ++i) (*device)->write(text);
  CHECK_FALSE((*device)->open());
  close(client);
}

TEST_CASE("paths that can't be sockets are refused") {
  EventLoop loop;
  const auto open = [&](const std::string& path, bool server) {
    return open_chardev({.kind = ChardevSpec::Kind::Unix, .path = path, .server = server, .wait = false}, loop)
        .error()
        .sentence;
  };
  CHECK_THAT(open("/nonexistent/socket", true), Contains("can't make the socket"));
  CHECK_THAT(open("/nonexistent/socket", false), Contains("can't connect"));
  CHECK_THAT(open(std::string(200, 'x'), true), Contains("longer than"));
  CHECK_THAT(open("/etc/passwd", true), Contains("can't make the socket"));
}

TEST_CASE("held input stays where it is") {
  EventLoop loop;
  const std::string path = scratch("held");
  auto device = open_chardev({.kind = ChardevSpec::Kind::Unix, .path = path, .server = true, .wait = false}, loop);
  REQUIRE(device.ok());
  std::string got;
  (*device)->on_receive([&](std::span<const u8> bytes) { got.append(bytes.begin(), bytes.end()); });
  const int client = connect_to(path);
  loop.dispatch(1'000'000'000);
  (*device)->hold_input(true);
  REQUIRE(write(client, "ab", 2) == 2);
  loop.dispatch(1'000'000);
  CHECK(got.empty());
  (*device)->hold_input(false);
  loop.dispatch(1'000'000'000);
  CHECK(got == "ab");
  close(client);
}
