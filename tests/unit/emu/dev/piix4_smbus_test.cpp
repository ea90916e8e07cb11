#include "dev/piix4_smbus.hpp"

#include <catch2/catch.hpp>

#include "dev/spd_eeprom.hpp"

using namespace paemu;

namespace {

// A DIMM in socket 1 whose byte n is n + 7.
struct Bench {
  SpdEeproms eeproms{[](u32 socket) -> std::optional<SpdEeproms::Contents> {
    if (socket != 1) return std::nullopt;
    SpdEeproms::Contents bytes;
    for (u32 i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<u8>(i + 7);
    return bytes;
  }};
  Piix4Smbus bus{eeproms};

  u8 get(u32 reg) { return static_cast<u8>(bus.io_read(reg, 1)); }
  void set(u32 reg, u8 value) { bus.io_write(reg, 1, value); }
  // One transfer; returns the status, which is then cleared.
  u8 transfer(u8 protocol, u8 address, u8 command) {
    set(4, address);
    set(3, command);
    set(2, static_cast<u8>(0x40 | protocol << 2));
    const u8 status = get(0);
    set(0, status);
    CHECK(get(0) == 0);
    return status;
  }
};

constexpr u8 kRead = 0x51 << 1 | 1, kWrite = 0x51 << 1, kNobody = 0x50 << 1 | 1;
constexpr u8 kDone = 0x02, kDeviceError = 0x04;

}  // namespace

TEST_CASE("SMBus: a byte and a word of an EEPROM are read at the command") {
  Bench b;
  CHECK(b.transfer(2, kRead, 0x10) == kDone);
  CHECK(b.get(5) == 0x17);
  CHECK(b.transfer(3, kRead, 0xff) == kDone);
  CHECK(b.get(5) == 0x06);
  CHECK(b.get(6) == 0x07);  // the address counter wraps
}

TEST_CASE("SMBus: a byte sent sets the address from which bytes are received one by one") {
  Bench b;
  CHECK(b.transfer(1, kWrite, 0x20) == kDone);
  for (u8 expected : {0x27, 0x28, 0x29}) {
    CHECK(b.transfer(1, kRead, 0) == kDone);
    CHECK(b.get(5) == expected);
  }
}

TEST_CASE("SMBus: nobody answers at the address of an empty socket, and nowhere else") {
  Bench b;
  CHECK(b.transfer(2, kNobody, 0) == kDeviceError);
  CHECK(b.transfer(0, 0x30 << 1, 0) == kDeviceError);
  CHECK(b.transfer(0, 0x58 << 1, 0) == kDeviceError);
  CHECK(b.transfer(0, kWrite, 0) == kDone);
}

TEST_CASE("SMBus: what is written to an EEPROM is lost, since it is write-protected") {
  Bench b;
  b.set(5, 0x99);
  CHECK(b.transfer(2, kWrite, 0x10) == kDone);
  CHECK(b.transfer(2, kRead, 0x10) == kDone);
  CHECK(b.get(5) == 0x17);
}

TEST_CASE("SMBus: a block is as long as its first byte says, from 1 to 32") {
  Bench b;
  CHECK(b.transfer(5, kRead, 0xfc) == kDone);  // 3, 4, 5, 6
  CHECK(b.get(5) == 3);
  b.get(2);  // back to the first byte
  for (u8 expected : {4, 5, 6}) CHECK(b.get(7) == expected);
  CHECK(b.transfer(5, kRead, 0xf9) == kDeviceError);  // 0
  CHECK(b.transfer(5, kRead, 0x40) == kDeviceError);  // 71
  for (u32 i = 0; i < 100; ++i) b.set(7, 1);          // the index wraps
}

TEST_CASE("SMBus: a kill fails the transfer, and protocols that are none are refused") {
  Bench b;
  b.set(2, 0x42);
  CHECK(b.get(0) == 0x10);
  b.set(0, 0x10);
  for (u8 protocol : {4, 6, 7}) CHECK(b.transfer(protocol, kRead, 0) == kDeviceError);
  CHECK((b.get(2) & 0x40) == 0);
}
