#include "mm/hotplug.hpp"

#include "lib/print.hpp"
#include "lib/wait.hpp"
#include "mm/offline.hpp"
#include "mm/populate.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"

namespace ido {
namespace {

OnlinePolicy policy = OnlinePolicy::kMovable;
constinit Mutex one_at_a_time{LockKind::kHotplug};

struct Range {
  u32 first;
  u32 count;
};

Or<Range> sections_of(u64 base, u64 size) {
  if (size == 0 || base % kSectionSize != 0 || size % kSectionSize != 0) return fail(Errno::kInval);
  const u64 limit = u64{section_limit()} << kSectionShift;
  if (base >= limit || size > limit - base) return fail(Errno::kRange);
  return Range{static_cast<u32>(base >> kSectionShift), static_cast<u32>(size >> kSectionShift)};
}

bool all_in(Range range, SectionState state) {
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    if (section_at(i).state != state) return false;
  }
  return true;
}

ZoneId zone_for(u32 index, OnlineAs as) {
  const bool low = in_low_memory(section_first_frame(index));
  const ZoneId kernel = low ? ZoneId::kNormal : ZoneId::kHighMem;
  if (as == OnlineAs::kMovable) return ZoneId::kMovable;
  if (as == OnlineAs::kKernel) return kernel;
  const Section& section = section_at(index);
  return section.origin == SectionOrigin::kBoot ? section.zone
         : policy == OnlinePolicy::kKernel      ? kernel
                                                : ZoneId::kMovable;
}

Or<> add(Range range, u32 node) {
  if (!all_in(range, SectionState::kAbsent)) return fail(Errno::kExist);
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    Section& section = section_at(i);
    section.state = SectionState::kOffline;
    section.origin = SectionOrigin::kHotAdded;
    section.zone = ZoneId::kMovable;
    section.node = static_cast<u8>(node);
    section.present_pages = kSectionPages;
    section.mem_map_pages = mem_map_is_lent(i) ? 0 : kMemMapPages;
    section.deferred = true;  // its mem_map is made in its own frames when the first page is needed
  }
  return {};
}

void bring_online(u32 index, OnlineAs as) {
  Section& section = section_at(index);
  section.zone = zone_for(index, as);
  section.state = SectionState::kOnline;
  Zone& zone = zone_at(section.zone);
  zone.present_pages += section.present_pages;
  count_event(MmEvent::kSectionOnline);
  if (section.deferred) {
    count_deferred_section(index, 1);
    return;
  }
  zone.managed_pages += section.managed_pages;
  for (u32 i = 0; i < kSectionPages;) {
    Page* page = page_of(section_first_frame(index) + i);
    const bool isolated = page->use == PageUse::kIsolated;
    const u32 pages = isolated ? 1u << page->order : 1;
    if (isolated) release_isolated_block(page);
    i += pages;
  }
}

Or<> online(Range range, OnlineAs as) {
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    const SectionState state = section_at(i).state;
    if (state != SectionState::kOffline && state != SectionState::kOnline) return fail(Errno::kInval);
  }
  for (u32 i = range.first; i < range.first + range.count; ++i) {
    if (section_at(i).state == SectionState::kOffline) bring_online(i, as);
  }
  set_watermarks();
  return {};
}

Or<> take_offline(Range range, OfflineReport& report) {
  auto done = offline_sections(range.first, range.count, report);
  char text[160];
  report.format(text, sizeof text);
  print("mm: sections %u-%u: %s%s\n", range.first, range.first + range.count - 1, done ? "" : "stay online: ", text);
  return done;
}

Or<> remove(Range range) {
  if (!all_in(range, SectionState::kOffline)) return fail(Errno::kBusy);
  for (u32 i = range.first; i < range.first + range.count; ++i) depopulate_section(i);
  return {};
}

}  // namespace

OnlinePolicy online_policy() { return policy; }
void set_online_policy(OnlinePolicy wanted) { policy = wanted; }

Or<> add_memory(u64 base, u64 size, u32 node) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  return add(range, node);
}

Or<> add_and_online_memory(u64 base, u64 size, u32 node) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  TRY(add(range, node));
  if (policy == OnlinePolicy::kOffline) return {};
  return online(range, OnlineAs::kDefault);  // new sections are offline: this can't fail
}

Or<> online_memory(u64 base, u64 size, OnlineAs as) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  return online(range, as);
}

Or<> offline_memory(u64 base, u64 size, OfflineReport& report) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  return take_offline(range, report);
}

Or<> remove_memory(u64 base, u64 size) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  return remove(range);
}

Or<> offline_and_remove_memory(u64 base, u64 size, OfflineReport& report) {
  const Range range = TRY(sections_of(base, size));
  MutexGuard guard(one_at_a_time);
  TRY(take_offline(range, report));
  return remove(range);
}

}  // namespace ido
