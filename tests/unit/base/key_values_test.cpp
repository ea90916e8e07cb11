// key=value lists.
#include "base/key_values.hpp"

#include <catch2/catch.hpp>

using namespace base;

TEST_CASE("a list has keys, values, and a first value whose key is implied") {
  KeyValues list = std::move(KeyValues::parse("pc-dimm,id=d1,on,x=a,,b=c,", "driver").value());
  CHECK(*list.find("driver") == "pc-dimm");
  CHECK(*list.find("id") == "d1");
  CHECK(*list.find("on") == "on");
  CHECK(*list.find("x") == "a,b=c");
  CHECK(list.take("id") == "d1");
  CHECK(list.find("id") == nullptr);
  CHECK(list.take("id", "none") == "none");
}

TEST_CASE("an implied key does not take what names another") {
  CHECK(*KeyValues::parse("id=x", "driver").value().find("id") == "x");
  CHECK(*KeyValues::parse("x").value().find("x") == "on");
}

TEST_CASE("lists that make no sense are refused") {
  CHECK_FALSE(KeyValues::parse("a=1,a=2").ok());
  CHECK_FALSE(KeyValues::parse("=1").ok());
  std::string many;
  for (int i = 0; i < 300; ++i) many += "k" + std::to_string(i) + ",";
  CHECK_FALSE(KeyValues::parse(many).ok());
}
