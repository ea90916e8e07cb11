#include <catch2/catch.hpp>
#include <map>

#include "fake.hpp"
#include "mm/radix_tree.hpp"

using namespace ido;

TEST_CASE("A radix tree agrees with a map over random operations, the largest index included") {
  fake::Machine machine;
  RadixTree tree;
  std::map<u32, void*> model;
  u32 seed = 7;
  auto random = [&] { return (seed = seed * 1664525 + 1013904223) >> 4; };
  for (u32 step = 0; step < 20000; ++step) {
    u32 index = random() % 3 == 0 ? random() % 100 : random() % 3 == 0 ? 0xffffffff - random() % 70 : random() % 100000;
    void* value = reinterpret_cast<void*>(static_cast<uintptr_t>(step + 1));
    switch (random() % 4) {
      case 0:
      case 1: {
        auto inserted = tree.insert(index, value);
        REQUIRE(inserted.ok() == model.emplace(index, value).second);
        break;
      }
      case 2: {
        auto it = model.find(index);
        REQUIRE(tree.remove(index) == (it == model.end() ? nullptr : it->second));
        if (it != model.end()) model.erase(it);
        break;
      }
      default: {
        auto it = model.lower_bound(index);
        void* found = tree.next(index);
        REQUIRE(found == (it == model.end() ? nullptr : it->second));
        if (found != nullptr) REQUIRE(index == it->first);
      }
    }
  }
  for (auto& [index, value] : model) REQUIRE(tree.find(index) == value);
  tree.clear();
  CHECK(tree.find(5) == nullptr);
}
