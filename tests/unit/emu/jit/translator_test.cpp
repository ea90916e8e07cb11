// The translator as its surroundings see it: what it keeps, what it tells.
#include "jit/translator.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using Catch::Matchers::Contains;
using namespace paemu::testing;

namespace {

constexpr u32 kSum = 0x200000, kRoutines = 0x300000, kRoutineSize = 1024, kRoutineCount = 64;

// A routine like no other: stores, and a constant of its own. It ends in a jump to itself.
std::vector<u8> routine(u32 number) {
  std::vector<u8> code;
  for (u32 n = 0; n < 30; ++n) {
    const u32 constant = number * 31 + n;
    code.insert(code.end(), {0x81, 0x05, 0x00, 0x00, 0x20, 0x00});  // add dword [0x200000], constant
    for (u32 byte = 0; byte < 4; ++byte) code.push_back(static_cast<u8>(constant >> (8 * byte)));
  }
  code.insert(code.end(), {0xeb, 0xfe});
  return code;
}

void run_routine(FlatMachine& m, ExecutionEngine& engine, u32 number) {
  const u32 at = kRoutines + number % kRoutineCount * kRoutineSize;
  m.load(at, routine(number));
  m.cpu.state.eip = at;
  engine.run(40);
}

// What a profiler would be told.
class Names final : public CodeNames {
 public:
  void add(const u8* code, u64 size, std::string_view name) override {
    for (const auto& [start, piece] : pieces) CHECK((code >= start + piece.first || code + size <= start));
    pieces[code] = {size, std::string(name)};
  }
  void forget(const u8* first, u64 size) override {
    ++forgotten;
    pieces.erase(pieces.lower_bound(first), pieces.lower_bound(first + size));
  }
  std::map<const u8*, std::pair<u64, std::string>> pieces;
  u32 forgotten = 0;
};

// mov ecx, 1000; again: add eax, ecx; dec ecx; jnz again; and once more
void load_loop(FlatMachine& m) { m.code({0xb9, 0xe8, 3, 0, 0, 0x01, 0xc8, 0x49, 0x75, 0xfb, 0xeb, 0xf4}); }

}  // namespace

TEST_CASE("code that changes for ever keeps the cache within its size, and runs as interpreted") {
  if (!Translator::supported()) return;
  FlatMachine m, reference;
  Translator translator(m.cpu, small_cache(), {.hot = 0});
  constexpr u32 kRounds = 40'000, kSettled = 25'000;  // by then decoded code too has been thrown away once
  u64 early = 0;
  for (u32 n = 0; n < kRounds; ++n) {
    if (n == kSettled) early = resident_kib();
    run_routine(m, translator, n);
  }
  const u64 late = resident_kib();
  for (u32 n = 0; n < kRounds; ++n) run_routine(reference, reference.interpreter, n);

  const TranslatorInfo info = info_of(translator);
  CHECK(info.translated >= kRounds);
  CHECK(info.flushes_when_full > 50);
  CHECK(info.cache_used <= info.cache_size);
  CHECK(info.cache_size == CodeCache::kSmallest);
  CHECK(late <= early + 256);
  CHECK(m.dword(kSum) == reference.dword(kSum));
  CHECK(m.clock.retired == reference.clock.retired);
  CHECK(m.cpu.state.eflags == reference.cpu.state.eflags);
}

TEST_CASE("the hottest block is found, with its guest and host code, and exits are counted by kind") {
  if (!Translator::supported()) return;
  FlatMachine m;
  load_loop(m);
  Translator translator(m.cpu, small_cache());
  for (u32 n = 0; n < 2000; ++n) translator.run(997);
  const TranslatorInfo info = info_of(translator, 2);
  CHECK(info.blocks >= 2);
  CHECK(info.links >= 1);
  CHECK(info.links <= info.links_all);
  CHECK(info.exits.budget >= 1900);
  CHECK(info.exits.unlinked >= 1);
  CHECK(info.samples >= 1000);
  REQUIRE_FALSE(info.hottest.empty());
  const HotBlock& hot = info.hottest[0];
  CHECK(hot.eip == FlatMachine::kCode + 5);
  CHECK(hot.samples > info.samples / 2);
  CHECK_FALSE(hot.user);
  CHECK(hot.guest_code.at(0) == "00100005  add eax, ecx");
  std::string host;
  for (const std::string& line : hot.host_code) host += line + "\n";
  INFO(host);
  CHECK_THAT(host, Contains("  add eax, r9d\n"));
  CHECK_THAT(host, Contains("pext ecx, r11d, dword ptr [sign_bit]"));
  CHECK_THAT(host, Contains("; link to 00100000"));
}

