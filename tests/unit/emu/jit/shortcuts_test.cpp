// A kernel's ways in and out, with shortcuts and without. A guest jumps about between pieces of system code, of which
// many are refused or fault; whatever it does, the translator leaves what the interpreter leaves.
#include "jit/shortcuts.hpp"

#include <memory>

#include "../cpu/slices.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

// Where the guest keeps what it jumps by; its stack for what is not a handler.
constexpr u32 kSeed = 0x70000, kCount = 0x70004, kScratch = 0x70010, kPieceTable = 0x71000, kPieces = 0x72000;
constexpr u32 kPieceSize = 61 /* some lie across pages */, kPieceCount = 64, kStack = 0x58008;  // frames lie across pages
constexpr u32 kPdpt = 0x100000, kOtherPdpt = 0x100020, kDirectory = 0x101000, kTable = 0x102000;
constexpr u8 kTimer = 0x20, kCall = 0x80;

class Code {
 public:
  Code& emit(std::initializer_list<u8> bytes) {
    for (const u8 byte : bytes) bytes_.push_back(byte);
    return *this;
  }
  Code& dword(u32 v) {
    for (u32 n = 0; n < 4; ++n) bytes_.push_back(static_cast<u8>(v >> 8 * n));
    return *this;
  }
  Code& jump(u32 at, u32 target) { return emit({0xe9}).dword(target - (at + static_cast<u32>(bytes_.size()) + 4)); }
  void put(M& m, u32 at) const { REQUIRE(m.memory.write(GuestPhys{at}, bytes_)); }
  usize size() const { return bytes_.size(); }

 private:
  std::vector<u8> bytes_;
};

// SYSEXIT's segments follow SYSENTER's in the table (SDM 3A, 5.8.7).
void make_sysexit_segments(M& m) {
  m.descriptor(M::code_of(0) + 16, 0, 0xfffff, access::kCode | 1, 3);
  m.descriptor(M::code_of(0) + 24, 0, 0xfffff, access::kData | 1, 3);
}

u16 any_selector(Random& r) {
  const u32 ring = r.below(4);
  switch (r.below(8)) {
    case 0: return 0;
    case 1: return static_cast<u16>(r.below(4));                           // NULL
    case 2: return static_cast<u16>(M::kFree + 8 * r.below(6) + r.below(4));  // of any kind
    case 3: return M::code_of(ring);
    default: return M::data_of(r.below(2) ? 3 : ring);
  }
}

// EFLAGS to be popped: mostly what compiled kernels have.
u32 any_flags(Random& r) {
  u32 flags = r.next() & (eflag::kArithmetic | eflag::kInterrupt | eflag::kDirection);
  if (r.below(8) == 0) flags |= eflag::kResume;
  if (r.below(16) == 0) flags |= r.next() & (eflag::kNestedTask | eflag::kIopl | eflag::kAlignmentCheck | eflag::kId);
  if (r.below(32) == 0) flags |= eflag::kTrap;
  return flags;
}

