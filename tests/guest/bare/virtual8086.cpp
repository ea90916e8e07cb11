// Virtual-8086 mode: what is refused, interrupts out of it, VME by all the methods of table 20-2, and PVI.
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kTrapFlag = 1u << 8, kInterruptFlag = 1u << 9, kIopl3 = 3u << 12, kNested = 1u << 14, kVm = 1u << 17,
              kVif = 1u << 19, kVip = 1u << 20;
constexpr u32 kVme = 1, kPvi = 2;  // CR4

// The task's 64 KiB: its code at 0, the handler that its vector table names, its stack.
constexpr u32 kArena = 0x60000, kHandler = 0x100, kStack = 0x8000;
constexpr u8 kHlt = 0xf4;
constexpr u32 kVector = 0x21;

struct Code {
  u8 bytes[16] = {};
  u32 size = 0;
  template <class... Bytes>
  Code(Bytes... b) : bytes{static_cast<u8>(b)..., kHlt}, size(sizeof...(b)) {}
};

State task_state(u32 eflags) {
  State s;
  s.eflags = 2 | kVm | eflags;
  s.cs = s.ss = s.ds = s.es = kArena >> 4;
  s.fs = 0x1234;
  s.gs = 0x5678;
  s.esp = kStack;
  return s;
}

// What the task can tell by PUSHF: the arithmetic flags of whoever ran before do not matter.
constexpr u32 kShown = kTrapFlag | kInterruptFlag | kIopl3 | kNested | kVif | kVip;

// HLT at the end of the code is the end (#GP(0) at CPL 3); what else traps is the result.
Text ending(const Trap& t, u32 end) {
  if (t.vector == 13 && t.error == 0 && t.at.eip == end) return (Text("ran on, flags ").hex(t.at.eflags & kShown, 6));
  return describe(t);
}

Trap run_task(const Code& code, u32 eflags) {
  for (u32 i = 0; i < sizeof code.bytes; ++i) at<u8>(kArena + i) = code.bytes[i];
  at<u8>(kArena + kHandler) = kHlt;
  at<u32>(kVector * 4) = ((kArena >> 4) << 16) | kHandler;
  return run(task_state(eflags));
}
Text result(const Code& code, u32 eflags) { return ending(run_task(code, eflags), code.size); }
Text ran_on(u32 flags) { return Text("ran on, flags ").hex(flags, 6); }

u16 stacked(u32 index) { return at<u16>(kArena + kStack - 2 - 2 * index); }

// An INT 21h: where it came to, and what it pushed on the task's own stack.
Text interrupted(u32 eflags, bool through_idt) {
  u8* const redirection = io_bitmap - 32;
  redirection[kVector / 8] = static_cast<u8>(through_idt ? 1u << (kVector % 8) : 0);
  const Trap t = run_task(Code(0xcd, kVector), eflags);
  if (t.vector == 13 && t.at.eip == kHandler) {
    return (((Text("own handler, pushed flags ").hex(stacked(0) & 0x7300u, 4) << " ip ").hex(stacked(2), 4)
             << ", flags ")
                .hex(t.at.eflags & kShown, 6)
            << " sp ")
        .hex(t.at.esp, 4);
  }
  if (t.vector == kVector) return (Text("IDT, flags ").hex(t.at.eflags & kShown, 6) << " ip ").hex(t.at.eip, 4);
  return describe(t);
}
Text own_handler(u32 pushed, u32 flags) {
  return ((Text("own handler, pushed flags ").hex(pushed, 4) << " ip 0002, flags ").hex(flags, 6) << " sp 7ffa");
}
Text through_idt(u32 flags) { return Text("IDT, flags ").hex(flags, 6) << " ip 0002"; }

