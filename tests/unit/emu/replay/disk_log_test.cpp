// What a recording keeps of disks must be all that a replay needs: the same operations, done on the log alone.
#include "replay/disk_log.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "memory_medium.hpp"

namespace paemu {
namespace {

// The log in memory, as the trace reader offers it.
struct Log final : DiskEntries {
  void add(const DiskEntry& e) {
    encode(bytes, e);
    if (e.kind == DiskEntry::Kind::kContent) ++contents;
  }
  void load() {
    const auto decoded = decode_disk_entries(bytes, [this](const DiskEntry& e) -> Or<> {
      if (e.kind == DiskEntry::Kind::kFailure)
        failures.insert({e.medium, e.operation});
      else
        blocks[{e.medium, e.block}][e.operation] = std::vector<u8>(e.content.begin(), e.content.end());
      return {};
    });
    REQUIRE(decoded.ok());
  }
  bool read_block(u32 medium, u64 block, u64 operation, std::span<u8> out) override {
    const auto& versions = blocks[{medium, block}];
    auto after = versions.upper_bound(operation);
    if (after == versions.begin()) return false;
    const std::vector<u8>& content = std::prev(after)->second;
    std::fill(out.begin(), out.end(), u8{0});
    std::copy(content.begin(), content.end(), out.begin());
    return true;
  }
  bool has_block(u32 medium, u64 block, u64 operation) const override {
    const auto found = blocks.find({medium, block});
    return found != blocks.end() && found->second.contains(operation);
  }
  bool failed(u32 medium, u64 operation) const override { return failures.contains({medium, operation}); }

  std::vector<u8> bytes;
  u32 contents = 0;
  std::map<std::pair<u32, u64>, std::map<u64, std::vector<u8>>> blocks;
  std::set<std::pair<u32, u64>> failures;
};

// A run of random operations; -> what the guest saw of them.
std::vector<u8> run(Drive& drive, u32 seed, u64 sectors, const std::function<void(u32)>& before_each) {
  std::mt19937 random(seed);
  std::vector<u8> seen;
  for (u32 i = 0; i < 400; ++i) {
    const u64 sector = random() % sectors, count = 1 + random() % std::min<u64>(sectors - sector, 24);
    const u32 what = random() % 10, value = random();
    before_each(i);
    std::vector<u8> data(count * kSectorSize, static_cast<u8>(value));
    bool good;
    if (what < 5)
      good = drive.read(sector, data);
    else if (what < 8)
      good = drive.write(sector, data);
    else if (what == 8)
      good = drive.discard(sector, count);
    else
      good = drive.flush();
    seen.push_back(good);
    if (good && what < 5) seen.insert(seen.end(), data.begin(), data.end());
  }
  return seen;
}

}  // namespace

TEST_CASE("a replay from the log alone sees what the recorded guest saw, errors of the host and all") {
  constexpr u64 kSectors = 1021;  // the last block is a part of one
  for (u32 seed = 1; seed <= 20; ++seed) {
    test::OneMedium store(kSectors);
    for (usize i = 0; i < store.medium.bytes.size(); ++i)
      store.medium.bytes[i] = static_cast<u8>(i % 4096 < 2048 ? i * seed : 0);
    Drive live("d", &store);
    live.insert(MediumSpec{1, kSectors, false, "disk"});
    Log log;
    DiskLog journal([&log](const DiskEntry& e) { log.add(e); });
    // What came before the recording began is content like any other.
    std::vector<u8> early(kSectorSize * 9, 0x77);
    REQUIRE(live.write(100, early));
    live.set_journal(&journal);
    const Drive::State at_start = live.state();
    const auto trouble = [&store, seed](u32 i) {
      store.medium.failing_sector = i % 7 == seed % 7 ? i * 31 % kSectors : ~u64{0};
      store.medium.flush_fails = i % 50 == 0;
    };
    const std::vector<u8> recorded = run(live, seed, kSectors, trouble);
    log.load();

    ReplayMedia media(log);
    Drive replayed("d", &media);
    replayed.state() = at_start;
    CHECK(run(replayed, seed, kSectors, [](u32) {}) == recorded);
    CHECK(replayed.state().written_hash == live.state().written_hash);
    CHECK(replayed.state().errors == live.state().errors);
  }
}

TEST_CASE("blocks that are overwritten whole, or read again, are not kept") {
  test::OneMedium store(4096);
  std::fill(store.medium.bytes.begin(), store.medium.bytes.end(), u8{9});
  Drive drive("d", &store);
  drive.insert(MediumSpec{1, 4096, false, "disk"});
  Log log;
  DiskLog journal([&log](const DiskEntry& e) { log.add(e); });
  drive.set_journal(&journal);
  std::vector<u8> data(64 * kSectorSize);
  REQUIRE(drive.write(0, data));
  REQUIRE(drive.read(0, data));
  CHECK(log.contents == 0);
  REQUIRE(drive.read(1024, data));
  REQUIRE(drive.read(1024, data));
  CHECK(log.contents == 8);
  REQUIRE(drive.write(2049, std::span(data).first(512)));
  CHECK(log.contents == 9);
  REQUIRE(drive.discard(0, 4096));
  CHECK(log.contents == 9);
}

TEST_CASE("entries that are cut off or can't be are refused") {
  std::vector<u8> bytes;
  const std::vector<u8> content(kDiskBlockSize, 1);
  encode(bytes, DiskEntry{DiskEntry::Kind::kContent, 1, 2, 3, content});
  const auto nothing = [](const DiskEntry&) -> Or<> { return {}; };
  CHECK(decode_disk_entries(bytes, nothing).ok());
  for (const usize size : {usize{1}, usize{3}, usize{100}, bytes.size() - 1})
    CHECK_FALSE(decode_disk_entries(std::span(bytes).first(size), nothing).ok());
  bytes[0] = 7;
  CHECK_FALSE(decode_disk_entries(bytes, nothing).ok());
}

TEST_CASE("ranges join, split and count") {
  RangeSet set;
  set.add(10, 5), set.add(20, 5), set.add(15, 5);
  CHECK(set.run(10, 100).count == 15);
  set.remove(12, 2);
  CHECK(set.contains(11));
  CHECK_FALSE(set.contains(12));
  CHECK(set.run(12, 100).count == 2);
  CHECK(set.run(14, 100).count == 11);
  CHECK(set.run(25, 7).count == 7);
  set.add(0, ~u64{0} >> 1);
  u32 ranges = 0;
  set.for_each([&](u64, u64) { ++ranges; });
  CHECK(ranges == 1);
}

}  // namespace paemu
