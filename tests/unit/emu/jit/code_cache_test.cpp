// The memory of translated code: two mappings, one bound.
#include "jit/code_cache.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <string>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

// mov eax, value; ret
void append_function(CodeCache& cache, u32 value, const u8*& entry) {
  u8* at = cache.reserve(16);
  if (at == nullptr) FAIL("full");
  at[0] = 0xb8;
  std::memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
  cache.commit(at + 6);
  entry = cache.executable(at);
}

u32 call(const u8* entry) { return reinterpret_cast<u32 (*)()>(reinterpret_cast<u64>(entry))(); }

// Of the mapping that holds `address`: "rw-s" and the like; and whether any mapping is both writable and executable.
std::string rights_of(const void* address, bool& writable_and_executable) {
  std::ifstream maps("/proc/self/maps");
  std::string line, found;
  while (std::getline(maps, line)) {
    unsigned long begin, end;
    char rights[8];
    if (std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, rights) != 3) continue;
    if (rights[1] == 'w' && rights[2] == 'x') writable_and_executable = true;
    const auto a = reinterpret_cast<unsigned long>(address);
    if (a >= begin && a < end) found = rights;
  }
  return found;
}

}  // namespace

TEST_CASE("what is written at one address is executed at the other, and no page is both writable and executable") {
  const auto cache = cache_of(1 * kMiB);
  const u8* entry;
  append_function(*cache, 42, entry);
  CHECK(call(entry) == 42);
  const u32 other = 43;
  std::memcpy(cache->writable(entry) + 1, &other, 4);
  CHECK(call(entry) == 43);
  CHECK(cache->holds(entry));

  bool both = false;
  CHECK(rights_of(entry, both).substr(0, 3) == "r-x");
  CHECK(rights_of(cache->writable(entry), both).substr(0, 3) == "rw-");
  CHECK_FALSE(both);
}

TEST_CASE("a full cache has no room until it is flushed, which spares what is kept") {
  const auto cache = cache_of(1 * kMiB);
  const u8 *kept, *entry;
  append_function(*cache, 1, kept);
  cache->keep();
  const u64 before = cache->used();
  while (cache->reserve(1000) != nullptr) append_function(*cache, 2, entry);
  CHECK(cache->generation() == 0);
  cache->flush();
  CHECK(cache->generation() == 1);
  CHECK(cache->used() == before);
  append_function(*cache, 3, entry);
  CHECK(call(kept) == 1);
  CHECK(call(entry) == 3);
}

TEST_CASE("code that comes and goes for ever stays within the cache's size") {
  constexpr u64 kSize = 8 * kMiB;
  const auto cache = cache_of(kSize);
  const u64 before = resident_kib();
  const u8* entry = nullptr;
  for (u32 n = 0; n < 4'000'000; ++n) {
    if (cache->reserve(16) == nullptr) cache->flush();
    append_function(*cache, n, entry);
  }
  CHECK(cache->generation() >= 6);
  CHECK(call(entry) == 3'999'999);
  CHECK(resident_kib() - before <= kSize / 1024 + 2048);
}