// SDM 2, each instruction's "Virtual-8086 Mode Exceptions".
void refused() {
  const Text general = fault("#GP", 0), undefined = fault("#UD");
  expect("v86 mov eax, cr0", result(Code(0x0f, 0x20, 0xc0), kIopl3), general);
  expect("v86 mov cr3, eax", result(Code(0x0f, 0x22, 0xd8), kIopl3), general);
  expect("v86 mov eax, dr7", result(Code(0x0f, 0x21, 0xf8), kIopl3), general);
  expect("v86 lgdt", result(Code(0x0f, 0x01, 0x16, 0, 1), kIopl3), general);
  expect("v86 lmsw", result(Code(0x0f, 0x01, 0xf0), kIopl3), general);
  expect("v86 clts", result(Code(0x0f, 0x06), kIopl3), general);
  expect("v86 invd", result(Code(0x0f, 0x08), kIopl3), general);
  expect("v86 rdmsr", result(Code(0x0f, 0x32), kIopl3), general);
  expect("v86 sldt", result(Code(0x0f, 0x00, 0xc0), kIopl3), undefined);
  expect("v86 str", result(Code(0x0f, 0x00, 0xc8), kIopl3), undefined);
  expect("v86 lldt", result(Code(0x0f, 0x00, 0xd0), kIopl3), undefined);
  expect("v86 ltr", result(Code(0x0f, 0x00, 0xd8), kIopl3), undefined);
  expect("v86 verr", result(Code(0x0f, 0x00, 0xe0), kIopl3), undefined);
  expect("v86 lar", result(Code(0x0f, 0x02, 0xc0), kIopl3), undefined);
  expect("v86 lsl", result(Code(0x0f, 0x03, 0xc0), kIopl3), undefined);
  expect("v86 arpl", result(Code(0x63, 0xc0), kIopl3), undefined);
  expect("v86 sysexit", result(Code(0x0f, 0x35), kIopl3), general);
  expect("v86 smsw", result(Code(0x0f, 0x01, 0xe0), 0), ran_on(0));
  // Segments end at ffff (20.1.1).
  expect("v86 word at ffff", result(Code(0xa1, 0xff, 0xff), 0), general);
  expect("v86 word at ss:ffff", result(Code(0x36, 0xa1, 0xff, 0xff), 0), fault("#SS", 0));
  expect("v86 byte at 10000 by a 32-bit address", result(Code(0x67, 0xa0, 0, 0, 1, 0), 0), general);
}

// By IOPL, without VME (20.2.7).
void without_vme() {
  const struct {
    const char* name;
    Code code;
    u32 flags_at_iopl3;
  } cases[] = {
      {"cli", Code(0xfa), kIopl3},
      {"sti", Code(0xfb), kIopl3 | kInterruptFlag},
      {"pushf", Code(0x9c), kIopl3},
      {"pushfd", Code(0x66, 0x9c), kIopl3},
      {"push 0; popf", Code(0x6a, 0, 0x9d), kIopl3},
      {"popfd", Code(0x66, 0x6a, 0, 0x66, 0x9d), kIopl3},
      {"iret", Code(0x6a, 0, 0x0e, 0x6a, 6, 0xcf), kIopl3},
      {"iretd", Code(0x66, 0x6a, 0, 0x66, 0x0e, 0x66, 0x6a, 10, 0x66, 0xcf), kIopl3},
  };
  for (const auto& c : cases) {
    expect(Text("iopl 3 ") << c.name, result(c.code, kIopl3), ran_on(c.flags_at_iopl3));
    expect(Text("iopl 2 ") << c.name, result(c.code, 2u << 12), fault("#GP", 0));
  }
  expect("iopl 3 int n", interrupted(kIopl3, false), through_idt(kIopl3));
  expect("iopl 0 int n", interrupted(0, false), fault("#GP", 0));
  // INT3, INTO and INT1 do not depend on IOPL.
  expect("iopl 0 int3", result(Code(0xcc), 0), fault("#BP"));
  expect("iopl 0 into", result(Code(0xce), 1u << 11), fault("#OF"));
  expect("iopl 0 int1", result(Code(0xf1), 0), fault("#DB"));
  idt[3] &= ~(u64{3} << 45);  // the gate's DPL counts: CPL is 3
  expect("iopl 3 int3 by a gate of dpl 0", result(Code(0xcc), kIopl3), fault("#GP", 3 * 8 + 2));
  idt[3] |= u64{3} << 45;
}

