// Images of the x87 state in memory: the four layouts of FNSTENV and FNSAVE by operand size and mode, the tag word in
// full, pointers to the last instruction and its operand; FXSAVE (SDM 1, 8.1.7 to 8.1.10 and 10.5.1); the registers as
// MMX registers (SDM 3A, 12.2).
#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kVirtual8086 = 1u << 17;  // EFLAGS

alignas(16) u8 image[512];                                    // at EDI
alignas(16) u8 numbers[32] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // at ESI: a denormal of 80 bits

u32 address(const void* p) { return reinterpret_cast<u32>(p); }
u32 word(u32 offset) { return at<u16>(address(image) + offset); }
u32 dword(u32 offset) { return at<u32>(address(image) + offset); }

// FNINIT; FLD1; FLDZ; FLD of a denormal; FSTP of it elsewhere and FLD again: R7 valid, R6 zero, R5 special. The last
// instruction with an operand is at `code` + 6.
void begin() {
  begin_code();
  append(0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xee, 0xdb, 0x2e);
}
constexpr u32 kLoadAt = 6, kTags = 0x1bff, kTop5 = 5 << 11;

Trap go_protected() {
  append(0xcd, kDone);
  State s = state_at_ring(0);
  s.eip = code_at(0);
  s.esi = address(numbers);
  s.edi = address(image);
  for (u8& b : image) b = 0xcc;
  asm volatile("" : : : "memory");
  return run(s);
}

// The same in virtual-8086 mode, whose layouts are those of real mode: segments so that offsets are below 16.
Trap go_virtual() {
  append(0xcd, kDone);
  State s = state_at_ring(3);
  s.eflags = 2 | kVirtual8086 | 3u << 12;
  s.cs = static_cast<u16>(code_at(0) >> 4), s.eip = code_at(0) & 15;
  s.ds = static_cast<u16>(address(numbers) >> 4), s.esi = address(numbers) & 15;
  s.es = static_cast<u16>(address(image) >> 4), s.edi = address(image) & 15;
  s.ss = static_cast<u16>((s.esp - 0x200) >> 4), s.esp = 0x100;
  for (u8& b : image) b = 0xcc;
  asm volatile("" : : : "memory");
  return run(s);
}

Text fields(u32 control, u32 status, u32 tags) {
  return ((Text("control ").hex(control, 4) << " status ").hex(status, 4) << " tags ").hex(tags, 4);
}
Text pointers(u32 fip, u32 fcs, u32 fop, u32 fdp, u32 fds) {
  return ((((Text("fip ").hex(fip) << " fcs ").hex(fcs, 4) << " fop ").hex(fop, 3) << " fdp ").hex(fdp) << " fds ")
      .hex(fds, 4);
}

void protected_mode() {
  // FNSTENV [edi], then all exceptions are masked (here they are): figure 8-9.
  begin();
  append(0xd9, 0x37);
  expect("protected, 32 bits", describe(go_protected()), "done");
  expect("protected, 32 bits: words", fields(word(0), word(4), word(8)), fields(0x37f, kTop5, kTags));
  expect("protected, 32 bits: pointers", pointers(dword(12), word(16), word(18) & 0x7ff, dword(20), word(24)),
         pointers(code_at(0) + kLoadAt, kCode0, 0x32e, address(numbers), kData0));
  // Figure 8-11: no opcode.
  begin();
  append(0x66, 0xd9, 0x37);
  go_protected();
  expect("protected, 16 bits: words", fields(word(0), word(2), word(4)), fields(0x37f, kTop5, kTags));
  expect("protected, 16 bits: pointers", pointers(word(6), word(8), 0, word(10), word(12)),
         pointers((code_at(0) + kLoadAt) & 0xffff, kCode0, 0, address(numbers) & 0xffff, kData0));
  expect("protected, 16 bits: nothing behind it", Text().hex(word(14), 4), "cccc");
  // FNSAVE: the registers from ST(0) on behind it, and the state as after FNINIT.
  begin();
  append(0xdd, 0x37, 0xdf, 0xe0);
  const Trap t = go_protected();
  expect("fnsave: registers", ((Text().hex(dword(28)) << " ").hex(word(28 + 18), 4) << " ").hex(word(28 + 28), 4),
         "00000001 0000 3fff");
  expect("fnsave: status behind it", Text().hex(t.at.eax & 0xffff, 4), "0000");
  begin();
  append(0xdd, 0x37, 0xd9, 0x37);
  go_protected();
  expect("fnsave: words behind it", fields(word(0), word(4), word(8)), fields(0x37f, 0, 0xffff));
  expect("fnsave: pointers behind it", pointers(dword(12), word(16), word(18) & 0x7ff, dword(20), word(24)),
         pointers(0, 0, 0, 0, 0));
}

