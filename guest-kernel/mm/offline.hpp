// Taking a range of sections out of use, as a transaction. Steps 1 to 6 of docs/migration.md. For mm only: others call
// mm/hotplug.hpp.
#pragma once

#include "mm/hotplug.hpp"

namespace ido {

// What of a section could not move, by the use of its frames now: Errno::kBusy with the report. Step 1 for one section.
Or<> find_blocking_page(u32 section, OfflineReport& report);

// The whole transaction. Sections that are offline already stay so. Errno::kBusy, kNoMem; then nothing has changed but
// the places of some pages.
Or<> offline_sections(u32 first, u32 count, OfflineReport& report);

// Notes a page as the reason, with its owner's name.
void blame(OfflineReport& report, OfflineReport::Blocked why, Page* page);

}  // namespace ido
