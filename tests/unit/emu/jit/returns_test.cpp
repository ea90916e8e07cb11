// Calls and returns that are not what a ReturnStack expects: programs at random that call, return to elsewhere, drop
// return addresses, change stacks, write code, map other pages under pending calls. Interpreted and translated they
// have to do the same.
#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

// Linear memory is physical memory, but for the window: its pages lie in any of the frames of code.
constexpr u32 kDirectory = 0x1000, kFirstTable = 0x2000;
constexpr u32 kWindow = 0x400000, kPages = 4, kFrames = 0x600000, kFrameCount = 8;
constexpr u32 kRoutineSize = 256, kRoutines = kPageSize / kRoutineSize;
constexpr u32 kOtherStack = 0x3f0000, kFirstStack = 0x3e0000, kStackPointer = 0x10000;  // where ESP is exchanged with
constexpr u32 kGdt = 0x20000, kIdt = 0x21000, kVectors = 20;
constexpr u32 kPresentAndWritable = 3;
constexpr u32 kStackSize = 0x8000;

class Dice {
 public:
  explicit Dice(u32 seed) : state_(seed * 2654435761u + 1) {}
  u32 below(u32 n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ / 7 % n;
  }

 private:
  u32 state_;
};

// One routine of a frame, as the bytes of one of its ways through.
class Routine {
 public:
  Routine(Dice& dice, u32 strange) : dice_(dice), strange_(strange) {
    // Not deeper than EBP has room for: dec ebp; js end
    put({0x4d, 0x78, 0});
    const u32 things = 2 + dice_.below(5);
    for (u32 n = 0; n < things && bytes_.size() < 150; ++n) thing();
    bytes_[2] = static_cast<u8>(bytes_.size() - 3);
    put({0x45});  // inc ebp
    if (dice_.below(2 * strange_) == 0)
      put({0xc2, static_cast<u8>(4 * dice_.below(3)), 0});  // ret n
    else
      put({0xc3});
  }
  const std::vector<u8>& bytes() const { return bytes_; }

 private:
  void put(std::initializer_list<u8> bytes) {
    for (const u8 b : bytes) bytes_.push_back(b);
  }
  void put32(u32 v) {
    for (u32 n = 0; n < 4; ++n) bytes_.push_back(static_cast<u8>(v >> (8 * n)));
  }
  u32 any_routine() { return kWindow + dice_.below(kPages * kRoutines) * kRoutineSize; }
  void call() {
    put({0xba});  // mov edx, routine; call edx
    put32(any_routine());
    put({0xff, 0xd2});
  }

  // Once in a while the next `size` bytes: test eax, mask; jnz beyond. What is run for long gets linked and predicted.
  void seldom(u8 size) { put({0xa9, 0, 0x3f, 0, 0, 0x75, size}); }