void piece(Code& c, Random& r) {
  const u8 segments[] = {isa::kEs, isa::kDs, isa::kFs, isa::kGs, isa::kFs, isa::kGs, isa::kSs};
  const u8 segment = segments[r.below(7)];
  switch (r.below(18)) {
    case 0:
    case 1: c.emit({0xcd, kCall}); break;
    case 2: c.emit({0xcd, static_cast<u8>(r.below(256))}); break;
    case 3:
    case 4: {  // IRET to the other side
      const u32 ring = r.below(8) == 0 ? r.below(4) : r.below(2) * 3;
      if (ring == 3) c.emit({0xb8}).dword(M::data_of(3)).emit({0x8e, 0xd8, 0x8e, 0xc0});  // DS and ES may be kept
      const u32 ss = r.below(8) == 0 ? any_selector(r) : M::data_of(ring) - (r.below(16) == 0 ? r.below(ring + 1) : 0);
      c.emit({0x68}).dword(ss).emit({0x68}).dword(kStack);
      c.emit({0x68}).dword(any_flags(r));
      c.emit({0x68}).dword(M::code_of(ring)).emit({0x68}).dword(M::kCode).emit({0xcf});
      break;
    }
    case 5:
    case 6: c.emit({0xb8}).dword(any_selector(r)).emit({0x8e, static_cast<u8>(0xc0 | segment << 3)}); break;
    case 7:
      c.emit({0x68}).dword(any_selector(r));
      if (segment < isa::kFs)
        c.emit({static_cast<u8>(segment << 3 | 7)});
      else
        c.emit({0x0f, static_cast<u8>(segment == isa::kFs ? 0xa1 : 0xa9)});
      break;
    case 8: c.emit({0x68}).dword(any_flags(r)).emit({0x9d, 0x9c, 0x8f, 0x05}).dword(kScratch); break;  // POPF, PUSHF
    case 9: c.emit({0xfb, 0x40, 0xfa}); break;                                                         // STI, INC, CLI
    case 10: c.emit({0xfb}); break;
    case 11:  // ADD, VERW, PUSHF
      c.emit({0x05}).dword(r.next()).emit({0xb9}).dword(any_selector(r)).emit({0x0f, 0x00, 0xe9, 0x9c, 0x8f, 0x05});
      c.dword(kScratch + 4);
      break;
    case 12: c.emit({0x0f, 0x20, static_cast<u8>(0xc0 | (r.below(4) + r.below(2)) << 3), 0xa3}).dword(kScratch + 8); break;
    case 13: c.emit({0xb8}).dword(r.below(2) ? kPdpt : kOtherPdpt).emit({0x0f, 0x22, 0xd8}); break;
    case 14: c.emit({0x0f, 0x01, 0x3d}).dword(r.below(2) ? kScratch : M::kGdt); break;  // INVLPG
    case 15: c.emit({0x0f, 0x34}); break;                                               // SYSENTER
    case 16: c.emit({0xb9}).dword(kStack).emit({0xba}).dword(M::kCode).emit({0x0f, 0x35}); break;  // SYSEXIT
    default: {  // a descriptor becomes another: not accessed, not present, read-only
      const u8 kinds[] = {access::kData, access::kData | 1, access::kReadOnly | 1, access::kNotPresentData};
      const bool own = r.below(2);
      const u32 ring = r.below(2) * 3;
      const u32 at = M::kGdt + (own ? M::kFree + 8 * r.below(6) : (M::data_of(ring) & 0xf8)) + 5;
      const u8 kind = own ? kinds[r.below(4)] : static_cast<u8>(access::kData | r.below(2));
      c.emit({0xc6, 0x05}).dword(at).emit({static_cast<u8>(kind | ring << 5), 0x0f, 0x06});  // and CLTS
    }
  }
}

// The same seed makes the same guest.
std::unique_ptr<M> make(u32 seed) {
  auto m = std::make_unique<M>();
  Random r(seed);
  for (u32 n = 0; n < 6; ++n)
    m->descriptor(static_cast<u16>(M::kFree + 8 * n), r.below(2) * 0x5000, 0xfffff, access::kData | r.below(2), r.below(2) * 3);
  // At kCode: the next piece by a pseudo-random number, on a stack that does not drift.
  Code next;
  next.emit({0xbc}).dword(kStack).emit({0x69, 0x15}).dword(kSeed).dword(1103515245);
  next.emit({0x81, 0xc2}).dword(12345).emit({0x89, 0x15}).dword(kSeed).emit({0xc1, 0xea, 0x10, 0x83, 0xe2, kPieceCount - 1});
  next.emit({0xff, 0x24, 0x95}).dword(kPieceTable).put(*m, M::kCode);
  m->put(kSeed, seed);
  if (r.below(2)) make_sysexit_segments(*m);
  if (r.below(2)) m->put(M::kTss + 4, M::stack_of(0) + 8);
  for (u32 n = 0; n < kPieceCount; ++n) {
    const u32 at = kPieces + n * kPieceSize;
    Code c;
    do piece(c, r);
    while (c.size() < 20 && r.below(2));
    c.jump(at, M::kCode).put(*m, at);
    m->put(kPieceTable + 4 * n, at);
  }
  // Handlers make DS and ES flat again and go on; those of calls and of the timer return.
  for (u32 v = 0; v < 256; ++v) {
    Code c;
    if (v == kCall || v == kTimer)
      c.emit({0xff, 0x05}).dword(kCount).emit({0xcf});
    else
      c.emit({0xb8}).dword(M::data_of(0)).emit({0x8e, 0xd8, 0x8e, 0xc0}).jump(M::handler(v), M::kCode);
    c.put(*m, M::handler(v));
  }
  m->gate(kCall, r.below(2) ? access::kInterruptGate : access::kTrapGate, M::code_of(0), M::handler(kCall), 3);
  CpuState& s = m->cpu.state;
  s.sysenter_cs = r.below(8) == 0 ? 0 : M::code_of(0);
  s.sysenter_esp = kStack;
  s.sysenter_eip = M::kCode;
  m->interrupts.vector = kTimer;
  if (r.below(2)) {
    for (u32 n = 0; n < 512; ++n) m->put(kTable + 8 * n, n << 12 | 7 | (r.below(2) ? 0x100 : 0));
    m->put(kDirectory, kTable | 7);
    for (const u32 pdpt : {kPdpt, kOtherPdpt}) m->put(pdpt, kDirectory | 1);
    s.cr3 = kPdpt;
    s.cr4 = cr4::kPae | cr4::kPge;
    REQUIRE(m->mmu_pdptes());
    s.cr0 |= cr0::kPaging | cr0::kWriteProtect;
  }
  m->cpu.adopt();
  return m;
}

