// x87 exceptions: what the status word says, which instructions report them, and the two ways in which they do: #MF
// with CR0.NE set, else FERR#, IRQ 13 and IGNNE# (SDM 1, 8.5 to 8.7 and appendix D; 3A, 2.5).
#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kNumericError = 1u << 5, kTaskSwitched = 1u << 3;  // CR0
constexpr u32 kInterrupts = 1u << 9;                             // EFLAGS
constexpr u8 kTimerVector = 0x50, kErrorVector = 0x5d;           // IRQ 0 and 13, by set_up_interrupts()

// What code finds at ESI.
struct alignas(16) Data {
  u16 control = 0;                              // +0
  u32 denormal = 1, three = 0x40400000;         // +4, +8
  u32 result = 0x11111111;                      // +12
  u64 huge = 0x7e37e43c8800759c;                // +16: 1e300
  u64 small = 0x01a56e1fc2f8f359;               // +24: 1e-300
  u64 quiet[2] = {0xc000000000000000, 0x7fff};  // +32
} data;

constexpr u16 kAllMasked = 0x37f;
enum Exception : u16 { kInvalid = 1, kDenormal = 2, kZeroDivide = 4, kOverflow = 8, kUnderflow = 16, kPrecision = 32 };

// FNINIT; FLDCW with one exception unmasked.
void begin(u16 unmasked) {
  data = Data{};
  data.control = static_cast<u16>(kAllMasked & ~unmasked);
  begin_code();
  append(0xdb, 0xe3, 0xd9, 0x2e);
}

Trap go(u32 eflags = 0) {
  append(0xcd, kDone);
  State s = state_at_ring(0);
  s.eip = code_at(0);
  s.esi = reinterpret_cast<u32>(&data);
  s.eflags = 2 | eflags;
  asm volatile("" : : : "memory");
  return run(s);
}
u32 place(const Trap& t) { return t.at.eip - code_at(0); }
Text where(const Trap& t) { return (describe(t) << " ip ").hex(place(t), 2); }
Text status(const Trap& t) { return Text(" status ").hex(t.at.eax & 0xffff, 4); }

// The instruction itself goes on; FWAIT behind it reports.
template <class... Bytes>
void raises(const char* name, u16 exception, const char* expected_status, Bytes... bytes) {
  begin(exception);
  append(bytes..., 0xdf, 0xe0, 0x90);  // FNSTSW AX does not wait
  const u32 waits = code_size;
  append(0x9b);
  const Trap t = go();
  expect(name, where(t) << status(t), (Text("#MF ip ").hex(waits, 2)) << " status " << expected_status);
  begin(0);
  append(bytes..., 0xdf, 0xe0, 0x9b);
  const Trap masked = go();
  expect(Text(name) << ", masked", describe(masked), "done");
}

// B, ES, TOP, C1, SF and the flag (SDM 1, figure 8-4). Those found before the operation leave the operands and TOP.
void every_exception() {
  raises("invalid operation", kInvalid, "b081", 0xd9, 0xee, 0xd9, 0xee, 0xde, 0xf9);  // fldz; fldz; fdivp
  raises("invalid operation, stack overflow", kInvalid, "82c1", 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9,
         0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8);                    // fld1, nine times
  raises("invalid operation, stack underflow", kInvalid, "80c1", 0xdd, 0xd8);      // fstp st0
  raises("zero divide", kZeroDivide, "b084", 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);  // fld1; fldz; fdivp
  raises("denormal operand", kDenormal, "b882", 0xd9, 0xe8, 0xd8, 0x46, 4);        // fld1; fadd [denormal]
  raises("overflow", kOverflow, "b888", 0xdd, 0x46, 16, 0xd9, 0x56, 12);           // fld [huge]; fst [result]
  expect("overflow, nothing is stored", Text().hex(data.result), "7f800000");      // of the masked run
  raises("underflow", kUnderflow, "b890", 0xdd, 0x46, 24, 0xd9, 0x56, 12);         // fld [small]; fst [result]
  raises("precision, and C1 as it was rounded up", kPrecision, "baa0", 0xd9, 0xe8, 0xd8, 0x76,
         8);  // fld1; fdiv [three]
  begin(kOverflow);
  append(0xdd, 0x46, 16, 0xd9, 0x56, 12);
  go();
  expect("overflow unmasked stores nothing", Text().hex(data.result), "11111111");
}

