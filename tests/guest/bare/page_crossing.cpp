// Instructions whose memory operand lies in two pages of which one is not theirs: the fault is at the first byte that
// can't be reached, and nothing has changed before it: no register, no byte, no dirty bit (SDM 3A, 6.5 "Faults"
// and 4.8). All at ring 3, with a page that is absent, read-only or the supervisor's.
#include "paging.hpp"

using namespace bare;

namespace {

enum class Use {
  kStore,  // EBX = ESI = EDI = boundary - distance; the second page is bad
  kLoad,   // the same for a read
  kPop,    // ESP = boundary - distance; the second page is bad
  kPush,   // ESP = boundary + distance; the first page is bad
  kLeave,  // EBP = boundary - distance; the second page is bad
};

// X(label, assembly, use, distance, gap): a push faults `gap` bytes below the boundary.
// clang-format off
#define CASES \
  X(mov16, "movw %ax, (%ebx)", kStore, 1, 0) \
  X(mov32, "movl %eax, (%ebx)", kStore, 2, 0) \
  X(mov_imm, "movl $5, (%ebx)", kStore, 3, 0) \
  X(add, "addl %eax, (%ebx)", kStore, 2, 0) \
  X(lock_add, "lock addl %eax, (%ebx)", kStore, 1, 0) \
  X(adc, "adcl $1, (%ebx)", kStore, 2, 0) \
  X(inc, "incl (%ebx)", kStore, 2, 0) \
  X(neg, "negl (%ebx)", kStore, 3, 0) \
  X(notl, "notl (%ebx)", kStore, 2, 0) \
  X(shl, "shll $3, (%ebx)", kStore, 2, 0) \
  X(rcr, "rcrl $1, (%ebx)", kStore, 2, 0) \
  X(shld, "shldl $5, %eax, (%ebx)", kStore, 2, 0) \
  X(bts, "btsl %eax, (%ebx)", kStore, 2, 0) \
  X(xchg, "xchgl %eax, (%ebx)", kStore, 2, 0) \
  X(xadd, "xaddl %eax, (%ebx)", kStore, 2, 0) \
  X(cmpxchg, "cmpxchgl %ecx, (%ebx)", kStore, 2, 0) \
  X(cmpxchg8b, "cmpxchg8b (%ebx)", kStore, 4, 0) \
  X(arpl, "arpl %ax, (%ebx)", kStore, 1, 0) \
  X(sgdt, "sgdt (%ebx)", kStore, 2, 0) \
  X(sgdt_5, "sgdt (%ebx)", kStore, 5, 0) \
  X(sidt, "sidt (%ebx)", kStore, 3, 0) \
  X(sldt, "sldt (%ebx)", kStore, 1, 0) \
  X(smsw, "smsw (%ebx)", kStore, 1, 0) \
  X(mov_segment, "movw %ds, (%ebx)", kStore, 1, 0) \
  X(pop_mem, "popl (%ebx)", kStore, 2, 0) \
  X(stos, "stosl", kStore, 2, 0) \
  X(stosw, "stosw", kStore, 1, 0) \
  X(movs, "movsl", kStore, 2, 0) \
  X(ins, "insl", kStore, 2, 0) \
  X(fsts, "fsts (%ebx)", kStore, 2, 0) \
  X(fstpl, "fstpl (%ebx)", kStore, 4, 0) \
  X(fstpt, "fstpt (%ebx)", kStore, 8, 0) \
  X(fstpt_2, "fstpt (%ebx)", kStore, 2, 0) \
  X(fistpll, "fistpll (%ebx)", kStore, 6, 0) \
  X(fbstp, "fbstp (%ebx)", kStore, 9, 0) \
  X(fnstcw, "fnstcw (%ebx)", kStore, 1, 0) \
  X(fnstsw, "fnstsw (%ebx)", kStore, 1, 0) \
  X(fnstenv, "fnstenv (%ebx)", kStore, 20, 0) \
  X(fnstenv16, "data16 fnstenv (%ebx)", kStore, 5, 0) \
  X(fnsave, "fnsave (%ebx)", kStore, 100, 0) \
  X(fnsave_1, "fnsave (%ebx)", kStore, 1, 0) \
  X(fxsave, "fxsave (%ebx)", kStore, 256, 0) \
  X(stmxcsr, "stmxcsr (%ebx)", kStore, 2, 0) \
  X(movq, "movq %mm0, (%ebx)", kStore, 4, 0) \
  X(movups, "movups %xmm0, (%ebx)", kStore, 8, 0) \
  X(movlps, "movlps %xmm0, (%ebx)", kStore, 3, 0) \
  X(movnti, "movnti %eax, (%ebx)", kStore, 2, 0) \
  X(maskmovdqu, "maskmovdqu %xmm0, %xmm0", kStore, 9, 0) \
  X(load16, "movw (%ebx), %ax", kLoad, 1, 0) \
  X(load32, "movl (%ebx), %eax", kLoad, 2, 0) \
  X(load_add, "addl (%ebx), %eax", kLoad, 3, 0) \
  X(cmp, "cmpl %eax, (%ebx)", kLoad, 2, 0) \
  X(imul, "imull (%ebx), %eax", kLoad, 2, 0) \
  X(div, "divl (%ebx)", kLoad, 2, 0) \
  X(bt, "btl %eax, (%ebx)", kLoad, 2, 0) \
  X(bound, "boundl %eax, (%ebx)", kLoad, 4, 0) \
  X(les, "lesl (%ebx), %eax", kLoad, 4, 0) \
  X(ljmp_mem, "ljmpl *(%ebx)", kLoad, 4, 0) \
  X(lcall_mem, "lcalll *(%ebx)", kLoad, 3, 0) \
  X(jmp_mem, "jmpl *(%ebx)", kLoad, 2, 0) \
  X(call_mem, "calll *(%ebx)", kLoad, 2, 0) \
  X(push_mem, "pushl (%ebx)", kLoad, 2, 0) \
  X(lods, "lodsl", kLoad, 2, 0) \
  X(cmps, "cmpsl", kLoad, 2, 0) \
  X(scas, "scasl", kLoad, 2, 0) \
  X(outs, "outsl", kLoad, 2, 0) \
  X(fldl, "fldl (%ebx)", kLoad, 4, 0) \
  X(fldt, "fldt (%ebx)", kLoad, 8, 0) \
  X(fldcw, "fldcw (%ebx)", kLoad, 1, 0) \
  X(fldenv, "fldenv (%ebx)", kLoad, 12, 0) \
  X(frstor, "frstor (%ebx)", kLoad, 90, 0) \
  X(fxrstor, "fxrstor (%ebx)", kLoad, 128, 0) \
  X(movups_load, "movups (%ebx), %xmm1", kLoad, 8, 0) \
  X(movq_load, "movq (%ebx), %mm1", kLoad, 4, 0) \
  X(pop, "popl %eax", kPop, 2, 0) \
  X(pop_segment, "popl %es", kPop, 1, 0) \
  X(popa, "popal", kPop, 16, 0) \
  X(popa_3, "popal", kPop, 3, 0) \
  X(popf, "popfl", kPop, 2, 0) \
  X(ret, "ret", kPop, 2, 0) \
  X(lret, "lretl", kPop, 4, 0) \
  X(iret, "iretl", kPop, 8, 0) \
  X(leave, "leave", kLeave, 2, 0) \
  X(push, "pushl %eax", kPush, 2, 2) \
  X(push_imm, "pushl $5", kPush, 1, 3) \
  X(pushw, "pushw %ax", kPush, 1, 1) \
  X(pusha, "pushal", kPush, 12, 4) \
  X(pusha_2, "pushal", kPush, 2, 2) \
  X(pusha_28, "pushal", kPush, 28, 4) \
  X(pushaw, "pushaw", kPush, 6, 2) \
  X(pushf, "pushfl", kPush, 2, 2) \
  X(call, "call 9f\n9:", kPush, 2, 2) \
  X(call_eax, "calll *%eax", kPush, 3, 1) \
  X(lcall, "lcalll $0x1b, $9f\n9:", kPush, 4, 4) \
  X(lcall_2, "lcalll $0x1b, $9f\n9:", kPush, 2, 2) \
  X(enter, "enter $0, $0", kPush, 2, 2) \
  X(enter_3, "enter $8, $3", kPush, 8, 4) \
  X(enter_room, "enter $0x800, $0", kPush, 0x400, 0x404)
// clang-format on

#define X(label, text, use, distance, gap) asm("code_" #label ": " text "\nint $0x30");
CASES
#undef X

struct Case {
  const char* text;
  const u8* code;
  Use use;
  u32 distance, gap;
};

#define X(label, text, use, distance, gap) extern "C" const u8 code_##label[];
}  // namespace
CASES
#undef X
namespace {

constexpr Case kCases[] = {
#define X(label, text, use, distance, gap) {text, code_##label, Use::use, distance, gap},
    CASES
#undef X
};

enum class Bad { kAbsent, kReadOnly, kSupervisor };
constexpr const char* kBad[] = {"absent", "read-only", "supervisor"};
constexpr u64 kRights[] = {0, entry::kPresent | entry::kUser, entry::kPresent | entry::kWrite};

constexpr u32 kBoundary = kWindow + 0x1000, kPattern = 0xa5a5a5a5, kDisplay = kFrames + 0x8000;

State state_for(const Case& c) {
  State s = state_at_ring(3);
  s.eip = reinterpret_cast<u32>(c.code);
  s.eflags = 0x3002 | 0x8d5;  // IOPL 3, all arithmetic flags
  s.eax = 8, s.ecx = 3, s.edx = 0x80;
  s.ebp = kDisplay;
  const u32 below = kBoundary - c.distance;
  switch (c.use) {
    case Use::kStore:
    case Use::kLoad: s.ebx = s.esi = s.edi = below; break;
    case Use::kPop: s.esp = below; break;
    case Use::kLeave: s.ebp = below; break;
    case Use::kPush: s.esp = kBoundary + c.distance; break;
  }
  // MOVS reads from elsewhere.
  if (c.code == code_movs) s.esi = kDisplay;
  return s;
}

bool same_registers(const State& a, const State& b) {
  constexpr u32 kResume = 1u << 16;  // set in the image that a fault pushes (SDM 3B, 17.3.1.1)
  return a.eax == b.eax && a.ecx == b.ecx && a.edx == b.edx && a.ebx == b.ebx && a.esp == b.esp && a.ebp == b.ebp &&
         a.esi == b.esi && a.edi == b.edi && a.eip == b.eip && (a.eflags & ~kResume) == (b.eflags & ~kResume) &&
         a.es == b.es && a.cs == b.cs && a.ss == b.ss;
}

// The state of the x87 that FNINIT and FLD1 make: TOP 7, one register in use.
void prepare_fpu() { asm volatile("fninit; fld1; pcmpeqd %xmm0, %xmm0"); }
bool fpu_as_before() {
  u16 status, control;
  asm volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
  return status == 0x3800 && control == 0x37f;
}

void check(const Case& c, Bad bad) {
  const bool write = c.use == Use::kStore || c.use == Use::kPush;
  const bool second = c.use != Use::kPush;
  const u32 good_page = second ? kWindow : kBoundary, bad_page = second ? kBoundary : kWindow;
  for (u32 i = 0; i < 0x2000; i += 4) at<u32>(kFrames + i) = kPattern;
  map_page(Paging::k32, good_page, kFrames + (good_page - kWindow), entry::kAll);
  map_page(Paging::k32, bad_page, kFrames + (bad_page - kWindow), kRights[static_cast<u32>(bad)]);
  prepare_fpu();
  const State before = state_for(c);
  const Trap t = run(before);

  Text got = describe(t);
  if (!same_registers(t.at, before)) got << ", registers changed";
  if (!fpu_as_before()) got << ", x87 changed";
  bool bytes_same = true;
  for (u32 i = 0; i < 0x2000; i += 4) bytes_same = bytes_same && at<u32>(kFrames + i) == kPattern;
  if (!bytes_same) got << ", memory changed";
  const u32 marks = static_cast<u32>(table_entry(Paging::k32, good_page).read());
  if (marks & entry::kDirty) got << ", dirty";

  const u32 error = (bad == Bad::kAbsent ? 0 : pf::kPresent) | (write ? pf::kWrite : 0) | pf::kUser;
  expect(Text(c.text) << ", " << kBad[static_cast<u32>(bad)], got, page_fault(error, kBoundary - c.gap));
}

// REP goes on from the element that faulted: those before it are done (SDM 2B, REP).
void repeated() {
  for (u32 i = 0; i < 0x2000; i += 4) at<u32>(kFrames + i) = kPattern;
  map_page(Paging::k32, kWindow, kFrames, entry::kAll);
  map_page(Paging::k32, kBoundary, kFrames + 0x1000, 0);
  u32 edi = kBoundary - 10, ecx = 4;
  State s = state_at_ring(3);
  extern const u8 code_rep_stos[] asm("code_rep_stos");
  s.eip = reinterpret_cast<u32>(code_rep_stos);
  s.edi = edi, s.ecx = ecx, s.eax = 0x11111111;
  const Trap t = run(s);
  expect("rep stosl, absent after two", (describe(t) << " ecx " << t.at.ecx << " edi ").hex(t.at.edi),
         (page_fault(6, kBoundary) << " ecx 2 edi ").hex(kBoundary - 2));
  expect("rep stosl, what it wrote",
         Text().hex(at<u32>(kFrames + 0xff6))
             << ' ' << Text().hex(at<u32>(kFrames + 0xffa)) << ' ' << Text().hex(at<u16>(kFrames + 0xffe), 4),
         "11111111 11111111 a5a5");
}
asm("code_rep_stos: rep stosl\nint $0x30");

}  // namespace

void guest_main() {
  write_cr4(read_cr4() | 0x600);  // OSFXSR, OSXMMEXCPT
  start_paging(Paging::k32);
  set_write_protect(true);
  for (const Case& c : kCases) {
    check(c, Bad::kAbsent);
    if (c.use == Use::kStore || c.use == Use::kPush) check(c, Bad::kReadOnly);
    check(c, Bad::kSupervisor);
  }
  repeated();
  stop_paging();
}