void with_vme() {
  write_cr4(read_cr4() | kVme);
  const Text general = fault("#GP", 0);
  expect("vme cli", result(Code(0xfa), kVif), ran_on(0));
  expect("vme sti", result(Code(0xfb), 0), ran_on(kVif));
  expect("vme sti with vip", result(Code(0xfb), kVip), general);
  expect("vme iopl 3 sti with vip", result(Code(0xfb), kVip | kIopl3), ran_on(kVip | kIopl3 | kInterruptFlag));

  run_task(Code(0x9c), kVif);
  expect("vme pushf, vif set", Text().hex(stacked(0) & 0x7300u, 4), "3200");
  run_task(Code(0x9c), kInterruptFlag);
  expect("vme pushf, if set", Text().hex(stacked(0) & 0x7300u, 4), "3000");
  run_task(Code(0x9c), kVif | kIopl3);
  expect("vme iopl 3 pushf, vif set", Text().hex(stacked(0) & 0x7300u, 4), "3000");
  expect("vme pushfd", result(Code(0x66, 0x9c), 0), general);

  // push imm16; popf. Flag images 0200, 0000, 0100, 7200.
  expect("vme popf sets vif", result(Code(0x68, 0, 2, 0x9d), 0), ran_on(kVif));
  expect("vme popf clears vif", result(Code(0x68, 0, 0, 0x9d), kVif | kInterruptFlag), ran_on(kInterruptFlag));
  expect("vme popf leaves iopl, sets nt", result(Code(0x68, 0, 0x72, 0x9d), 0), ran_on(kVif | kNested));
  expect("vme popf of if with vip", result(Code(0x68, 0, 2, 0x9d), kVip), general);
  expect("vme popf without if with vip", result(Code(0x68, 0, 0, 0x9d), kVip), ran_on(kVip));
  expect("vme popf of tf", result(Code(0x68, 0, 1, 0x9d), 0), general);
  expect("vme popfd", result(Code(0x66, 0x6a, 0, 0x66, 0x9d), 0), general);
  {
    const Trap t = run_task(Code(0x68, 0, 1, 0x9d), 0);
    expect("vme refused popf leaves sp", Text().hex(t.at.esp, 4), "7ffe");
  }
  expect("vme iret sets vif", result(Code(0x68, 0, 2, 0x0e, 0x6a, 7, 0xcf), 0), ran_on(kVif));
  expect("vme iret of if with vip", result(Code(0x68, 0, 2, 0x0e, 0x6a, 7, 0xcf), kVip), general);
  expect("vme iret of tf", result(Code(0x68, 0, 1, 0x0e, 0x6a, 7, 0xcf), 0), general);
  expect("vme iretd", result(Code(0x66, 0x6a, 0, 0x66, 0x0e, 0x66, 0x6a, 10, 0x66, 0xcf), 0), general);

  // Table 20-2, methods 3 to 6.
  expect("method 3: iopl 0, bit set", interrupted(kVif, true), general);
  expect("method 4: iopl 3, bit set", interrupted(kIopl3, true), through_idt(kIopl3));
  expect("method 5: iopl 3, bit clear", interrupted(kIopl3 | kInterruptFlag, false), own_handler(0x3200, kIopl3));
  expect("method 6: iopl 0, bit clear, vif", interrupted(kVif, false), own_handler(0x3200, 0));
  expect("method 6: iopl 0, bit clear, no vif", interrupted(kInterruptFlag, false),
         own_handler(0x3000, kInterruptFlag));
  expect("vme int3 goes through the IDT", result(Code(0xcc), 0), fault("#BP"));

  // No bitmap within the TSS (20.3.3: the bitmap must be there).
  const u64 whole = gdt[kTaskSelector >> 3];
  const u32 base = reinterpret_cast<u32>(&tss);
  const auto with_limit = [&](u32 limit) {
    gdt[kTaskSelector >> 3] = descriptor(base, limit, 0x89, 0);
    asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
  };
  with_limit(kIoBitmapAt - 32 + kVector / 8 - 1);
  expect("redirection bitmap beyond the limit", interrupted(0, false), general);
  with_limit(kIoBitmapAt - 32 + kVector / 8);
  expect("redirection bitmap up to the limit", interrupted(0, false), own_handler(0x3000, 0));
  gdt[kTaskSelector >> 3] = whole & ~(u64{2} << 40);
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));

  // Both flags at the beginning of an instruction (20.3.2).
  {
    const Trap t = run_task(Code(0x90), kVif | kVip);
    expect("vif and vip before an instruction", (describe(t) << " ip ").hex(t.at.eip, 4),
           fault("#GP", 0) << " ip 0000");
  }
  write_cr4(read_cr4() & ~kVme);
  expect("vif and vip without vme", result(Code(0x90), kVif | kVip), ran_on(kVif | kVip));
}

