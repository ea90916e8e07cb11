#include "mm/shrinker.hpp"

#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

IntrusiveList<Shrinker, &Shrinker::node> shrinkers;

}  // namespace

void register_shrinker(Shrinker& shrinker) { shrinkers.push_back(shrinker); }

u32 shrinkable_objects() {
  u32 total = 0;
  for (Shrinker& s : shrinkers) total += s.count();
  return total;
}

u32 shrink_caches(u32 objects) {
  const u32 total = shrinkable_objects();
  u32 freed = 0;
  for (Shrinker& s : shrinkers) {
    const u32 has = s.count();
    const u32 share = total <= objects ? has : static_cast<u32>(u64{objects} * has / total + 1);
    if (has > 0) freed += s.shrink(share < has ? share : has);
  }
  count_events(MmEvent::kSlabsScanned, freed);
  drop_empty_slabs();
  return freed;
}

}  // namespace ido