void virtual8086() {
  const u32 code_linear = code_at(0) + kLoadAt, data_linear = address(numbers);
  // Figure 8-12: 20-bit addresses in two parts, the opcode beside the upper of the first. FNSTENV es:[di] is 26 d9 35.
  begin();
  code[6] = 0xdb, code[7] = 0x2c;  // fld tbyte [si]
  append(0x26, 0xd9, 0x35);
  expect("virtual-8086", describe(go_virtual()), "done");
  expect("real layout, 16 bits: words", fields(word(0), word(2), word(4)), fields(0x37f, kTop5, kTags));
  const auto real16 = [](u32 a) { return (a >> 4 & 0xf000) << 16 | (a & 0xffff); };
  expect("real layout, 16 bits: pointers",
         pointers((word(8) & 0xf000) << 16 | word(6), 0, word(8) & 0x7ff, (word(12) & 0xf000) << 16 | word(10), 0),
         pointers(real16(code_linear), 0, 0x32c, real16(data_linear), 0));
  // Figure 8-10: 32-bit addresses in two parts.
  begin();
  code[6] = 0xdb, code[7] = 0x2c;
  append(0x66, 0x26, 0xd9, 0x35);
  go_virtual();
  expect("real layout, 32 bits: words", fields(word(0), word(4), word(8)), fields(0x37f, kTop5, kTags));
  const auto upper = [](u32 v) { return v >> 12 & 0xffff; };
  expect("real layout, 32 bits: pointers",
         pointers(upper(dword(16)) << 16 | word(12), 0, dword(16) & 0x7ff, upper(dword(24)) << 16 | word(20), 0),
         pointers(code_linear, 0, 0x32c, data_linear, 0));
}

// Which instructions leave the pointers as they are (SDM 1, 8.1.8): those that only look after the unit.
template <class... Bytes>
void moves_pointer(const char* name, bool moves, Bytes... bytes) {
  begin();
  const u32 here = code_size;
  append(bytes...);
  append(0xd9, 0x37);
  go_protected();
  expect(Text("pointer after ") << name, Text().hex(dword(12) - code_at(0), 2),
         Text().hex(moves ? here : kLoadAt, 2));
}

void pointer() {
  moves_pointer("fld1", true, 0xd9, 0xe8);
  moves_pointer("a prefix and fld1", true, 0x2e, 0xd9, 0xe8);
  moves_pointer("fnop", true, 0xd9, 0xd0);
  moves_pointer("ffree", true, 0xdd, 0xc0);
  moves_pointer("fincstp", true, 0xd9, 0xf7);
  moves_pointer("fnstsw", false, 0xdf, 0xe0);
  moves_pointer("fnclex", false, 0xdb, 0xe2);
  moves_pointer("fwait", false, 0x9b);
  moves_pointer("fnstcw", false, 0xd9, 0x3f);
  moves_pointer("fldcw", false, 0xd9, 0x3f, 0xd9, 0x2f);
  moves_pointer("emms", false, 0x0f, 0x77);
}

void fxsave() {
  begin();
  append(0x0f, 0xae, 0x07);
  write_cr4(read_cr4() | 0x200);
  go_protected();
  // One bit a register that is not empty.
  expect("fxsave: words", fields(word(0), word(2), image[4]), fields(0x37f, kTop5, 0xe0));
  expect("fxsave: pointers", pointers(dword(8), word(12), word(6), dword(16), word(20)),
         pointers(code_at(0) + kLoadAt, kCode0, 0x32e, address(numbers), kData0));
  expect("fxsave: MXCSR and its mask", (Text().hex(dword(24)) << " ").hex(dword(28)), "00001f80 0000ffff");
  expect("fxsave: registers", ((Text().hex(dword(32)) << " ").hex(word(32 + 24), 4) << " ").hex(word(32 + 40), 4),
         "00000001 0000 3fff");
  expect("fxsave: what it leaves alone", Text().hex(dword(464)), "cccccccc");
}

void mmx() {
  // movq mm1, [esi]: TOP 0, no register empty, R1 has ones above.
  begin();
  append(0x0f, 0x6f, 0x0e, 0xdd, 0x37);
  go_protected();
  expect("movq mm: words", fields(word(0), word(4), word(8) & 0xc00c), fields(0x37f, 0, 0x0008));
  expect("movq mm: the register", (Text().hex(dword(28 + 10)) << " ").hex(word(28 + 18), 4), "00000001 ffff");
  begin();
  append(0x0f, 0x6f, 0x0e, 0x0f, 0x77, 0xd9, 0x37);
  go_protected();
  expect("emms: words", fields(word(0), word(4), word(8)), fields(0x37f, 0, 0xffff));
}

}  // namespace

void guest_main() {
  write_cr0((read_cr0() & ~0xeu) | 0x20);
  protected_mode();
  virtual8086();
  pointer();
  fxsave();
  mmx();
}