// CLI and STI at CPL 3 in protected mode (20.4). STI; INT 30h.
void protected_virtual() {
  u8 code[] = {0xfb, 0xcd, kDone};
  const auto ring3 = [&](u8 opcode, u32 flags) {
    code[0] = opcode;
    asm volatile("" : : : "memory");
    State s = state_at_ring(3);
    s.eip = reinterpret_cast<u32>(code);
    s.eflags = 2 | flags;
    const Trap t = run(s);
    return (describe(t) << ", flags ").hex(t.at.eflags & kShown, 6);
  };
  const auto done = [](u32 flags) { return Text("done, flags ").hex(flags, 6); };
  const auto general = [](u32 flags) { return (fault("#GP", 0) << ", flags ").hex(flags, 6); };
  expect("no pvi, sti", ring3(0xfb, 0), general(0));
  write_cr4(read_cr4() | kPvi);
  expect("pvi sti", ring3(0xfb, 0), done(kVif));
  expect("pvi cli", ring3(0xfa, kVif | kInterruptFlag), done(kInterruptFlag));
  expect("pvi sti with vip", ring3(0xfb, kVip), general(kVip));
  expect("pvi cli with vip", ring3(0xfa, kVip), done(kVip));
  expect("pvi iopl 3 sti", ring3(0xfb, kIopl3), done(kIopl3 | kInterruptFlag));
  expect("pvi vif and vip", ring3(0x90, kVif | kVip), general(kVif | kVip));
  write_cr4(read_cr4() & ~kPvi);
}

// Out of virtual-8086 mode (20.3.1): only to ring 0, through gates of both sizes, with the data segments saved.
void gates_out() {
  const u64 old = idt[kVector];
  const Trap t = run_task(Code(0xcd, kVector), kIopl3);
  expect("frame of a 32-bit gate",
         ((((describe(t) << " ds ").hex(t.at.ds, 4) << " fs ").hex(t.at.fs, 4) << " gs ").hex(t.at.gs, 4) << " sp ")
             .hex(t.at.esp, 8),
         "vector 33 ds 6000 fs 1234 gs 5678 sp 00008000");
  // The handler's data segments are null: seen by its first instruction, which the frame's stubs save.
  constexpr u16 kConforming = kFreeSelectors, kRing3Code = kCode3;
  gdt[kConforming >> 3] = descriptor(0, 0xfffff, 0x9f, 0xc);
  idt[kVector] = gate(kConforming, 0x10000, 0xee);
  expect("to conforming code", result(Code(0xcd, kVector), kIopl3), fault("#GP", kConforming));
  idt[kVector] = gate(kRing3Code, 0x10000, 0xee);
  expect("to code of ring 3", result(Code(0xcd, kVector), kIopl3), fault("#GP", kRing3Code & ~3u));
  idt[kVector] = gate(kCode1, 0x10000, 0xee);
  expect("to code of ring 1", result(Code(0xcd, kVector), kIopl3), fault("#GP", kCode1 & ~3u));
  // A 16-bit gate pushes nine words: IP, CS, FLAGS, SP, SS, ES, DS, FS, GS.
  constexpr u32 kImage = 0x10000;
  static const u8 arrival[] = {0xcd, kDone};
  gdt[kConforming >> 3] = descriptor(kImage, 0xfffff, 0x9b, 0xc);
  idt[kVector] = gate(kConforming, reinterpret_cast<u32>(arrival) - kImage, 0xe6);
  const Trap w = run_task(Code(0xcd, kVector), kIopl3);
  Text words = describe(w) << ", " << (tss.esp0 - w.at.esp) << " bytes:";
  for (u32 n = 0; n < 9; ++n) {
    if (n != 2) (words << ' ').hex(at<u16>(w.at.esp + 2 * n), 4);  // FLAGS has arithmetic ones of whoever ran before
  }
  expect("frame of a 16-bit gate", words, "done, 18 bytes: 0002 6000 8000 6000 6000 6000 1234 5678");
  idt[kVector] = old;
  // IRET at ring 3 does not enter the mode (SDM 2A, IRET: VM needs CPL 0).
  static const u8 iretd[] = {0xcf};
  State r = state_at_ring(3);
  r.esp -= 12;
  r.eip = reinterpret_cast<u32>(iretd);
  at<u32>(r.esp) = reinterpret_cast<u32>(arrival);
  at<u32>(r.esp + 4) = kCode3;
  at<u32>(r.esp + 8) = 2 | kVm;
  const Trap x = run(r);
  expect("iret of vm at ring 3", describe(x) << ((x.at.eflags & kVm) ? " vm" : " no vm"), "done no vm");
  // IRET back in: IP beyond ffff (SDM 2A, IRET).
  State s = task_state(0);
  s.eip = 0x10000;
  expect("iret to ip 10000", describe(run(s)), fault("#GP", 0));
}

}  // namespace

void guest_main() {
  refused();
  without_vme();
  with_vme();
  protected_virtual();
  gates_out();
}