  void thing() {
    put({0x05});  // add eax, number
    put32(dice_.below(~0u));
    switch (dice_.below(strange_) == 0 ? dice_.below(13) : ~0u) {
      case 0: put({0xe8, 0, 0, 0, 0, 0x5a, 0x01, 0xd0}); break;  // call the next; pop edx; add eax, edx
      case 1:                                                    // push routine; ret
        put({0x68});
        put32(any_routine());
        put({0xc3});
        break;
      case 2:  // push routine; push the next; ret: not called, but to be returned to
        put({0x68});
        put32(any_routine());
        put({0xe8, 1, 0, 0, 0, 0xc3, 0x83, 0xc4, 4});
        break;
      case 3: put({0x83, 0xc4, 4}); break;  // add esp, 4
      case 4: put({0x50}); break;           // push eax
      case 5:                               // xchg esp, [kStackPointer]
        put({0x87, 0x25});
        put32(kStackPointer);
        break;
      case 6:  // mov dword [esp], routine
        put({0xc7, 0x04, 0x24});
        put32(any_routine());
        break;
      case 7:  // add byte [a routine's first number], 1
        seldom(7);
        put({0x80, 0x05});
        put32(any_routine() + 4);
        put({1});
        break;
      case 8:  // the same of a frame that may be mapped anywhere
        seldom(7);
        put({0x80, 0x05});
        put32(kFrames + dice_.below(kFrameCount) * kPageSize + dice_.below(kRoutines) * kRoutineSize + 4);
        put({1});
        break;
      case 9: {  // mov dword [a page's entry], another frame; invlpg
        const u32 page = dice_.below(kPages), how = dice_.below(6);
        seldom(how == 0 ? 10 : how == 1 ? 16 : 17);
        put({0xc7, 0x05});
        put32(kFirstTable + kPageSize + page * 4);
        put32((kFrames + dice_.below(kFrameCount) * kPageSize) | kPresentAndWritable);
        if (how == 1) put({0x0f, 0x20, 0xda, 0x0f, 0x22, 0xda});  // mov edx, cr3; mov cr3, edx
        if (how < 2) break;
        put({0x0f, 0x01, 0x3d});
        put32(kWindow + page * kPageSize);
        break;
      }
      case 10: put({0xa8, 1, 0x74, 1, 0xc3}); break;  // test al, 1; jz beyond; ret
      case 11: put({0xfb}); break;                    // sti
      case 12: put({0x9c, 0x9d}); break;              // pushf; popf
      default:
        if (dice_.below(3) != 0) call();
    }
  }

  Dice& dice_;
  const u32 strange_;  // one thing of so many is not a plain call
  std::vector<u8> bytes_;
};

// A call that is direct where it can be is made of `mov edx, X; call edx` when it lies at its place.
void make_direct(std::vector<u8>& frame, u32 page, Dice& dice) {
  for (u32 n = 0; n + 7 <= frame.size(); ++n) {
    if (frame[n] != 0xba || frame[n + 5] != 0xff || frame[n + 6] != 0xd2 || dice.below(4) == 0) continue;
    u32 target;
    std::memcpy(&target, &frame[n + 1], 4);
    const u32 distance = target - (kWindow + page * kPageSize + n + 7);
    frame[n] = 0x42, frame[n + 1] = 0x4a;  // inc edx; dec edx
    frame[n + 2] = 0xe8;
    std::memcpy(&frame[n + 3], &distance, 4);
  }
}

struct Program {
  std::vector<std::vector<u8>> frames;
  explicit Program(u32 seed) {
    Dice dice(seed);
    const u32 strange = 2u << dice.below(5);
    for (u32 f = 0; f < kFrameCount; ++f) {
      std::vector<u8> frame(kPageSize, 0xc3);
      for (u32 n = 0; n < kRoutines; ++n) {
        const Routine r(dice, strange);
        std::memcpy(frame.data() + n * kRoutineSize, r.bytes().data(), std::min<usize>(r.bytes().size(), kRoutineSize));
      }
      make_direct(frame, f % kPages, dice);
      frames.push_back(frame);
    }
  }

