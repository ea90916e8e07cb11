#include "mm/background.hpp"

#include "arch/time.hpp"
#include "lib/print.hpp"
#include "lib/thread.hpp"
#include "lib/wait.hpp"
#include "mm/populate.hpp"

namespace ido {
namespace {

constexpr u64 kPause_ns = 10'000'000;      // before looking again whether the processor is free
constexpr u64 kPatience_ns = 100'000'000;  // after which a section is made even if it is not

bool populate_next(u32& made) {
  for (u32 i = 0; i < kZoneCount; ++i) {
    if (!populate_deferred_section(static_cast<ZoneId>(i))) continue;
    ++made;
    return true;
  }
  return false;
}

void make_mem_map(void*) {
  const u64 start_ns = now_ns();
  u64 last_ns = start_ns;
  u32 made = 0;
  for (;;) {
    if (others_are_runnable() && now_ns() - last_ns < kPatience_ns) {
      sleep_for(kPause_ns);
      continue;
    }
    if (!populate_next(made)) break;
    last_ns = now_ns();
    yield_if_due();
  }
  print("mm: the mem_map of %u sections was made in the background within %llu ms\n", made,
        static_cast<unsigned long long>((now_ns() - start_ns) / 1'000'000));
}

}  // namespace

void start_mem_map_thread() {
  bool any = false;
  for (u32 i = 0; i < kZoneCount; ++i) any |= zone_at(static_cast<ZoneId>(i)).deferred_pages > 0;
  if (any && !start_kernel_thread("kmemmap", make_mem_map, nullptr).ok())
    print("mm: no thread to make the mem_map; it is made as pages are needed\n");
}

}  // namespace ido
