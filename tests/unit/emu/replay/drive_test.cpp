// A drive: ranges, errors of the host, and what makes its state.
#include "replay/drive.hpp"

#include <catch2/catch.hpp>

#include "memory_medium.hpp"

namespace paemu {
namespace {

using test::MemoryMedium;
using test::OneMedium;

struct Fixture {
  explicit Fixture(bool read_only = false) : store(16, read_only), drive("ide0-hd0", &store) {
    drive.insert(MediumSpec{1, 16, read_only, "disk"});
  }
  std::vector<u8> data = std::vector<u8>(kSectorSize, 0x42), out = std::vector<u8>(kSectorSize);
  OneMedium store;
  Drive drive;
};

struct Listener final : DriveListener {
  u32 changes = 0, requests = 0;
  void on_medium_changed() override { ++changes; }
  void on_eject_requested() override { ++requests; }
};

struct Tray final : TrayListener {
  std::vector<bool> moves;
  void on_tray_moved(const std::string& drive, bool open) override {
    CHECK(drive == "ide0-hd0");
    moves.push_back(open);
  }
};

}  // namespace

TEST_CASE("a tray opens for what comes in and out, and stays open after an ejection") {
  Fixture f;
  Tray tray;
  f.drive.give_tray(tray);
  using Moves = std::vector<bool>;
  f.drive.insert(MediumSpec{1, 16, false, "another"});
  CHECK(std::exchange(tray.moves, {}) == Moves{true, false});
  f.drive.eject();
  CHECK(std::exchange(tray.moves, {}) == Moves{true});
  CHECK(f.drive.state().open);
  f.drive.set_open(false);
  CHECK(std::exchange(tray.moves, {}) == Moves{false});
  CHECK(!f.drive.has_medium());
  f.drive.set_open(true);
  f.drive.insert(MediumSpec{1, 16, false, "disk"});
  CHECK(std::exchange(tray.moves, {}) == Moves{true, false});
  CHECK(f.drive.has_medium());
}

TEST_CASE("a drive writes and reads what lies within its medium, and nothing else") {
  Fixture f;
  REQUIRE(f.drive.write(15, f.data));
  REQUIRE(f.drive.read(15, f.out));
  CHECK(f.out == f.data);
  CHECK(!f.drive.read(16, f.out));
  CHECK(!f.drive.write(~u64{0}, f.data));
  CHECK(!f.drive.discard(1, ~u64{0}));
  CHECK(f.drive.state().operations == 2);
}

TEST_CASE("an error of the host is a result, and counted") {
  Fixture f;
  f.store.medium.failing_sector = 3;
  CHECK(!f.drive.read(3, f.out));
  CHECK(f.drive.read(4, f.out));
  CHECK(f.drive.state().errors == 1);
}

TEST_CASE("a medium that is read-only or gone takes no writes") {
  Fixture f(true);
  CHECK(!f.drive.write(0, f.data));
  CHECK(f.drive.read(0, f.out));
  f.drive.eject();
  CHECK(f.store.released == 1);
  CHECK(!f.drive.has_medium());
  CHECK(!f.drive.read(0, f.out));
  CHECK(!f.drive.flush());
}

TEST_CASE("a drive's state tells what was written, in which order") {
  Fixture a, b, c;
  const std::vector<u8> other(kSectorSize, 0x43);
  REQUIRE((a.drive.write(1, a.data) && a.drive.write(2, other)));
  REQUIRE((b.drive.write(1, b.data) && b.drive.write(2, other)));
  REQUIRE((c.drive.write(1, c.data) && c.drive.write(3, other)));
  CHECK(a.drive.state().written_hash == b.drive.state().written_hash);
  CHECK(a.drive.state().written_hash != c.drive.state().written_hash);
}

TEST_CASE("an open tray holds no medium, and the controller hears of every change") {
  Fixture f;
  Listener l;
  f.drive.set_listener(&l);
  f.drive.set_open(true);
  CHECK(!f.drive.has_medium());
  f.drive.set_open(false);
  CHECK(f.drive.sectors() == 16);
  f.drive.eject();
  f.drive.request_eject();
  CHECK(l.changes == 3);
  CHECK(l.requests == 1);
}

}  // namespace paemu
