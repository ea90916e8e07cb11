// Random bytes as code, in every mode and with random tables around them. The processor has to come through unharmed,
// and to end in the same state however its run is cut into slices: replay rests on that.
#include <memory>

#include "slices.hpp"
#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;
constexpr u64 kTicks = 4000;

enum class Kind : u32 { kReal, kRing0, kRing3, kVirtual8086, kPaged32, kPagedPae, kCount };

// The same seed makes the same guest.
std::unique_ptr<M> make(u32 seed, Kind kind) {
  auto m = std::make_unique<M>();
  Random r(seed);
  std::vector<u8> noise(0x4000);
  for (u8& b : noise) b = static_cast<u8>(r.next() >> 8);
  REQUIRE(m->memory.write(GuestPhys{M::kCode}, noise));
  REQUIRE(m->memory.write(GuestPhys{M::kHandlers}, noise));
  // A few descriptors and gates of random contents.
  for (u32 i = 0; i < 12; ++i) {
    m->put(M::kGdt + M::kFree + 8 * i, r.next());
    m->put(M::kGdt + M::kFree + 8 * i + 4, r.next() & 0x00ffffff);
    const u32 vector = r.below(256);
    m->put(M::kIdt + vector * 8, r.next());
    m->put(M::kIdt + vector * 8 + 4, r.next());
  }
  for (u32 i = 0; i < 26; ++i) m->put(M::kOtherTss + 4 * i, r.below(0x60000));
  m->cpu.state.ldtr = Segment{M::kLdtSelector, 0x82, M::kLdt, 0xff};

  if (kind == Kind::kPaged32 || kind == Kind::kPagedPae) {
    // Tables in the noise's neighbourhood: most of them sane, some not; the code's own pages always are.
    constexpr u32 kTables = 0x100000;
    const bool pae = kind == Kind::kPagedPae;
    for (u32 i = 0; i < 1024; ++i) m->put(kTables + 0x1000 + 4 * i, r.next());
    for (u32 i = 0; i < (pae ? 512u : 1024u); ++i) {
      const u32 entry = (i << 12) | (r.below(16) == 0 ? r.next() & 0xfff : 7);
      if (pae) {
        m->put(kTables + 0x2000 + 8 * i, entry);
        m->put(kTables + 0x2000 + 8 * i + 4, r.below(64) == 0 ? r.next() : 0);
      } else {
        m->put(kTables + 0x2000 + 4 * i, entry);
      }
    }
    if (pae) {
      for (u32 i = 0; i < 4; ++i) {
        m->put(kTables + 8 * i, kTables + 0x1001);
        m->put(kTables + 8 * i + 4, 0);
      }
      m->put(kTables + 0x1000, kTables + 0x2007);
      m->put(kTables + 0x1004, 0);
      m->cpu.state.cr3 = kTables;
      m->cpu.state.cr4 = cr4::kPae | cr4::kPge;
      REQUIRE(m->mmu_pdptes());
    } else {
      m->put(kTables + 0x1000, kTables + 0x2007);
      m->cpu.state.cr3 = kTables + 0x1000;
      m->cpu.state.cr4 = cr4::kPse;
    }
    m->cpu.state.cr0 |= cr0::kPaging;
  }
  for (u32& g : m->cpu.state.gpr) g = r.below(0x80000);
  if (kind == Kind::kReal) {
    m->cpu.state.cr0 &= ~cr0::kProtection;
    for (u32 i = 0; i < 6; ++i) m->cpu.state.segment[i] = Segment{};
    for (Segment& s : m->cpu.state.segment) s.limit = 0xffff;
    m->cpu.state.idtr = DescriptorTable{0, 0x3ff};
    for (u32 i = 0; i < 256; ++i) m->put(4 * i, (M::kCode >> 4 << 16) | r.below(0x4000));
    for (u32 i = 0; i < 6; ++i) load_segment_real(m->cpu, static_cast<isa::SegmentRegister>(i), M::kCode >> 4);
    m->cpu.state.eip = 0;
    m->cpu.adopt();
  } else if (kind == Kind::kVirtual8086) {
    m->at_virtual8086(3);
  } else {
    m->at_ring(kind == Kind::kRing3 ? 3 : 0);
  }
  return m;
}

}  // namespace

TEST_CASE("random code in every mode is contained and does not depend on slices") {
  for (u32 kind = 0; kind < static_cast<u32>(Kind::kCount); ++kind) {
    for (u32 seed = 1; seed <= 25; ++seed) {
      INFO("kind " << kind << " seed " << seed);
      const auto whole = make(seed, Kind{kind});
      const auto sliced = make(seed, Kind{kind});
      Random r(seed + 1000);
      const u64 expected = outcome(*whole, kTicks, [] { return kTicks; });
      const u64 got = outcome(*sliced, kTicks, [&] { return 1 + r.below(20); });
      REQUIRE(sliced->clock.retired == whole->clock.retired);
      REQUIRE(sliced->cpu.state.eip == whole->cpu.state.eip);
      REQUIRE(got == expected);
    }
  }
}
