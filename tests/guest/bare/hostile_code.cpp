// Code in places and shapes that translated code gets wrong most easily: all of it runs often enough to be translated
// and is then changed, seen from elsewhere, or gone. What runs is what is in memory when the instruction begins (SDM 3A,
// 8.1.3).
//
// paemu: -engine jit -m 128M,slots=2,maxmem=8G -object memory-backend-ram,id=more,size=128M -device pc-dimm,id=dimm1,memdev=more
// paemu: -engine verify -m 128M,slots=2,maxmem=8G -object memory-backend-ram,id=more,size=128M -device pc-dimm,id=dimm1,memdev=more
#include "paging.hpp"

using namespace bare;

namespace {

constexpr u32 kRounds = 40, kOften = 12;  // calls between two changes: more than a block needs to be translated
constexpr u32 kRet = 0xc3, kUndefinedOpcode = 6;

void put(u32 to, const u8* bytes, u32 count) {
  for (u32 i = 0; i < count; ++i) at<u8>(to + i) = bytes[i];
}
template <class... Bytes>
u32 put_code(u32 to, Bytes... bytes) {
  const u8 all[] = {static_cast<u8>(bytes)...};
  put(to, all, sizeof all);
  return to + sizeof all;
}
u32 put_dword(u32 to, u32 value) { return put_code(to, value, value >> 8, value >> 16, value >> 24); }
u32 put_mov_eax(u32 to, u32 value) { return put_dword(put_code(to, 0xb8), value); }

u32 call(u32 place, u32 eax = 0) {
  asm volatile("call *%1" : "+a"(eax) : "r"(place) : "ecx", "edx", "memory", "cc");
  return eax;
}
u32 call_often(u32 place, u32 eax = 0) {
  for (u32 n = 1; n < kOften; ++n) call(place, eax);
  return call(place, eax);
}

// One case of many rounds: the first that goes wrong is told.
class Rounds {
 public:
  explicit Rounds(const char* name) : name_(name) {}
  void check(u32 got, u32 expected) {
    ++count_;
    if (bad_ == 0 && got != expected) bad_ = count_, got_ = got, expected_ = expected;
  }
  ~Rounds() {
    if (bad_ == 0)
      expect(name_, Text() << count_ << " times", Text() << count_ << " times");
    else
      expect(name_, Text("call ") << bad_ << ": " << got_, Text() << expected_);
  }

