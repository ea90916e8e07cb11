// Offlining as docs/migration.md describes it: steps 1 to 6, each a function of its name over a range of sections. Step
// 2 is the one with an undo; step 4 undoes itself page by page (migrate.cpp), and pages that did move are as good in
// their new places. offline_sections() at the end is the order.
#include "mm/offline.hpp"

#include "arch/time.hpp"
#include "lib/print.hpp"
#include "lib/wait.hpp"
#include "mm/migrate.hpp"
#include "mm/populate.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"

namespace ido {
namespace {

using Blocked = OfflineReport::Blocked;

constexpr u32 kMaxRounds = 50;
constexpr u64 kPause_ns = 10'000'000;  // between rounds: what users in flight get to finish

struct Range {
  u32 first;
  u32 count;
};

// Calls visit(index, section) for the sections of the range in a state; stops at the first error.
template <class Visit>
Or<> for_each_section(Range range, SectionState state, Visit visit) {
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    if (section_at(i).state == state) TRY(visit(i, section_at(i)));
  }
  return {};
}

// Calls visit(page) for the head of each block and each single page of a section with a mem_map.
template <class Visit>
Or<> for_each_block(u32 section, Visit visit) {
  const Pfn first = section_first_frame(section);
  for (u32 i = 0; i < kSectionPages;) {
    Page* page = page_of(first + i);
    const bool block = page->use == PageUse::kFree || page->use == PageUse::kIsolated;
    const u32 pages = block ? 1u << page->order : 1;  // read before the visitor changes it
    TRY(visit(page));
    i += pages;
  }
  return {};
}

Or<> blocked(OfflineReport& report, Blocked why, Page* page) {
  blame(report, why, page);
  return fail(Errno::kBusy);
}

// 1. Check: all sections are online or offline, and no frame is of a use that can't move. Changes nothing.
Or<> check(Range range, OfflineReport& report) {
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    const SectionState state = section_at(i).state;
    if (state == SectionState::kOnline || state == SectionState::kOffline) continue;
    report.blocked = Blocked::kState;
    report.frame = section_first_frame(i);
    format_to(report.owner, sizeof report.owner, "section %u, %s", i, section_state_name(state));
    return fail(Errno::kInval);
  }
  return for_each_section(range, SectionState::kOnline, [&](u32 i, Section&) { return find_blocking_page(i, report); });
}

// 2. Isolate: the range is closed to allocation. Its free blocks leave the allocator, and so does what is freed from
// now.
void isolate(Range range) {
  (void)for_each_section(range, SectionState::kOnline, [](u32 i, Section& section) -> Or<> {
    section.state = SectionState::kGoingOffline;
    if (section.deferred) {
      count_deferred_section(i, -1);
      return {};
    }
    return for_each_block(i, [](Page* page) -> Or<> {
      if (page->use == PageUse::kFree) isolate_free_block(page);
      return {};
    });
  });
}
void unisolate(Range range) {
  (void)for_each_section(range, SectionState::kGoingOffline, [](u32 i, Section& section) -> Or<> {
    section.state = SectionState::kOnline;
    if (section.deferred) {
      count_deferred_section(i, 1);
      return {};
    }
    return for_each_block(i, [](Page* page) -> Or<> {
      if (page->use == PageUse::kIsolated) release_isolated_block(page);
      return {};
    });
  });
}

// 3. Drain: users in flight, who hold references without mapping, get a turn to let go.
void drain() { yield_if_due(); }

void pause() {
  static WaitQueue nobody_wakes;
  (void)nobody_wakes.wait_interruptible_for(kPause_ns);
}

// One pass over one section. Sets `left` to how many pages were busy.
Or<> migrate_section(u32 index, OfflineReport& report, u32& left) {
  return for_each_block(index, [&](Page* page) -> Or<> {
    switch (migrate_page(page)) {
      case MoveResult::kMoved: ++report.migrated_pages; break;
      case MoveResult::kGone: return {};
      case MoveResult::kBusy:
        blame(report, Blocked::kBusy, page);
        ++left;
        break;
      case MoveResult::kPinned:
        blame(report, Blocked::kPinned, page);
        ++left;
        break;
      case MoveResult::kRefused: count_event(MmEvent::kMigrateFail); return blocked(report, Blocked::kRefused, page);
      case MoveResult::kNoMemory:
        count_event(MmEvent::kMigrateFail);
        blame(report, Blocked::kNoMemory, page);
        return fail(Errno::kNoMem);
    }
    yield_if_due();  // programs go on between any two pages
    return {};
  });
}

// 4. Migrate: passes over the range until all pages have moved. Busy ones are tried again after a pause.
Or<> migrate(Range range, OfflineReport& report) {
  for (report.rounds = 1;; ++report.rounds) {
    u32 left = 0;
    TRY(for_each_section(range, SectionState::kGoingOffline, [&](u32 i, Section& section) -> Or<> {
      return section.deferred ? Or<>{} : migrate_section(i, report, left);
    }));
    if (left == 0) return {};
    if (report.rounds == kMaxRounds) {
      count_event(MmEvent::kMigrateFail);
      return fail(Errno::kBusy);
    }
    count_event(MmEvent::kMigrateRetry);
    pause();
  }
}

// 5. Verify: every frame that the allocator managed is isolated; nothing else is left but the mem_map (and, in sections
// from boot, what never was memory).
Or<> verify(Range range, OfflineReport& report) {
  return for_each_section(range, SectionState::kGoingOffline, [&](u32 i, Section& section) -> Or<> {
    if (section.deferred) return {};
    TRY(find_blocking_page(i, report));
    TRY(for_each_block(i, [&](Page* page) -> Or<> {
      const bool done = page->use == PageUse::kIsolated || page->use == PageUse::kMemMap;
      return done ? Or<>{} : blocked(report, Blocked::kBusy, page);
    }));
    KASSERT(section.isolated_pages == section.managed_pages && section.free_pages == 0);
    return {};
  });
}

// 6. Commit: the point of no return. From here on the memory is nobody's.
void commit(Range range) {
  (void)for_each_section(range, SectionState::kGoingOffline, [](u32, Section& section) -> Or<> {
    section.state = SectionState::kOffline;
    Zone& zone = zone_at(section.zone);
    zone.managed_pages -= section.managed_pages;
    zone.present_pages -= section.present_pages;
    count_event(MmEvent::kSectionOffline);
    return {};
  });
  set_watermarks();
}

}  // namespace

Or<> find_blocking_page(u32 index, OfflineReport& report) {
  if (section_at(index).deferred) return {};
  return for_each_block(index, [&](Page* page) -> Or<> {
    switch (page->use) {
      case PageUse::kKernel:
      case PageUse::kSlab:
      case PageUse::kTable: return blocked(report, Blocked::kKernelUse, page);
      case PageUse::kReserved:
      case PageUse::kBoot: return blocked(report, Blocked::kReserved, page);
      default: return {};
    }
  });
}

Or<> offline_sections(u32 first, u32 count, OfflineReport& report) {
  const Range range{first, count};
  report = OfflineReport{};
  TRY(check(range, report));
  const u64 start_ns = now_ns();
  isolate(range);
  drain();
  auto done = migrate(range, report);
  if (done) done = verify(range, report);
  if (!done) {
    unisolate(range);
    report.elapsed_ns = now_ns() - start_ns;
    count_event(MmEvent::kSectionOfflineFail);
    return done;
  }
  commit(range);  // no way back
  report.elapsed_ns = now_ns() - start_ns;
  report.blocked = Blocked::kNothing;
  report.owner[0] = 0;
  return {};
}

}  // namespace ido
