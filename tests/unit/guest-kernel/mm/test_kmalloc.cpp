#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "fake.hpp"
#include "mm/kmalloc.hpp"

using namespace ido;

TEST_CASE("kmalloc gives aligned memory of at least the size, which does not overlap") {
  fake::Machine machine;
  struct Piece {
    u8* p;
    u32 size;
    u8 fill;
  };
  std::vector<Piece> pieces;
  for (u32 i = 0; i < 2000; ++i) {
    const u32 size = (i * 37) % 5000 + 1;
    auto* p = static_cast<u8*>(kmalloc(size));
    REQUIRE(p != nullptr);
    REQUIRE(reinterpret_cast<uintptr_t>(p) % 16 == 0);
    REQUIRE(kmalloc_size(p) >= size);
    memset(p, static_cast<u8>(i), size);
    pieces.push_back({p, size, static_cast<u8>(i)});
  }
  for (const Piece& piece : pieces) {
    for (u32 i = 0; i < piece.size; ++i) REQUIRE(piece.p[i] == piece.fill);
    kfree(piece.p);
  }
}

TEST_CASE("kmalloc refuses more than the largest block and kfree takes nothing for an answer") {
  fake::Machine machine;
  CHECK(kmalloc(4 * kMiB + 1) == nullptr);
  void* largest = kmalloc(4 * kMiB);
  CHECK(largest != nullptr);
  kfree(largest);
  kfree(nullptr);
}

TEST_CASE("A slab cache reuses objects and gives empty slabs back") {
  fake::Machine machine;
  static constinit SlabCache cache{"test-objects", 100};
  CHECK(cache.object_size() == 112);
  std::vector<void*> objects;
  for (u32 i = 0; i < 500; ++i) objects.push_back(cache.allocate());
  CHECK(cache.slab_pages() == (500 + 35) / 36);
  CHECK(page_of(low_frame(objects[0]))->slab->name() == std::string("test-objects"));
  for (void* o : objects) cache.release(o);
  CHECK(cache.objects_in_use() == 0);
  CHECK(cache.slab_pages() <= 1);
}
