// Random bytes as code: whatever they are, the emulator neither crashes nor hangs, and the result is the same wherever
// slices end.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

constexpr u64 kRam = 2 * kMiB;

// A small generator of our own: the same bytes on every host.
struct Random {
  u64 state;
  u32 next() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<u32>(state >> 33);
  }
};

constexpr u32 kIdt = 0x8000, kGdt = 0x9000, kDirectory = 0x10000, kCode = 0x100000, kCodeSize = 0x10000;

// Flat segments for CPL 0 and 3, and a gate to somewhere in the code for every vector.
void make_tables(Random& random, std::vector<u8>& bytes) {
  constexpr u64 kFlat[] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff};
  std::memcpy(&bytes[kGdt], kFlat, sizeof(kFlat));
  for (u32 n = 0; n < 256; ++n) {
    const u32 to = kCode + random.next() % kCodeSize;
    const u32 gate[2] = {0x00080000 | (to & 0xffff), (to & 0xffff0000) | 0xee00 | (random.next() & 1) << 8};
    std::memcpy(&bytes[kIdt + n * 8], gate, sizeof(gate));
  }
}

enum class Start { kReal, kFlat, kPaged };

void prepare(FlatMachine& m, Start start, u64 seed) {
  Random random{seed};
  std::vector<u8> bytes(kRam);
  for (u8& b : bytes) b = static_cast<u8>(random.next());
  // Plain and short instructions often enough that runs get somewhere.
  for (u32 n = 0; n < kRam / 8; ++n) bytes[random.next() % kRam] = static_cast<u8>(0x40 + random.next() % 32);
  if (start == Start::kPaged) {
    // One page directory: present, writable, user; entries of 4 MiB and of page tables that are random.
    for (u32 n = 0; n < 1024; ++n) {
      const u32 entry = (random.next() & 0x001ff000) | (random.next() & 0x80) | 7;
      std::memcpy(&bytes[kDirectory + n * 4], &entry, 4);
    }
    const u32 identity = 0x87;
    std::memcpy(&bytes[kDirectory], &identity, 4);
  }
  if (start != Start::kReal) make_tables(random, bytes);
  m.load(0, bytes);
  CpuState& s = m.cpu.state;
  for (u32 n = 0; n < 8; ++n) s.gpr[n] = random.next() % kRam;
  if (start == Start::kReal) {
    m.cpu.reset();
    s.segment[isa::kCs] = Segment{0x1000, 0x9b, 0x10000, 0xffff};
    s.eip = random.next() & 0xffff;
    s.gpr[isa::kEsp] = 0x8000;
  } else {
    s.eip = kCode + random.next() % kCodeSize;
    s.gpr[isa::kEsp] = FlatMachine::kStack;
    s.idtr = DescriptorTable{kIdt, 0x7ff};
    s.gdtr = DescriptorTable{kGdt, 0xff};
    if (start == Start::kPaged) {
      s.cr3 = kDirectory;
      s.cr4 = cr4::kPse;
      s.cr0 |= cr0::kPaging;
    }
  }
  m.cpu.adopt();
}

void run(FlatMachine& m, u64 total, u64 slice) {
  while (m.clock.retired < total && m.cpu.state.activity == Activity::kRunning) {
    m.interpreter.run(std::min(slice, total - m.clock.retired));
  }
}

struct Collect {
  std::vector<u8>& out;
  template <class T>
  void operator()(const char*, const T& field) {
    if constexpr (requires { field.visit_fields(*this); }) field.visit_fields(*this);
    else if constexpr (std::is_array_v<T>) for (const auto& element : field) (*this)("", element);
    else out.insert(out.end(), reinterpret_cast<const u8*>(&field), reinterpret_cast<const u8*>(&field) + sizeof(field));
  }
};

std::vector<u8> everything(FlatMachine& m) {
  std::vector<u8> all;
  m.cpu.state.visit_fields(Collect{all});
  std::vector<u8> ram(kRam);
  m.memory.read(GuestPhys{0}, ram);
  all.insert(all.end(), ram.begin(), ram.end());
  return all;
}

void check(Start start) {
  u64 retired = 0;
  for (u64 seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    constexpr u64 kTotal = 4000;
    FlatMachine whole(kRam), sliced(kRam);
    prepare(whole, start, seed);
    prepare(sliced, start, seed);
    run(whole, kTotal, kTotal);
    run(sliced, kTotal, 1 + seed % 7);
    retired += whole.clock.retired;
    CHECK(whole.clock.retired == sliced.clock.retired);
    CHECK(whole.cpu.state.eip == sliced.cpu.state.eip);
    CHECK((everything(whole) == everything(sliced)));
  }
  CHECK(retired > 60 * 1000);  // most runs get somewhere
}

}  // namespace

TEST_CASE("random code in real mode gives the same result wherever slices end") { check(Start::kReal); }
TEST_CASE("random code in flat protected mode gives the same result wherever slices end") { check(Start::kFlat); }
TEST_CASE("random code under paging gives the same result wherever slices end") { check(Start::kPaged); }
