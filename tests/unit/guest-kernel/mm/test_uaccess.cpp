#include <catch2/catch.hpp>
#include <cstring>

#include "fake.hpp"
#include "mm/uaccess.hpp"
#include "user.hpp"

using namespace ido;
using fake::User;

TEST_CASE("Copies cross pages, fault them in, and meet the program's own accesses") {
  fake::Machine machine;
  User user;
  set_current_mm(&user.mm());
  const u32 at = user.map(3 * kPageSize) + kPageSize - 10;
  u8 out[5000], in[5000] = {};
  for (u32 i = 0; i < sizeof out; ++i) out[i] = static_cast<u8>(i * 3);
  REQUIRE(copy_to_user(at, out, sizeof out).ok());
  REQUIRE(copy_from_user(in, at, sizeof in).ok());
  CHECK(memcmp(in, out, sizeof in) == 0);
  CHECK(user.read(at + 4999) == out[4999]);
  REQUIRE(zero_user(at, 20).ok());
  CHECK(user.read(at + 19) == 0);
  CHECK(user.read(at + 20) == out[20]);
}

TEST_CASE("Bad addresses fault: unmapped, read-only, kernel, wrapping") {
  fake::Machine machine;
  User user;
  set_current_mm(&user.mm());
  const u32 at = user.map(kPageSize, protection::kRead);
  u32 word = 0;
  CHECK(copy_from_user(&word, at, 4).ok());
  CHECK(copy_to_user(at, &word, 4).error() == Errno::kFault);
  CHECK(copy_from_user(&word, at + kPageSize - 2, 4).error() == Errno::kFault);
  CHECK(copy_from_user(&word, layout::kUserEnd - 2, 4).error() == Errno::kFault);
  CHECK(copy_from_user(&word, 0xfffffffe, 4).error() == Errno::kFault);
  CHECK(get_user<u32>(0).error() == Errno::kFault);
}

TEST_CASE("Strings end at their terminator or are too long") {
  fake::Machine machine;
  User user;
  set_current_mm(&user.mm());
  const u32 at = user.map(2 * kPageSize) + kPageSize - 3;
  REQUIRE(copy_to_user(at, "hello", 6).ok());
  char text[16];
  CHECK(string_from_user(text, at, sizeof text).value() == 5);
  CHECK(std::string(text) == "hello");
  CHECK(string_from_user(text, at, 5).error() == Errno::kNameTooLong);
}

TEST_CASE("Compare and exchange changes a word only when it is as expected") {
  fake::Machine machine;
  User user;
  set_current_mm(&user.mm());
  const u32 at = user.map(kPageSize);
  CHECK(compare_exchange_user(at, 0, 5).value() == 0);
  CHECK(compare_exchange_user(at, 0, 6).value() == 5);
  CHECK(get_user<u32>(at).value() == 5);
  CHECK(compare_exchange_user(at + 1, 0, 6).error() == Errno::kInval);
}

TEST_CASE("Writes by the kernel break copy-on-write like the program's") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(kPageSize);
  parent.write(at, 1);
  User child(parent);
  const u8 two = 2;
  REQUIRE(copy_to_user(child.mm(), at, &two, 1).ok());
  CHECK(parent.read(at) == 1);
  CHECK(child.read(at) == 2);
}
