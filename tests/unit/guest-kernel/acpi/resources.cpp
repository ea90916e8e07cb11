#include "acpi/resources.hpp"

#include <catch2/catch.hpp>

using namespace ido::acpi;
using base::u32;
using base::u8;
using ido::Ref;

namespace {

Ref<Bytes> resources(std::initializer_list<u8> bytes) {
  return make_bytes(Type::kBuffer, bytes.begin(), static_cast<u32>(bytes.size()));
}

}  // namespace

TEST_CASE("memory is found among other resources, in every width, and empty ranges are passed over") {
  const Ref<Bytes> all = resources({
      0x47, 1,  0xf8, 3, 0xf8, 3, 0, 8,                          // ports
      0x88, 13, 0,    1, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,  // word, bus numbers
      0x79, 0,
  });
  u32 at = 0;
  MemoryResource found;
  CHECK_FALSE(next_memory(*all, at, found));

  const Ref<Bytes> memory = resources({
      0x86, 9,    0, 1, 0,    0, 0xa0, 0xfe, 0,    0x10, 0,    0,              // fixed 32-bit
      0x86, 9,    0, 1, 0,    0, 0xb0, 0xfe, 0,    0,    0,    0,              // of no size
      0x8a, 0x2b, 0, 0, 0x0c, 3, 0,    0,    0,    0,    0,    0, 0, 0,        // qword: granularity
      0,    0,    0, 0, 1,    0, 0,    0,    0xff, 0xff, 0xff, 7, 1, 0, 0, 0,  // minimum, maximum
      0,    0,    0, 0, 0,    0, 0,    0,    0,    0,    0,    8, 0, 0, 0, 0,  // translation, length
      0x79, 0,
  });
  at = 0;
  REQUIRE(next_memory(*memory, at, found));
  CHECK((found.base == 0xfea00000 && found.size == 0x1000));
  REQUIRE(next_memory(*memory, at, found));
  CHECK((found.base == 0x100000000 && found.size == 0x8000000));
  CHECK_FALSE(next_memory(*memory, at, found));
}

TEST_CASE("a template that is cut short ends there") {
  const Ref<Bytes> whole =
      resources({0x8a, 0x2b, 0, 0, 0x0c, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9,
                 9,    9,    7, 1, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0x79});
  for (u32 size = 0; size < 46; ++size) {
    const Ref<Bytes> cut = make_bytes(Type::kBuffer, whole->data, size);
    u32 at = 0;
    MemoryResource found;
    CHECK_FALSE(next_memory(*cut, at, found));
  }
}

TEST_CASE("a range that wraps around the address space is not memory") {
  const Ref<Bytes> wraps = resources({0x8a, 0x2b, 0,    0,    0x0c, 3,    0,    0, 0, 0, 0,    0, 0, 0, 0,    0xf0,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,    0, 0, 0, 0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0x10, 0, 0, 0, 0x79, 0});
  u32 at = 0;
  MemoryResource found;
  CHECK_FALSE(next_memory(*wraps, at, found));
}
