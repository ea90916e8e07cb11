// Random programs run while DIMMs come and go; each byte they read is compared with a model.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "fake.hpp"
#include "mm/stats.hpp"
#include "mm/uaccess.hpp"
#include "user.hpp"

using namespace ido;
using fake::File;
using fake::User;

namespace {

// A program with a model of its memory: one byte a page.
class Program {
 public:
  explicit Program(u32 seed) : seed_(seed), user_(std::make_unique<User>()) {}

  void step() {
    switch (random() % 12) {
      case 0: map(); break;
      case 1: unmap(); break;
      case 2: fork_and_check(); break;
      case 3: move(); break;
      case 4: kernel_write(); break;
      default: access(); break;
    }
    yield_if_due();
  }
  void check_all() {
    for (auto& [page, value] : model_) REQUIRE(user_->read(page) == value);
  }

 private:
  u32 random() { return (seed_ = seed_ * 1664525 + 1013904223) >> 8; }
  u32 any_page() {
    auto it = model_.lower_bound(random() << 8);
    return it == model_.end() ? model_.begin()->first : it->first;
  }

  void map() {
    if (model_.size() > 3000) return;
    const u32 pages = random() % 60 + 1;
    const u8 flags = random() % 4 == 0 ? area_flag::kShared : 0;
    const u32 at = user_->map(u64{pages} * kPageSize, protection::kRead | protection::kWrite, flags);
    for (u32 i = 0; i < pages; ++i) {
      REQUIRE(model_.count(at + i * kPageSize) == 0);
      model_[at + i * kPageSize] = 0;
      if (flags & area_flag::kShared) shared_.insert(at + i * kPageSize);
    }
  }
  void unmap() {
    if (model_.empty()) return;
    const u32 at = any_page();
    const u32 pages = random() % 20 + 1;
    REQUIRE(user_->mm().unmap(at, pages * kPageSize).ok());
    model_.erase(model_.lower_bound(at), model_.lower_bound(at + pages * kPageSize));
    shared_.erase(shared_.lower_bound(at), shared_.lower_bound(at + pages * kPageSize));
  }
  void fork_and_check() {
    User child(*user_);
    std::set<u32> written;  // by the child, whose writes the parent must not see
    for (u32 i = 0; i < 20 && !model_.empty(); ++i) {
      yield_if_due();
      const u32 at = any_page();
      REQUIRE(child.read(at) == (written.count(at) ? 0xee : model_[at]));
      yield_if_due();
      if (shared_.count(at) != 0) continue;
      child.write(at, 0xee);
      written.insert(at);
    }
  }
  void move() {
    if (model_.empty()) return;
    const u32 at = any_page();
    const Area* area = user_->mm().find_area(at);
    const u32 pages = random() % ((area->end - at) >> kPageShift) + 1;
    const u32 to = user_->mm().remap(at, pages * kPageSize, (pages + 1) * kPageSize, Mm::Move::kMay, 0).value();
    const bool shared = shared_.count(at) != 0;
    std::vector<u8> values;
    for (u32 i = 0; i < pages; ++i) values.push_back(model_[at + i * kPageSize]);
    for (u32 i = 0; i < pages; ++i) {
      model_.erase(at + i * kPageSize);
      shared_.erase(at + i * kPageSize);
    }
    for (u32 i = 0; i < pages; ++i) {
      model_[to + i * kPageSize] = values[i];
      if (shared) shared_.insert(to + i * kPageSize);
    }
    if (shared)
      REQUIRE(user_->mm().unmap(to + pages * kPageSize, kPageSize).ok());  // beyond the object
    else
      model_[to + pages * kPageSize] = 0;
  }
  void kernel_write() {
    if (model_.empty()) return;
    const u32 at = any_page();
    const u8 value = static_cast<u8>(random());
    REQUIRE(copy_to_user(user_->mm(), at, &value, 1).ok());
    model_[at] = value;
  }
  void access() {
    if (model_.empty()) return;
    const u32 at = any_page();
    REQUIRE(user_->read(at) == model_[at]);
    if (random() % 2) user_->write(at, model_[at] = static_cast<u8>(random()));
  }

  u32 seed_;
  std::unique_ptr<User> user_;
  std::map<u32, u8> model_;
  std::set<u32> shared_;
};

}  // namespace