TEST_CASE("when DIMMs come and go, translated code is lost in their frames only") {
  if (!Translator::supported()) return;
  FlatMachine m;
  load_loop(m);
  Translator translator(m.cpu, small_cache(), {.hot = 0});
  DimmSpec spec;
  spec.id = "dimm1";
  spec.base = GuestPhys{0x8000000};
  spec.size = 128 * kMiB;
  const auto count = [&] {
    const TranslatorInfo info = info_of(translator);
    return info;
  };
  translator.run(10'000);
  const u64 translated = count().translated;
  REQUIRE(m.memory.insert(spec).ok());
  translator.run(10'000);
  CHECK(count().translated == translated);

  constexpr u32 kThere = 0x8000000;
  m.load(kThere, std::initializer_list<u8>{0x43, 0xeb, 0xfd});  // inc ebx; jmp back
  m.cpu.state.eip = kThere;
  translator.run(10'000);
  CHECK(m.gpr(isa::kEbx) == 5000);
  CHECK(count().translated > translated);
  const u64 blocks = count().blocks;
  REQUIRE(m.memory.remove("dimm1").ok());
  CHECK(count().blocks < blocks);
  CHECK(count().blocks > 0);
  m.cpu.state.idtr.limit = 0;
  translator.run(10);
  CHECK(m.gpr(isa::kEbx) == 5000);
  CHECK(m.cpu.state.activity == Activity::kShutdown);  // ff ff is undefined
}

TEST_CASE("profilers are told of each block, and of its end") {
  if (!Translator::supported()) return;
  FlatMachine m;
  load_loop(m);
  Translator translator(m.cpu, small_cache());
  Names names;
  translator.tell(names);
  translator.run(100'000);
  std::string all;
  for (const auto& [start, piece] : names.pieces) all += piece.second + " ";
  CHECK_THAT(all, Contains("translated_code_entry") && Contains("guest_00100005"));
  CHECK(names.forgotten == 0);
  translator.flush_code();
  translator.run(100'000);
  CHECK(names.forgotten == 1);
  CHECK(names.pieces.size() >= 2);
}

TEST_CASE("a call to the next instruction whose push misses goes there once") {
  FlatMachine m;
  // call 1f; 1: pop ebx; inc eax; jmp to itself
  m.code({0xe8, 0, 0, 0, 0, 0x5b, 0x40, 0xeb, 0xfe});
  m.gpr(isa::kEax) = 0;
  Translator translator(m.cpu, small_cache(), {.hot = 0});
  translator.run(20);
  CHECK(m.clock.retired == 20);
  CHECK(m.gpr(isa::kEax) == 1);
  CHECK(m.gpr(isa::kEbx) == FlatMachine::kCode + 5);
  CHECK(m.gpr(isa::kEsp) == FlatMachine::kStack);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 7);
}

TEST_CASE("instructions that leave for the run loop and change nothing of note are passed, with exact counts") {
  // rep stosb; sti; inc eax; cli; popf of what was pushed; inc eax; jmp to the start
  const std::initializer_list<u8> program = {0xb9, 3,    0,    0,    0,    0xbf, 0,    0,   0x20, 0,   // mov ecx, 3; mov edi
                                             0xf3, 0xaa, 0xfb, 0x40, 0x9c, 0xfa, 0x9d, 0x40, 0xeb, 0xec};
  FlatMachine whole;
  whole.code(program);
  Translator translator(whole.cpu, small_cache(), {.hot = 0});
  translator.run(1000);
  CHECK(whole.clock.retired == 1000);
  for (const u64 slice : {1u, 2u, 3u, 7u, 50u}) {
    FlatMachine sliced;
    sliced.code(program);
    while (sliced.clock.retired < 1000)
      sliced.interpreter.run(std::min<u64>(slice, 1000 - sliced.clock.retired));
    CHECK(sliced.gpr(isa::kEax) == whole.gpr(isa::kEax));
    CHECK(sliced.gpr(isa::kEcx) == whole.gpr(isa::kEcx));
    CHECK(sliced.cpu.state.eip == whole.cpu.state.eip);
    CHECK(sliced.cpu.state.eflags == whole.cpu.state.eflags);
    CHECK(sliced.cpu.state.shadow == whole.cpu.state.shadow);
  }
}

TEST_CASE("a unit that a loaded state has busy with nothing pending stays so, as interpreted") {
  if (!Translator::supported()) return;
  FlatMachine m, reference;
  for (FlatMachine* machine : {&m, &reference}) {
    machine->code({0x9b, 0xeb, 0xfd});  // again: wait; jmp again
    machine->cpu.state.fpu.status = fpu_status::kBusy;
  }
  Translator translator(m.cpu, small_cache(), {.hot = 0});
  translator.run(100);
  reference.interpreter.run(100);
  CHECK(m.cpu.state.fpu.status == reference.cpu.state.fpu.status);
  CHECK(m.clock.retired == reference.clock.retired);
}