  void load(FlatMachine& m) const {
    const auto entry = [&](u32 at, u32 value) {
      std::array<u8, 4> bytes;
      std::memcpy(bytes.data(), &value, 4);
      m.load(at, bytes);
    };
    // What is not needed is not there: whatever goes astray faults soon.
    for (u32 table = 0; table < 2; ++table)
      entry(kDirectory + table * 4, (kFirstTable + table * kPageSize) | kPresentAndWritable);
    const auto map = [&](u32 linear, u32 pages) {
      for (u32 n = 0; n < pages; ++n, linear += kPageSize)
        entry(kFirstTable + (linear >> kPageShift) * 4, linear | kPresentAndWritable);
    };
    map(kFirstTable, 2), map(kStackPointer, 1), map(kGdt, 1), map(kIdt, 1), map(FlatMachine::kCode, 1);
    map(kFirstStack - kStackSize, 2 * kStackSize >> kPageShift),
        map(kOtherStack - kStackSize, 2 * kStackSize >> kPageShift);
    map(kFrames, kFrameCount);
    for (u32 page = 0; page < kPages; ++page)
      entry(kFirstTable + kPageSize + page * 4, (kFrames + page * kPageSize) | kPresentAndWritable);
    for (u32 f = 0; f < kFrameCount; ++f) m.load(kFrames + f * kPageSize, frames[f]);
    entry(kStackPointer, kOtherStack);
    // Whatever faults goes on at the start. A flat code and a data segment; interrupt gates (SDM 3A, 3.4.5 and 6.11).
    entry(kGdt + 8, 0x0000ffff), entry(kGdt + 12, 0x00cf9b00);
    entry(kGdt + 16, 0x0000ffff), entry(kGdt + 20, 0x00cf9300);
    for (u32 vector = 0; vector < kVectors; ++vector) {
      entry(kIdt + vector * 8, 8 << 16 | (FlatMachine::kCode & 0xffff));
      entry(kIdt + vector * 8 + 4, (FlatMachine::kCode & 0xffff0000) | 0x8e00);
    }
    // again: mov esp, kFirstStack; mov ebp, 12; mov ecx, kWindow; call ecx; call kWindow; jmp again
    m.code({0xbc, 0,    0, 0x3e, 0,    0xbd, 12,   0,    0,    0, 0xb9, 0,
            0,    0x40, 0, 0xff, 0xd1, 0xe8, 0xea, 0xff, 0x2f, 0, 0xeb, 0xe8});
    CpuState& s = m.cpu.state;
    s.gdtr = {kGdt, 0x17};
    s.idtr = {kIdt, kVectors * 8 - 1};
    s.cr3 = kDirectory;
    s.cr0 |= cr0::kPaging;
    s.gpr[isa::kEsp] = kFirstStack;
    m.cpu.adopt();
  }
};

bool same(FlatMachine& a, FlatMachine& b) {
  return std::ranges::equal(a.cpu.state.gpr, b.cpu.state.gpr) && a.cpu.state.eip == b.cpu.state.eip &&
         a.cpu.state.eflags == b.cpu.state.eflags && a.cpu.state.cr2 == b.cpu.state.cr2 &&
         a.clock.retired == b.clock.retired && a.cpu.state.activity == b.cpu.state.activity;
}

bool same_memory(const FlatMachine& a, const FlatMachine& b, u32 begin, u32 size) {
  std::vector<u8> of_a(size), of_b(size);
  a.memory.read(GuestPhys{begin}, of_a);
  b.memory.read(GuestPhys{begin}, of_b);
  return of_a == of_b;
}

}  // namespace

TEST_CASE("programs at random that return to elsewhere run as interpreted") {
  if (!Translator::supported()) return;
  constexpr u32 kPrograms = 50, kSlices = 40;
  u64 instructions = 0;
  for (u32 seed = 1; seed <= kPrograms; ++seed) {
    const Program program(seed);
    FlatMachine interpreted, translated;
    program.load(interpreted);
    program.load(translated);
    const TranslatorTuning tuning{.hot = static_cast<u8>(seed % 2 * 2), .path_after = seed % 3 == 0 ? 2u : 0u};
    Translator translator(translated.cpu, cache_of(4 * kMiB), tuning);
    Dice dice(seed);
    for (u32 slice = 0; slice < kSlices; ++slice) {
      const u32 ticks = 1 + dice.below(20000);
      interpreted.interpreter.run(ticks);
      translator.run(ticks);
      INFO("program " << seed << ", slice " << slice << ", instruction " << interpreted.clock.retired);
      REQUIRE(same(interpreted, translated));
      REQUIRE(same_memory(interpreted, translated, kFirstStack - 0x8000, 0x8000));
      if (interpreted.cpu.state.activity != Activity::kRunning) break;
    }
    REQUIRE(same_memory(interpreted, translated, 0, 16 * kMiB));
    instructions += interpreted.clock.retired;
  }
  CHECK(instructions > 10'000'000);
}