u64 state_of(M& m) {
  Hasher h;
  m.cpu.state.visit_fields(h);
  h.bytes(&m.clock.retired, sizeof m.clock.retired);
  return h.hash;
}

std::vector<u8> memory_of(M& m) {
  std::vector<u8> ram(kTable + kPageSize);
  REQUIRE(m.memory.read(GuestPhys{0}, ram));
  return ram;
}

// How often translated code called the handler of instructions with this mnemonic.
u64 handler_calls(const Translator& t, std::string_view mnemonic) {
  const TranslatorInfo info = info_of(t);
  u64 calls = 0;
  for (const HandlerCalls& h : info.handler_calls)
    if (h.row.starts_with(std::string(mnemonic) + " ")) calls += h.calls;
  return calls;
}

}  // namespace

TEST_CASE("system code at random leaves the same with shortcuts as interpreted") {
  if (!Translator::supported()) return;
  constexpr u32 kGuests = 120, kChunks = 24;
  for (u32 seed = 1; seed <= kGuests; ++seed) {
    const auto a = make(seed), b = make(seed);
    const auto translator = translator_of(*b, seed % 2 == 0 ? 0 : 2);
    Random r(seed + 1000);
    for (u32 chunk = 0; chunk < kChunks; ++chunk) {
      const u64 end = a->clock.retired + 300 + r.below(600);
      a->interpreter.run(end - a->clock.retired);
      while (b->clock.retired < end && b->cpu.state.activity == Activity::kRunning)
        translator->run(std::min<u64>(end - b->clock.retired, 1 + r.below(500)));
      INFO("guest " << seed << " at " << end << ", EIP " << std::hex << a->cpu.state.eip << " and " << b->cpu.state.eip);
      REQUIRE(state_of(*a) == state_of(*b));
      REQUIRE((memory_of(*a) == memory_of(*b)));
      REQUIRE(a->cpu.mmu.counters.walks == b->cpu.mmu.counters.walks);
      a->interrupts.pending = b->interrupts.pending = r.below(4) != 0;
      a->cpu.state.nmi_blocked = b->cpu.state.nmi_blocked = r.below(2) != 0;
      if (a->cpu.state.activity != Activity::kRunning) break;
    }
  }
}

TEST_CASE("a program's calls and their returns leave translated code for no handler") {
  if (!Translator::supported()) return;
  M m;
  // Ring 3: INT 80h; MOV ECX, ESP; MOV EDX, next; SYSENTER; next: JMP to the start
  m.code({0xcd, 0x80, 0x89, 0xe1, 0xba, 0x0b, 0, 1, 0, 0x0f, 0x34, 0xeb, 0xf3});
  // PUSH FS; PUSH 0; POP FS; POP FS; PUSHF; CLI; POPF; IRET
  m.code({0x0f, 0xa0, 0x6a, 0, 0x0f, 0xa1, 0x0f, 0xa1, 0x9c, 0xfa, 0x9d, 0xcf}, M::handler(kCall));
  // MOV EAX, CR0; STI; SYSEXIT
  m.code({0x0f, 0x20, 0xc0, 0xfb, 0x0f, 0x35}, M::handler(0));
  for (const u32 ring : {0u, 3u}) {
    m.descriptor(M::code_of(ring), 0, 0xfffff, access::kCode | 1, ring);
    m.descriptor(M::data_of(ring), 0, 0xfffff, access::kData | 1, ring);
  }
  make_sysexit_segments(m);
  CpuState& s = m.cpu.state;
  s.sysenter_cs = M::code_of(0);
  s.sysenter_esp = M::stack_of(0);
  s.sysenter_eip = M::handler(0);
  s.eflags |= eflag::kInterrupt;
  m.at_ring(3);
  const auto translator = translator_of(m);
  translator->run(100'000);
  CHECK(m.cpu.state.activity == Activity::kRunning);
  for (const char* row : {"int", "iret", "sysenter", "sysexit", "pop", "popf", "sti", "cli", "mov"})
    CHECK(handler_calls(*translator, row) < 100);
  const TranslatorInfo info = info_of(*translator);
  CHECK(info.exits.attention + info.exits.faults + info.exits.other < 100);
}
