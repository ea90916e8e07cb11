#include "memory/host_window.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x08048000;

// What the host lets this program read there; -1: nothing. Asks the system, which does not fault.
int byte_at(const u8* address) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  u8 byte = 0;
  const bool readable = write(ends[1], address, 1) == 1 && read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return readable ? byte : -1;
}

bool can_write(u8* address) {
  const int zeroes = open("/dev/zero", O_RDONLY);
  const bool done = read(zeroes, address, 1) == 1;
  close(zeroes);
  return done;
}

struct Window {
  HostMapping memory{64 * kPageSize, HostMapping::Kind::kShared};
  std::unique_ptr<HostWindow> window = HostWindow::create();
  Window() {
    REQUIRE(window != nullptr);
    for (u32 n = 0; n < 64; ++n) memory.data()[n * kPageSize] = static_cast<u8>(n);
  }
  int seen(u32 linear) const { return byte_at(window->base() + linear); }
};

}  // namespace

TEST_CASE("a page that is shown is the same memory; all else is a fault") {
  Window w;
  REQUIRE(w.seen(kLinear) == -1);
  REQUIRE(w.window->show(kLinear + 5, w.memory, 3 * kPageSize, true));
  CHECK(w.seen(kLinear) == 3);
  CHECK(w.seen(kLinear - 1) == -1);
  CHECK(w.seen(kLinear + kPageSize) == -1);
  w.window->base()[kLinear] = 77;
  CHECK(w.memory.data()[3 * kPageSize] == 77);
  CHECK(w.window->count() == 1);
}

TEST_CASE("a page for reading can't be written") {
  Window w;
  REQUIRE(w.window->show(kLinear, w.memory, kPageSize, false));
  CHECK(w.seen(kLinear) == 1);
  CHECK_FALSE(can_write(w.window->base() + kLinear));
  REQUIRE(w.window->show(kLinear, w.memory, kPageSize, true));
  CHECK(can_write(w.window->base() + kLinear));
  CHECK(w.window->count() == 1);
}

TEST_CASE("the ends of the address space") {
  Window w;
  REQUIRE(w.window->show(0, w.memory, 0, true));
  REQUIRE(w.window->show(0xfffff000, w.memory, kPageSize, true));
  CHECK(w.seen(0) == 0);
  CHECK(w.seen(0xfffff000) == 1);
  CHECK(byte_at(w.window->base() + 4 * kGiB) == -1);
  w.window->hide_all();
  CHECK(w.seen(0) == -1);
  CHECK(w.seen(0xfffff000) == -1);
}

TEST_CASE("pages go one by one, in place of another, by choice, or all") {
  Window w;
  for (u32 n = 0; n < 10; ++n) REQUIRE(w.window->show(kLinear + n * kPageSize, w.memory, n * kPageSize, n % 2 == 0));
  REQUIRE(w.window->count() == 10);
  SECTION("one") {
    w.window->hide(HostWindow::place_of(kLinear + 4 * kPageSize));
    w.window->hide(HostWindow::place_of(kLinear + 4 * kPageSize));
    w.window->hide(HostWindow::place_of(kLinear + 20 * kPageSize));
    CHECK(w.seen(kLinear + 4 * kPageSize) == -1);
    CHECK(w.window->count() == 9);
  }
  SECTION("by another of the same place") {
    const u32 other = kLinear + HostWindow::kPlaces * kPageSize;
    REQUIRE(w.window->show(other, w.memory, 30 * kPageSize, true));
    CHECK(w.seen(kLinear) == -1);
    CHECK(w.seen(other) == 30);
    CHECK(w.window->count() == 10);
  }
  SECTION("some") {
    w.window->retain([](const HostWindow::Page& page) { return page.writable; });
    CHECK(w.window->count() == 5);
    for (u32 n = 0; n < 10; ++n) CHECK(w.seen(kLinear + n * kPageSize) == (n % 2 == 0 ? static_cast<int>(n) : -1));
  }
  SECTION("for writing") {
    const u8* const page = w.memory.data() + 2 * kPageSize;
    REQUIRE(w.window->show(kLinear + 50 * kPageSize, w.memory, 2 * kPageSize, false));
    REQUIRE(w.window->show(kLinear + 51 * kPageSize, w.memory, 2 * kPageSize, true));
    w.window->hide_writable(page);
    CHECK(w.seen(kLinear + 2 * kPageSize) == -1);
    CHECK(w.seen(kLinear + 50 * kPageSize) == 2);
    CHECK(w.seen(kLinear + 51 * kPageSize) == -1);
    CHECK(w.window->count() == 10);
  }
  SECTION("all") {
    SECTION("at once") { w.window->hide_all(); }
    SECTION("by choice") {
      w.window->retain([](const HostWindow::Page&) { return false; });
    }
    CHECK(w.window->count() == 0);
    for (u32 n = 0; n < 10; ++n) CHECK(w.seen(kLinear + n * kPageSize) == -1);
  }
}

TEST_CASE("all windows together show no more than the host can have") {
  Window w;
  std::vector<std::unique_ptr<HostWindow>> windows;
  u32 shown = 0;
  bool more = true;
  while (more && windows.size() < 10) {
    windows.push_back(HostWindow::create());
    REQUIRE(windows.back() != nullptr);
    // Every other page: none can share a mapping of the host with its neighbour.
    for (u32 n = 0; n < HostWindow::kPlaces && more; ++n) {
      more = windows.back()->show(2 * n * kPageSize + (2 * n / HostWindow::kPlaces) * kPageSize, w.memory, 0, true);
      shown += more ? 1 : 0;
    }
  }
  CHECK(shown == HostWindow::kMostPages);
  windows.clear();
  CHECK(w.window->show(kLinear, w.memory, 0, true));
}
