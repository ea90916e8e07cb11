// Tables with changed bytes must end in errors, never in a crash, a hang or memory that stays.

#include <catch2/catch.hpp>

#include "fake_machine.hpp"
#include "tables.hpp"

using namespace ido::acpi;
using base::u32;
using base::u64;
using base::u8;
using ido::Ref;

namespace {

// Numbers that look random and are the same everywhere.
class Sequence {
 public:
  explicit Sequence(u64 seed) : state_(seed) {}
  u32 below(u32 limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<u32>(state_ >> 33) % limit;
  }

 private:
  u64 state_;
};

void evaluate_everything(Loaded& acpi) {
  u32 count = 0;
  std::vector<Ref<Node>> nodes;
  for (Node* n = &acpi.names.root(); n != nullptr && ++count < 3000; n = acpi.names.next(*n)) nodes.emplace_back(n);
  const Ref<Object> arguments[] = {make_integer(1), make_integer(2), make_integer(3)};
  for (Ref<Node>& node : nodes) {
    if (node->name() == segment("B002") || node->name() == segment("B006")) continue;  // the slow ones
    (void)acpi.interpreter.evaluate(*node, arguments, 3);
  }
}

}  // namespace

TEST_CASE("tables that end anywhere are taken as far as they go") {
  for (std::vector<u8> table : {dsdt_table(), paemu::slots_ssdt(2), language_table()}) {
    for (base::usize size = 0; size < table.size(); size += 1 + size / 64) {
      Loaded acpi;
      acpi.load({table.begin(), table.begin() + static_cast<std::ptrdiff_t>(size)});
      if (size % 7 == 0) evaluate_everything(acpi);
    }
  }
}

TEST_CASE("tables with changed bytes do no harm") {
  Sequence random(2);
  for (u32 round = 0; round < 400; ++round) {
    std::vector<u8> tables[] = {dsdt_table(), paemu::slots_ssdt(2), language_table()};
    for (u32 changes = 1 + random.below(6); changes > 0; --changes) {
      std::vector<u8>& table = tables[random.below(3)];
      table[36 + random.below(static_cast<u32>(table.size()) - 36)] = static_cast<u8>(random.below(256));
    }
    INFO("round " << round);
    Loaded acpi;
    for (std::vector<u8>& table : tables) acpi.load(table);
    evaluate_everything(acpi);
    CHECK(Object::live() < 2 * Object::kMaxLive);
  }
}