 private:
  const char* name_;
  u32 count_ = 0, bad_ = 0, got_ = 0, expected_ = 0;
};

// MOV EAX, imm32; RET, whose immediate is INC or DEC EAX three times and RET when it is entered one byte later.
void into_the_middle() {
  constexpr u32 kAt = kFrames + 0x80, kInc = 0x40, kDec = 0x48;
  Rounds rounds("into the middle of an instruction");
  put_mov_eax(kAt, 0xc3404040);
  put_code(kAt + 5, kRet);
  for (u32 n = 0; n < kRounds; ++n) {
    const u8 changed = n % 2 ? kInc : kDec;
    at<u8>(kAt + 2) = changed;
    const u32 steps = changed == kInc ? 3 : 1;
    rounds.check(call_often(kAt), 0xc3400040u | u32{changed} << 8);
    rounds.check(call_often(kAt + 1, n), n + steps);
    rounds.check(call_often(kAt + 3, n), n + 1);
  }
}

// One frame at two linear addresses, written by a third, and by its physical address.
void aliases() {
  Rounds rounds("a page at two addresses, written by a third");
  constexpr u32 kOne = kWindow, kOther = kWindow + 0x5000, kThird = kWindow + 0x9000;
  constexpr u32 kAll[] = {kOne, kOther, kThird};
  for (const u32 linear : kAll) map_page(Paging::kPae, linear, kFrames, entry::kAll);
  put_code(put_mov_eax(kFrames + 0x10, 0), kRet);
  for (u32 n = 0; n < kRounds; ++n) {
    at<u32>((n % 2 ? kThird : kFrames) + 0x11) = n;
    rounds.check(call_often(kOne + 0x10), n);
    rounds.check(call_often(kOther + 0x10), n);
    at<u8>(kOther + 0x11) = static_cast<u8>(n + 100);
    rounds.check(call(kOne + 0x10), n + 100);
  }
}

// A caller in one page, what it jumps to in the next, which is now this frame, now that one.
void remapped() {
  Rounds rounds("a jump to a page that is mapped anew");
  constexpr u32 kCaller = kWindow + 0x1ff0, kCallee = kWindow + 0x2000;
  map_page(Paging::kPae, kCaller & ~0xfffu, kFrames + 0x1000, entry::kAll);
  put_code(kFrames + 0x1ff0, 0x40, 0xe9, 0x0a, 0, 0, 0);  // INC EAX; JMP to the next page
  for (u32 frame = 0; frame < 3; ++frame) put_code(put_code(kFrames + 0x2000 + frame * 0x1000, 0x83, 0xc0, 10 + frame), kRet);
  for (u32 n = 0; n < kRounds; ++n) {
    map_page(Paging::kPae, kCallee, kFrames + 0x2000 + n % 3 * 0x1000, entry::kAll);
    invlpg(kCallee);
    rounds.check(call_often(kCaller, n), n + 11 + n % 3);
  }
}

// MOV EAX, imm32 whose last two bytes are in a page that is mapped anew, and written.
void across_pages() {
  Rounds rounds("an instruction across pages");
  constexpr u32 kAt = kWindow + 0x3ffd, kNext = kWindow + 0x4000;
  map_page(Paging::kPae, kAt & ~0xfffu, kFrames + 0x5000, entry::kAll);
  put_code(kFrames + 0x5ffd, 0xb8, 0x11, 0x22);
  put_code(kFrames + 0x6000, 0, 0, kRet);
  put_code(kFrames + 0x8000, 0, 0, kRet);
  for (u32 n = 0; n < kRounds; ++n) {
    const u32 frame = kFrames + (n % 2 ? 0x6000 : 0x8000);
    map_page(Paging::kPae, kNext, frame, entry::kAll);
    invlpg(kNext);
    at<u16>(frame) = static_cast<u16>(n);
    rounds.check(call_often(kAt), n << 16 | 0x2211);
    at<u8>(kFrames + 0x5ffe) = static_cast<u8>(n);
    rounds.check(call_often(kAt), n << 16 | 0x2200 | n);
    at<u8>(kFrames + 0x5ffe) = 0x11;
  }
}

// CALL; ADD EAX, imm8; RET, whose immediate is what the callee was given and is seen when it comes back.
void changed_behind_a_call() {
  Rounds rounds("what a return comes back to is written");
  constexpr u32 kCaller = kFrames + 0xa000, kCallee = kFrames + 0xb000, kImmediate = kCaller + 7;
  put_code(kCaller, 0xe8, 0xfb, 0x0f, 0, 0, 0x83, 0xc0, 0, kRet);
  // CMP AL, [immediate]; JE to RET; MOV [immediate], AL; RET
  const u32 branch = put_dword(put_code(kCallee, 0x3a, 0x05), kImmediate);
  put_code(put_dword(put_code(branch, 0x74, 5, 0xa2), kImmediate), kRet);
  for (u32 n = 0; n < kRounds; ++n) {
    rounds.check(call(kCaller, n), n + n);
    rounds.check(call_often(kCaller, n), n + n);
  }
}

// CALL; MOV EAX, imm32; RET in a page that the callee maps elsewhere: to the frame whose entry it was given.
void mapped_anew_behind_a_call() {
  Rounds rounds("a return to a page that is mapped anew");
  constexpr u32 kCaller = kWindow + 0xc000, kCallee = kFrames + 0xf000;
  const u32 table = table_entry(Paging::kPae, kCaller).address;
  for (u32 frame = kFrames + 0xc000; frame < kFrames + 0xf000; frame += 0x1000) {
    const u32 behind = put_dword(put_code(frame, 0xe8), kCallee - (kCaller + 5));
    put_code(put_mov_eax(behind, frame), kRet);
  }
  // MOV [table], EAX; INVLPG [caller]; RET
  const u32 flush = put_dword(put_code(kCallee, 0xa3), table);
  put_code(put_dword(put_code(flush, 0x0f, 0x01, 0x3d), kCaller), kRet);
  map_page(Paging::kPae, kCaller, kFrames + 0xc000, entry::kAll);
  for (u32 n = 0; n < kRounds; ++n) {
    const u32 frame = kFrames + 0xc000 + n % 3 * 0x1000;
    rounds.check(call(kCaller, frame | entry::kAll), frame);
    rounds.check(call_often(kCaller, frame | entry::kAll), frame);
  }
}

// The same bytes as 32-bit and as 16-bit code: MOV EAX, 30cd1234h; INT 30h, or MOV AX, 1234h; INT 30h.
void two_sizes() {
  Rounds rounds("the same bytes as 16-bit and 32-bit code");
  constexpr u32 kAt = 0x8000;
  put_code(kAt, 0xb8, 0x34, 0x12, 0xcd, 0x30, 0xcd, 0x30);
  for (u32 n = 0; n < kRounds; ++n) {
    at<u8>(kAt + 1) = static_cast<u8>(n);
    for (u32 turn = 0; turn < kOften; ++turn) {
      State s = state_at_ring(0);
      s.eip = kAt;
      rounds.check(run(s).at.eax, 0x30cd1200 | n);
      s.cs = kCode16;
      s.eax = 0xabcd0000;
      rounds.check(run(s).at.eax, 0xabcd1200 | n);
    }
  }
}

// A loop in 16-bit code that writes its own immediate: MOV BYTE [8006h], CL; ADD AX, imm8; LOOP; INT 30h.
void loop_of_16_bits() {
  Rounds rounds("a 16-bit loop that writes itself");
  constexpr u32 kAt = 0x8000;
  put_code(kAt, 0x88, 0x0e, 0x06, 0x80, 0x83, 0xc0, 0, 0xe2, 0xf7, 0xcd, 0x30);
  State s = state_at_ring(0);
  s.cs = kCode16;
  s.eip = kAt, s.ecx = 50, s.ds = kData16;
  rounds.check(run(s).at.eax & 0xffff, 50 * 51 / 2);
}

// In the firmware's ROM at the end of the address space: writes change nothing.
asm("rom_code: movl $0x1f2e3d4c, %eax; ret");
extern "C" const u8 rom_code[];
u32 find_in_rom() {
  for (u32 place = 0xfffe0000; place < 0xfffffff0; ++place) {
    u32 n = 0;
    while (n < 6 && at<u8>(place + n) == rom_code[n]) ++n;
    if (n == 6) return place;
  }
  return 0;
}
void rom() {
  Rounds rounds("code in ROM, written in vain");
  const u32 place = find_in_rom();
  for (u32 n = 0; n < kRounds; ++n) {
    rounds.check(call_often(place), 0x1f2e3d4c);
    at<u32>(place + 1) = n;
  }
}

// --- The display's memory, where PCI shows it.
void out32(u16 port, u32 v) { asm volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }
u32 in32(u16 port) {
  u32 v;
  asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
constexpr u32 kFrameBuffer = 0xe0000000;
void show_frame_buffer(u32 where) {
  constexpr u32 kDisplay = 0x0300;  // class
  for (u32 device = 0; device < 32; ++device) {
    const u32 function = 0x80000000 | device << 11;
    out32(0xcf8, function | 8);
    if (in32(0xcfc) >> 16 != kDisplay) continue;
    out32(0xcf8, function | 0x10);
    out32(0xcfc, where);
    out32(0xcf8, function | 4);
    out32(0xcfc, in32(0xcfc) | 2);  // memory space
  }
}
void frame_buffer() {
  Rounds rounds("code in the frame buffer");
  show_frame_buffer(kFrameBuffer);
  for (u32 n = 0; n < kRounds; ++n) {
    put_code(put_mov_eax(kFrameBuffer + n % 4 * 0x1000, n), kRet);
    rounds.check(call_often(kFrameBuffer + n % 4 * 0x1000), n);
  }
  for (u32 n = 0; n < kRounds; ++n) {  // which goes elsewhere, and comes back
    const u32 where = kFrameBuffer + n % 2 * 0x8000000;
    show_frame_buffer(where);
    at<u32>(where + 1) = n;
    rounds.check(call_often(where), n);
  }
}

// --- The ends of memory.

// INC EAX, then MOV EAX, imm32 at the end of RAM: nobody answers beyond it, which reads as ones; FF FF is undefined.
void end_of_ram() {
  Rounds rounds("an instruction that hangs over the end of RAM");
  constexpr u32 kEnd = 128u << 20;
  put_code(kEnd - 4, 0x40, 0xb8, 0x34, 0x12);
  for (u32 n = 0; n < kRounds; ++n) {
    State s = state_at_ring(0);
    s.eip = kEnd - 4;
    const Trap t = run(s);
    rounds.check(t.at.eax, 0xffff1234);
    rounds.check(t.vector, kUndefinedOpcode);
    rounds.check(t.at.eip, kEnd + 2);
  }
}

// Code in a DIMM above 4 GiB that ejects it, by the registers of ACPI's memory hotplug: what comes next is not there.
constexpr u16 kSlot = 0xa00, kControl = 0xa14;
constexpr u32 kDimm = kWindow + 0x10000;
void map_dimm() {
  table_entry(Paging::kPae, kDimm).write((u64{1} << 32) | entry::kAll);
  invlpg(kDimm);
}
void ejected() {
  map_dimm();
  out32(kSlot, 0);
  // 0: ADD EAX, 3; RET. 16: LOOP of INC EAX; then OUT of "eject", INC EAX, RET.
  put_code(kDimm, 0x83, 0xc0, 3, kRet);
  put_code(kDimm + 16, 0x40, 0xe2, 0xfd, 0x66, 0xba, kControl & 0xff, kControl >> 8, 0xb0, 8, 0xee, 0x40, kRet);
  {
    Rounds rounds("code in a DIMM above 4 GiB");
    for (u32 n = 0; n < kRounds; ++n) {
      at<u8>(kDimm + 2) = static_cast<u8>(n);
      rounds.check(call_often(kDimm, 5), 5 + n);
    }
  }
  State s = state_at_ring(0);
  s.eip = kDimm + 16, s.ecx = 100;
  const Trap t = run(s);
  expect("it ejects itself", Text() << t.vector << " after " << t.at.eip - s.eip, "6 after 10");
  s.eip = kDimm;
  expect("code that was called often is gone", describe(run(s)), fault("#UD"));
}

}  // namespace

void guest_main() {
  start_paging(Paging::kPae);
  into_the_middle();
  aliases();
  remapped();
  across_pages();
  changed_behind_a_call();
  mapped_anew_behind_a_call();
  ejected();
  stop_paging();
  two_sizes();
  loop_of_16_bits();
  rom();
  frame_buffer();
  end_of_ram();
}
