#include "replay/arrival.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

TEST_CASE("a DIMM's specification survives its arrival") {
  DimmSpec spec;
  spec.id = "dimm1";
  spec.memdev = "mem1";
  spec.slot = 3;
  spec.base = GuestPhys{5 * kGiB};
  spec.size = 512 * kMiB;
  const auto read = arrival::read_dimm(arrival::dimm_insert(spec));
  REQUIRE(read);
  CHECK(read->id == "dimm1");
  CHECK(read->memdev == "mem1");
  CHECK(read->slot == 3);
  CHECK(read->base == spec.base);
  CHECK(read->size == spec.size);
}

TEST_CASE("every arrival that is made is well-formed") {
  const u8 bytes[] = {'l', 's', '\n'};
  CHECK(arrival::well_formed(arrival::serial_bytes(0, bytes)));
  CHECK(arrival::well_formed(arrival::rtc_start(-1)));
  CHECK(arrival::well_formed(arrival::dimm_insert({})));
  CHECK(arrival::well_formed(arrival::dimm_eject_request("dimm1")));
  CHECK(arrival::well_formed(arrival::dimm_surprise_pull("dimm1")));
  CHECK(arrival::well_formed(arrival::power_button()));
  CHECK(arrival::well_formed(arrival::reset_by_monitor()));
  CHECK(arrival::well_formed(arrival::non_maskable()));
  CHECK(arrival::well_formed(arrival::machine_check({1, 4, arrival::kMachineCheckValid, 1, 2, 3})));
}

TEST_CASE("payloads of another form are refused") {
  CHECK_FALSE(arrival::well_formed({{}, InputKind::SerialBytes, {}}));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::RtcStart, {1, 2, 3}}));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::DimmInsert, {1, 2, 3}}));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::PowerButton, {1}}));
  CHECK_FALSE(arrival::well_formed(arrival::machine_check({0, 5, arrival::kMachineCheckValid, 1, 2, 3})));
  CHECK_FALSE(arrival::well_formed(arrival::machine_check({0, 0, 1, 1, 2, 3})));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::Reset, {2}}));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::DimmEjectRequest, {}}));
  CHECK_FALSE(arrival::well_formed({{}, InputKind::DimmEjectRequest, std::vector<u8>(1000, 'x')}));
  CHECK_FALSE(arrival::well_formed({{}, static_cast<InputKind>(200), {}}));
}

TEST_CASE("an arrival's text holds no control characters") {
  const u8 bytes[] = {0x1b, '[', '2', 'J', '\n', '"'};
  Arrival a = arrival::serial_bytes(0, bytes);
  a.at = Position{100, Ticks{150}};
  const std::string text = arrival::to_string(a);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("150 ns") != std::string::npos);
  CHECK(text.find(R"(SerialBytes stream 0 "\x1b[2J\n\"")") != std::string::npos);
}
