#include <catch2/catch.hpp>

#include "fake_machine.hpp"
#include "tables.hpp"

using namespace ido::acpi;
using ido::Ref;
using ido::u32;
using ido::u64;

namespace {

struct Expected {
  const char* method;
  u64 value;
};

constexpr u64 kTrue = ~u64{0};

// In the order of language.asl.
const Expected kExpected[] = {
    {"M001", 42},
    {"M002", 42},
    {"M003", 2014},
    {"M004", 0xc3},
    {"M005", u64{1} << 40},
    {"M006", 0xffffffffffffff00 >> 4},
    {"M007", 808},
    {"M008", 1234},
    {"M009", 0x5678},
    {"M010", 7},
    {"M011", 30},
    {"M012", 3},
    {"M013", 8},
    {"M014", 3628800},
    {"M015", 6},
    {"M016", 385},
    {"M017", 32},
    {"M018", 0x5503},
    {"M019", 0xaa},
    {"M020", 6},
    {"M021", 1234},
    {"M022", 1},
    {"M023", 0},
    {"M024", 6},
    {"M025", 41},
    {"M026", 1},
    {"M027", 1},
    {"M028", 1},
    {"M029", 1},
    {"M030", 1},
    {"M031", 1},
    {"M032", 0x3412},
    {"M033", 0xf7},
    {"M034", 0x23},
    {"M035", 0x1122334455667788},
    {"M036", 0xcafebabe},
    {"M037", 0x50abcde77},
    {"M038", 0x112233445566},
    {"M039", 24},
    {"M041", 0x342},
    {"M042", 0x724},
    {"M043", 1},
    {"M044", 9},
    {"M045", 7},
    {"M046", 14},
    {"M047", 3},
    {"M048", 1020608},
    {"M049", 2},
    {"M050", 1},
    {"M051", 18},
    {"M053", 30},
    {"M055", kTrue},
    {"M056", 1},
    {"M057", 1},
    {"M059", 3},
    {"M060", 5},
};

}  // namespace

TEST_CASE("each piece of the language computes what the specification says") {
  Loaded acpi;
  REQUIRE(acpi.load(dsdt_table()));
  REQUIRE(acpi.load(language_table()));
  for (const Expected& e : kExpected) {
    INFO(e.method << ": " << acpi.interpreter.problem());
    const u64 value = acpi.number(e.method);
    INFO(acpi.interpreter.problem());
    CHECK(value == e.value);
  }
}

TEST_CASE("a name that a package lists before it is made is kept as text") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  Ref<Object> pack = acpi.names.find("PACK")->object();
  CHECK(as_string(as_package(pack)->elements[4]) != nullptr);
  CHECK(as_integer(as_package(pack)->elements[3])->value == 5);
}

TEST_CASE("arguments reach a method and bits that no field names keep what the update rule says") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  CHECK(acpi.number("M058", {make_integer(40), {}, {}, {}, {}, {}, make_integer(2)}) == 42);
  acpi.machine.memory[0x1040] = 0x00;
  acpi.machine.memory[0x1041] = 0xff;
  acpi.number("M040");
  CHECK(acpi.machine.memory[0x1040] == 0xf0);
  CHECK(acpi.machine.memory[0x1041] == 0x05);
}

TEST_CASE("Notify reaches devices by name and by reference") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  acpi.number("M054");
  REQUIRE(acpi.machine.notified.size() == 2);
  CHECK(acpi.machine.notified[0] == std::make_pair(std::string("\\DEV0"), u32{0x81}));
  CHECK(acpi.machine.notified[1] == std::make_pair(std::string("\\DEV0"), u32{0x82}));
}

TEST_CASE("names that a method makes are gone when it ends") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  const u32 before = acpi.names.count();
  acpi.number("M045");
  CHECK(acpi.names.count() == before);
}

TEST_CASE("nothing stays allocated after an evaluation") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  for (int round = 0; round < 2; ++round) {
    const u32 before = Object::live();
    for (const Expected& e : kExpected) acpi.number(e.method);
    if (round > 0) CHECK(Object::live() == before);
  }
}

TEST_CASE("a method that can't go on ends with a sentence and leaves the interpreter working") {
  Loaded acpi;
  REQUIRE(acpi.load(language_table()));
  for (const char* method :
       {"B001", "B002", "B003", "B004", "B005", "B006", "B007", "B008", "B009", "B010", "B011", "B012"}) {
    INFO(method);
    Value value = acpi.interpreter.evaluate(*acpi.names.find(method));
    CHECK_FALSE(value.ok());
    CHECK(std::string(acpi.interpreter.problem()).size() > 10);
    CHECK(acpi.number("M001") == 42);
  }
}

TEST_CASE("integers have 32 bits when the DSDT is of revision 1") {
  Loaded acpi;
  std::vector<base::u8> old = language_table();
  old[8] = 1;
  REQUIRE(acpi.load(old));
  CHECK(acpi.number("M005") == 0);
}