TEST_CASE("Programs lose no byte while DIMMs come and go under them") {
  fake::Machine machine;
  for (u32 seed = 1; seed <= 12; ++seed) {
    u32 removed = 0;
    bool done = false;
    const u32 moved_before = event_count(MmEvent::kMigrateSuccess);
    auto run = [&](u32 s) {
      Program program(s);
      for (u32 i = 0; i < 3000 || (!done && i < 20000); ++i) program.step();
      program.check_all();
    };
    fake::run_tasks(seed, {[&] { run(seed * 3); }, [&] { run(seed * 3 + 1); }, [&] { run(seed * 3 + 2); },
                           [&] {
                             for (u32 i = 0; i < 6; ++i) {
                               const u64 size = (i % 3 + 1) * kSectionSize;
                               REQUIRE(add_and_online_memory(fake::kHotplugBase, size, 0).ok());
                               for (u32 turn = 0; turn < 500; ++turn) yield_if_due();
                               OfflineReport report;
                               const bool ok = offline_and_remove_memory(fake::kHotplugBase, size, report).ok();
                               char text[160];
                               report.format(text, sizeof text);
                               INFO(text);
                               REQUIRE(ok);
                               ++removed;
                             }
                             done = true;
                           }});
    CHECK(removed == 6);
    CHECK(event_count(MmEvent::kMigrateSuccess) > moved_before + 100);
  }
}

TEST_CASE("Removals that fail, because pages are held or refused, lose no byte and no page either") {
  fake::Machine machine;
  u32 failed = 0, removed = 0;
  for (u32 seed = 1; seed <= 10; ++seed) {
    User victim;
    File file(64 * kPageSize);
    const u32 at = victim.map(64 * kPageSize);
    u32 refusals = 0;
    bool done = false, ended = false;
    file.on_migrate = [&]() -> Or<> {
      yield_if_due();
      if (++refusals % 97 == 0) return fail(Errno::kOpNotSupp);
      return refusals % 5 == 0 ? Or<>(fail(Errno::kBusy)) : Or<>{};
    };
    REQUIRE(add_and_online_memory(fake::kHotplugBase, 2 * kSectionSize, 0).ok());
    const u32 total = memory_info().total_pages;
    fake::run_tasks(
        seed,
        {[&] {
           Program program(seed);
           while (!ended) program.step();
           program.check_all();
         },
         [&] {  // holds pages for up to a second: beyond what offlining waits for
           WaitQueue clock;
           for (u32 i = 0; i < 30; ++i) {
             const u32 page = at + (i * 7 + seed) % 64 * kPageSize;
             REQUIRE(victim.mm()
                         .advise(page, kPageSize, Advice::kDontNeed)
                         .ok());  // so that the next page comes from the DIMM
             Page* held = victim.mm().get_user_page(page, FaultAccess::kWrite).value();
             fake::physical(frame_of(held))[0] = static_cast<u8>(i);
             (void)clock.wait_interruptible_for((i * 131 + seed * 17) % 1000 * 1'000'000);
             fake::physical(frame_of(held))[1] = static_cast<u8>(i + 1);
             put_page(held);
             REQUIRE(victim.read(page) == static_cast<u8>(i));
             REQUIRE(victim.read(page + 1) == static_cast<u8>(i + 1));
             put_page(file.fetch_page(i).value());
           }
           done = true;
         },
         [&] {
           while (!ended) {
             OfflineReport report;
             const bool last = done;
             if (last) file.on_migrate = nullptr;
             const bool ok = offline_memory(fake::kHotplugBase, 2 * kSectionSize, report).ok();
             const u32 offline_pages = ok ? 2 * (kSectionPages - kMemMapPages) : 0;
             REQUIRE(memory_info().total_pages == total - offline_pages);
             REQUIRE(section_at(static_cast<u32>(fake::kHotplugBase >> kSectionShift)).isolated_pages <= offline_pages);
             ++(ok ? removed : failed);
             if (!ok) REQUIRE(report.owner[0] != 0);
             for (u32 i = 0; i < 100; ++i) yield_if_due();
             if (ok) REQUIRE(online_memory(fake::kHotplugBase, 2 * kSectionSize).ok());
             for (u32 i = 0; i < 300; ++i) yield_if_due();
             ended = last && ok;
           }
         }});
    OfflineReport report;
    REQUIRE(offline_and_remove_memory(fake::kHotplugBase, 2 * kSectionSize, report).ok());
    for (u32 i = 0; i < 30; ++i) {
      Page* page = file.find_page(i);
      REQUIRE(fake::physical(frame_of(page))[9] == fake::file_byte(i, 9));
      put_page(page);
    }
  }
  CHECK(failed > 10);
  CHECK(removed > 10);
}