// With a zero divide pending: what reports it, and what does not (SDM 1, 8.6).
template <class... Bytes>
void pending(const char* name, const char* expected, Bytes... bytes) {
  begin(kZeroDivide);
  append(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);
  const u32 here = code_size;
  append(bytes...);
  const Trap t = go();
  expect(Text("pending: ") << name, t.vector != kDone && place(t) != here ? where(t) : describe(t), expected);
}

void who_waits() {
  pending("fld1", "#MF", 0xd9, 0xe8);
  pending("fnop", "#MF", 0xd9, 0xd0);
  pending("fldcw", "#MF", 0xd9, 0x2e);
  pending("fincstp", "#MF", 0xd9, 0xf7);
  pending("fwait", "#MF", 0x9b);
  pending("movq mm0, mm1", "#MF", 0x0f, 0x6f, 0xc1);
  pending("emms", "#MF", 0x0f, 0x77);
  pending("fnstsw", "done", 0xdf, 0xe0);
  pending("fnstcw", "done", 0xd9, 0x7e, 12);
  pending("fnclex", "done", 0xdb, 0xe2);
  pending("fninit", "done", 0xdb, 0xe3);
  pending("feni", "done", 0xdb, 0xe0);
  pending("fnclex and then fld1", "done", 0xdb, 0xe2, 0xd9, 0xe8);
  pending("nop", "done", 0x90);
  // SDM 3A, table 6-2: #NM comes before #MF.
  begin(kZeroDivide);
  append(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);
  append(0x0f, 0x20, 0xc0, 0x83, 0xc8, 8, 0x0f, 0x22, 0xc0);  // mov eax, cr0; or eax, 8; mov cr0, eax
  const u32 here = code_size;
  append(0xd9, 0xe8);
  const Trap t = go();
  write_cr0(read_cr0() & ~kTaskSwitched);
  expect("pending, and TS: fld1", where(t), Text("#NM ip ").hex(here, 2));
}

void set_up_interrupts(u8 master_mask, u8 slave_mask) {
  out8(0x20, 0x11), out8(0xa0, 0x11);
  out8(0x21, kTimerVector), out8(0xa1, kTimerVector + 8);
  out8(0x21, 4), out8(0xa1, 2);
  out8(0x21, 1), out8(0xa1, 1);
  out8(0x21, master_mask), out8(0xa1, slave_mask);
}
void end_interrupts() {
  asm volatile("fninit");
  out8(0xa0, 0x20), out8(0x20, 0x20);
  set_up_interrupts(0xff, 0xff);
}

void by_interrupt() {
  write_cr0(read_cr0() & ~kNumericError);
  set_up_interrupts(0xfb, 0xdf);  // IRQ 2 and 13
  begin(kZeroDivide);
  append(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0xd9, 0xe8);  // at once or before the next of them: either is right
  Trap t = go(kInterrupts);
  expect("NE clear: IRQ 13", describe(t), Text("vector ") << u32{kErrorVector});
  out8(0xf0, 0);
  t = attempt([] { asm volatile("fld1"); });
  expect("NE clear, after a write to port F0: fld1", describe(t), "done");
  end_interrupts();

  // IGNNE# deasserted and IRQ 13 masked: the processor waits before the instruction, here until the timer interrupts.
  out8(0x43, 0x34), out8(0x40, 0), out8(0x40, 0x20);  // first, as it raises IRQ 0
  set_up_interrupts(0xfe, 0xff);
  begin(kZeroDivide);
  append(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x40);
  const u32 here = code_size;
  append(0xd9, 0xe8);
  t = go(kInterrupts);
  expect("NE clear, IRQ 13 masked: fld1 waits", where(t),
         (Text("vector ") << u32{kTimerVector} << " ip ").hex(here, 2));
  end_interrupts();

  // FNCLEX releases FERR#, and with it IGNNE#.
  begin(kZeroDivide);
  append(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0xe6, 0xf0, 0xd9, 0xe8, 0xdb, 0xe2, 0xdf, 0xe0);
  t = go();
  expect("NE clear, IGNNE#: fld1 and fnclex", describe(t) << status(t), "done status 2800");
  write_cr0(read_cr0() | kNumericError);
  t = attempt([] { asm volatile("fninit; fld1"); });
  expect("NE set again: nothing is left", describe(t), "done");
}

}  // namespace

void guest_main() {
  write_cr0((read_cr0() & ~0xeu) | kNumericError);
  every_exception();
  who_waits();
  by_interrupt();
}
