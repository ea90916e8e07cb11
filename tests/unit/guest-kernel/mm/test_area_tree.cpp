#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "mm/area_tree.hpp"

using namespace ido;

namespace {

constexpr u32 kLowest = 0x10000, kTop = 0xff000000, kGuard = 0x100000;

using Model = std::map<u32, std::unique_ptr<Area>>;  // by start

u32 highest_gap(const Model& model, u32 size, u32 limit) {
  u32 best = 0, from = kLowest;
  const auto consider = [&](u32 to) {
    if (to > limit) to = limit;
    if (to > from && to - from >= size) best = to - size;
  };
  for (auto& [start, area] : model) {
    consider(area->flags & area_flag::kGrowsDown ? (start > kGuard ? start - kGuard : 0) : start);
    if (area->end > from) from = area->end;
  }
  consider(limit);
  return best;
}

u32 height(const Area* a) { return a == nullptr ? 0 : a->tree.height; }

void check(const AreaTree& tree, const Model& model, u32 probe) {
  auto after = model.upper_bound(probe);
  if (after != model.begin() && std::prev(after)->second->end > probe) --after;
  REQUIRE(tree.first_ending_after(probe) == (after == model.end() ? nullptr : after->second.get()));
  for (u32 size : {0x1000u, 0x40000u, 0x4000000u})
    for (u32 limit : {0xf0000000u, kTop, 0x20000000u})
      REQUIRE(tree.highest_gap(size, kLowest, limit, kGuard) == highest_gap(model, size, limit));
}

}  // namespace

TEST_CASE("An area tree finds areas and gaps as a list would, whatever came and went, and stays flat") {
  AreaTree tree;
  Model model;
  u32 state = 5;
  const auto random = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (u32 step = 0; step < 21900; ++step) {
    const u32 start = kLowest + (random() % 0xfeff) * 0x10000 % (kTop - 2 * kLowest);
    auto after = model.upper_bound(start);
    const bool taken = after != model.begin() && std::prev(after)->second->end > start;
    const u32 room = (after == model.end() ? kTop : after->first) - start;
    if (!taken && random() % 5 < (step % 4000 < 2000 ? 4u : 1u)) {
      auto area = std::make_unique<Area>();
      area->start = start;
      area->end = start + (random() % 50 == 0 ? room : std::min<u32>(room, (random() % 64 + 1) * 0x1000));
      if (random() % 10 == 0) area->flags = area_flag::kGrowsDown;
      tree.insert(*area);
      model[start] = std::move(area);
    } else if (!model.empty()) {
      auto victim = after == model.end() ? model.begin() : after;
      if (random() % 3 == 0) {  // shrinks at its end
        Area& area = *victim->second;
        if (area.size() > 0x1000) area.end -= 0x1000;
        tree.changed(area);
      } else {
        tree.remove(*victim->second);
        model.erase(victim);
      }
    }
    if (step % 16 == 0) check(tree, model, random() << 8);
  }
  REQUIRE(model.size() > 100);
  Area* previous = nullptr;
  u32 highest = 0;
  for (auto& [start, area] : model) {
    REQUIRE(AreaTree::previous(*area) == previous);
    if (previous != nullptr) REQUIRE(AreaTree::next(*previous) == area.get());
    previous = area.get();
    highest = std::max<u32>(highest, area->tree.height);
    const i32 lean = static_cast<i32>(height(area->tree.left)) - static_cast<i32>(height(area->tree.right));
    REQUIRE((lean >= -1 && lean <= 1));
  }
  CHECK(highest <= 20);
}
