// The host bridge's shadow registers and the ISA bridge's interrupt routes.
#include <catch2/catch.hpp>

#include "dev/i440fx.hpp"
#include "dev/piix3.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

TEST_CASE("i440FX: each nibble of PAM is a segment, read and write apart") {
  std::vector<I440fx::Shadow> told;
  I440fx bridge([&](const I440fx::Shadow& s) { told.push_back(s); });
  bridge.reset();
  REQUIRE(told.size() == 13);
  CHECK((told[0].base == 0xf0000 && told[0].size == 0x10000 && !told[0].read_ram && !told[0].write_ram));
  CHECK((told[1].base == 0xc0000 && told[1].size == 0x4000));
  CHECK((told[12].base == 0xec000 && told[12].size == 0x4000));
  told.clear();
  bridge.config_write(0x59, 1, 0x1f);
  bridge.config_write(0x5f, 1, 0x21);
  CHECK(bridge.config_read(0x59, 1) == 0x10);
  REQUIRE(told.size() == 26);
  CHECK((told[13].base == 0xf0000 && told[13].read_ram && !told[13].write_ram));
  CHECK((told[24].base == 0xe8000 && told[24].read_ram && !told[24].write_ram));
  CHECK((told[25].base == 0xec000 && !told[25].read_ram && told[25].write_ram));
  told.clear();
  bridge.config_write(0x04, 2, 0xffff);
  CHECK(told.empty());
  CHECK(bridge.config_read(0x04, 2) == 0x0146);
}

namespace {

struct Requests final : LineInput {
  u32 up = 0;
  void set_line(u32 irq, bool level) override { up = level ? up | 1u << irq : up & ~(1u << irq); }
};

}  // namespace

TEST_CASE("PIIX3: a PIRQ reaches the request that it is routed to") {
  Piix3 bridge;
  Requests isa;
  bridge.connect(isa);
  bridge.set_line(0, true);
  CHECK(isa.up == 0);
  bridge.config_write(0x60, 1, 10);
  CHECK(isa.up == 1u << 10);
  bridge.config_write(0x60, 1, 11);
  CHECK(isa.up == 1u << 11);
  bridge.config_write(0x60, 1, 0x80);
  CHECK(isa.up == 0);
}

TEST_CASE("PIIX3: PIRQs that share a request keep it up until the last of them falls") {
  Piix3 bridge;
  Requests isa;
  bridge.connect(isa);
  bridge.config_write(0x60, 4, 0x0b0a0a0a);
  bridge.set_line(0, true);
  bridge.set_line(2, true);
  CHECK(isa.up == 1u << 10);
  bridge.set_line(0, false);
  CHECK(isa.up == 1u << 10);
  bridge.set_line(2, false);
  CHECK(isa.up == 0);
  bridge.set_line(3, true);
  CHECK(isa.up == 1u << 11);
  bridge.reset();
  CHECK(isa.up == 0);
}

TEST_CASE("PIIX3: the board's own requests can't be taken by a PIRQ") {
  Piix3 bridge;
  Requests isa;
  bridge.connect(isa);
  bridge.set_line(0, true);
  for (u32 irq : {0u, 1u, 2u, 8u, 13u}) bridge.config_write(0x60, 1, irq);
  CHECK(isa.up == 0);
}
