// A guest that edits its page tables without flushing, flushes at random, switches address spaces, writes over its own
// code and jumps about in it. What stale translations show may not depend on where slices end, nor on host addresses
// being dropped at any moment, as a checkpoint does.
#include <memory>

#include "slices.hpp"
#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

// Two address spaces map the first 2 MiB one to one, but for the pool, whose pages are mapped about.
constexpr u32 kPdpt = 0x100000, kOtherPdpt = 0x100020, kTable = 0x102000, kOtherTable = 0x104000;
constexpr u32 kPool = 0x80000, kPoolPages = 16, kPoolSize = kPoolPages * kPageSize;
constexpr u32 kCommon = 0x60000, kCounter = 0x61000;

class Assembler {
 public:
  explicit Assembler(u32 at) : at_(at) {}
  u32 here() const { return at_ + static_cast<u32>(bytes_.size()); }
  u32 size() const { return static_cast<u32>(bytes_.size()); }
  const std::vector<u8>& bytes() const { return bytes_; }
  Assembler& emit(std::initializer_list<u8> b) {
    for (const u8 x : b) bytes_.push_back(x);
    return *this;
  }
  Assembler& dword(u32 v) {
    return emit({static_cast<u8>(v), static_cast<u8>(v >> 8), static_cast<u8>(v >> 16), static_cast<u8>(v >> 24)});
  }
  Assembler& relative(u32 target) { return dword(target - here() - 4); }

 private:
  u32 at_;
  std::vector<u8> bytes_;
};

void random_instruction(Assembler& a, Random& r) {
  const u32 page = kPool + r.below(kPoolPages) * kPageSize;
  const u32 byte = kPool + r.below(kPoolSize - 4);
  switch (r.below(16)) {
    case 0: {  // mov [entry], imm: another frame, other rights
      constexpr u32 kBits[] = {3, 3, 3, 0x103, 0x63, 1, 0};
      const u32 entry = (r.below(2) ? kTable : kOtherTable) + (page >> 12) * 8;
      const u32 frame = kPool + r.below(kPoolPages) * kPageSize;
      a.emit({0xc7, 0x05}).dword(entry).dword(frame | kBits[r.below(7)]);
      break;
    }
    case 1: a.emit({0x0f, 0x01, 0x3d}).dword(page); break;                                          // invlpg
    case 2: a.emit({0xb8}).dword(r.below(2) ? kPdpt : kOtherPdpt).emit({0x0f, 0x22, 0xd8}); break;  // mov cr3,eax
    case 3: a.emit({0xb8}).dword(cr4::kPae | (r.below(2) ? cr4::kPge : 0)).emit({0x0f, 0x22, 0xe0}); break;
    case 4:
    case 5: a.emit({0xa1}).dword(byte); break;                     // mov eax,[]
    case 6: a.emit({0xa3}).dword(byte); break;                     // mov [],eax
    case 7: a.emit({0xff, 0x05}).dword(byte); break;               // inc [], perhaps across pages
    case 8: a.emit({0xe9}).relative(page); break;                  // jmp
    case 9: a.emit({0xe8}).relative(page); break;                  // call
    case 10: a.emit({0x75, static_cast<u8>(r.below(12))}); break;  // jnz
    case 11: a.emit({0xb9}).dword(r.below(9)).emit({0xbf}).dword(byte).emit({0xf3, 0xaa}); break;  // rep stosb
    case 12: a.emit({0x0f, 0x31}); break;                                                          // rdtsc
    case 13: a.emit({0xcd, 0x80}); break;
    case 14: a.emit({0xc3}); break;
    default: a.emit({0x40, 0x01, 0xd8, 0x43}); break;  // inc eax; add eax,ebx; inc ebx
  }
}

std::unique_ptr<M> make(u32 seed) {
  auto m = std::make_unique<M>();
  Random r(seed);
  for (u32 page = 0; page < kPoolPages; ++page) {
    Assembler a(kPool + page * kPageSize);
    while (a.size() < kPageSize - 32) random_instruction(a, r);
    a.emit({0xe9}).relative(kPool + r.below(kPoolPages) * kPageSize);
    REQUIRE(m->memory.write(GuestPhys{kPool + page * kPageSize}, a.bytes()));
  }
  // Every exception and interrupt goes on in the pool, in a page that a counter chooses.
  Assembler common(kCommon);
  common.emit({0xbc}).dword(M::stack_of(0)).emit({0xff, 0x05}).dword(kCounter).emit({0xa1}).dword(kCounter);
  common.emit({0x83, 0xe0, kPoolPages - 1, 0xc1, 0xe0, 12, 0x05}).dword(kPool).emit({0xff, 0xe0});
  REQUIRE(m->memory.write(GuestPhys{kCommon}, common.bytes()));
  for (u32 v = 0; v < 256; ++v) {
    Assembler a(M::handler(v));
    a.emit({0xe9}).relative(kCommon);
    REQUIRE(m->memory.write(GuestPhys{M::handler(v)}, a.bytes()));
  }
  for (const u32 table : {kTable, kOtherTable}) {
    for (u32 i = 0; i < 512; ++i) m->put(table + 8 * i, (i << 12) | 3);
  }
  m->put(kPdpt, (kPdpt + 0x1000) | 1);
  m->put(kOtherPdpt, (kPdpt + 0x3000) | 1);
  m->put(kPdpt + 0x1000, kTable | 3);
  m->put(kPdpt + 0x3000, kOtherTable | 3);
  m->cpu.state.cr3 = kPdpt;
  m->cpu.state.cr4 = cr4::kPae;
  REQUIRE(m->mmu_pdptes());
  m->cpu.state.cr0 |= cr0::kPaging | cr0::kWriteProtect;
  m->at_ring(0);
  m->cpu.state.eip = kCommon;
  return m;
}

}  // namespace

TEST_CASE("stale translations show the same whole, in slices and with host addresses dropped") {
  constexpr u64 kTicks = 20'000;
  u64 retired = 0;
  for (u32 seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    const auto whole = make(seed), sliced = make(seed), dropped = make(seed);
    Random r(seed + 1000);
    const u64 expected = outcome(*whole, kTicks, [] { return kTicks; });
    REQUIRE(outcome(*sliced, kTicks, [&] { return 1 + r.below(30); }) == expected);
    const auto drop = [&]() -> u64 {
      dropped->memory.drain_dirty([](Pfn, const u8*) {});
      return 1 + r.below(300);
    };
    REQUIRE(outcome(*dropped, kTicks, drop) == expected);
    retired += whole->clock.retired;
  }
  REQUIRE(retired > 30 * kTicks);  // some run into a shutdown; most must not
}
