// What depends on CPL, IOPL and the I/O bitmap; SYSENTER and SYSEXIT; alignment checks; which of several faults is
// reported (SDM 1, chapter 18; 3A, 5.8.7, 6.9 and 6.15; 2, each instruction).
#include <initializer_list>

#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kInterruptFlag = 1u << 9, kAc = 1u << 18, kVm = 1u << 17, kAlignmentMask = 1u << 18;


alignas(16) u8 data[64];

State state(u32 ring, u32 iopl = 0, u32 flags = 0) {
  State s = state_at_ring(ring);
  s.eip = code_at(0);
  s.eflags = 2 | iopl << 12 | flags;
  s.esi = s.edi = reinterpret_cast<u32>(data);
  return s;
}

// --- By CPL alone: #GP(0) above 0.
void privileged() {
  const struct {
    const char* name;
    u8 bytes[7];
  } cases[] = {
      {"hlt", {0xf4}},
      {"clts", {0x0f, 0x06}},
      {"mov eax, cr0", {0x0f, 0x20, 0xc0}},
      {"mov cr3, eax", {0x0f, 0x22, 0xd8}},
      {"mov eax, dr7", {0x0f, 0x21, 0xf8}},
      {"mov dr0, eax", {0x0f, 0x23, 0xc0}},
      {"lgdt [esi]", {0x0f, 0x01, 0x16}},
      {"lidt [esi]", {0x0f, 0x01, 0x1e}},
      {"lldt ax", {0x0f, 0x00, 0xd0}},
      {"ltr ax", {0x0f, 0x00, 0xd8}},
      {"lmsw ax", {0x0f, 0x01, 0xf0}},
      {"invlpg [esi]", {0x0f, 0x01, 0x3e}},
      {"invd", {0x0f, 0x08}},
      {"wbinvd", {0x0f, 0x09}},
      {"rdmsr", {0x0f, 0x32}},
      {"wrmsr", {0x0f, 0x30}},
  };
  for (const auto& c : cases) {
    Text got, wanted;
    for (u32 ring = 1; ring < 4; ++ring) {
      for (u32 i = 0; i < sizeof code; ++i) code[i] = i < sizeof c.bytes ? c.bytes[i] : 0x90;
      asm volatile("" : : : "memory");
      const Trap t = run(state(ring, 3));
      got << (t.vector == 13 && t.error == 0 && t.at.eip == code_at(0) ? 'G' : '?');
      wanted << 'G';
    }
    expect(Text(c.name) << " at rings 1 to 3", got, wanted);
  }
  // These are for everyone: SMSW, SGDT, SIDT, SLDT, STR.
  fill(0x0f, 0x01, 0xe0, 0x0f, 0x01, 0x06, 0x0f, 0x01, 0x0e, 0x0f, 0x00, 0xc0, 0x0f, 0x00, 0xc8, 0xcd, kDone);
  expect("smsw, sgdt, sidt, sldt, str at ring 3", describe(run(state(3))), "done");
}

// --- CLI, STI, POPF and ports: CPL <= IOPL.
void by_iopl() {
  for (u32 ring = 0; ring < 4; ++ring) {
    for (u32 iopl = 0; iopl < 4; ++iopl) {
      Text got;
      fill(0xfb, 0xcd, kDone);
      const Trap sti = run(state(ring, iopl));
      got << (sti.done() && (sti.at.eflags & kInterruptFlag) ? '.' : sti.vector == 13 ? 'G' : '?');
      fill(0xfa, 0xcd, kDone);
      const Trap cli = run(state(ring, iopl, kInterruptFlag));
      got << (cli.done() && !(cli.at.eflags & kInterruptFlag) ? '.' : cli.vector == 13 ? 'G' : '?');
      fill(0xe4, 0x80, 0xcd, kDone);
      const Trap in = run(state(ring, iopl));
      got << (in.done() ? '.' : in.vector == 13 ? 'G' : '?');
      // push 202h; popf: IF changes or is left in silence.
      fill(0x68, 0x02, 0x02, 0, 0, 0x9d, 0xcd, kDone);
      const Trap popf = run(state(ring, iopl));
      got << (popf.done() ? (popf.at.eflags & kInterruptFlag) ? '.' : '-' : '?');
      expect((Text("sti cli in popf at ring ") << ring << " iopl ") << iopl, got, ring <= iopl ? "...." : "GGG-");
    }
  }
}

// --- The I/O bitmap (SDM 1, 18.5.2). in al/ax/eax, dx.
char input(u32 port, u32 size, bool virtual8086) {
  State s = state(3);
  if (virtual8086) {
    s.eflags |= kVm | 3u << 12;  // IOPL does not count there
    s.cs = s.ds = s.es = s.ss = 0x60;
    s.esp = 0x800;
    s.eip = 0;
  }
  s.edx = port;
  if (size == 1)
    fill(0xec, 0xcd, kDone);
  else if (size == 2 && !virtual8086)
    fill(0x66, 0xed, 0xcd, kDone);
  else if (size == 4 && virtual8086)
    fill(0x66, 0xed, 0xcd, kDone);
  else
    fill(0xed, 0xcd, kDone);
  if (virtual8086) {
    for (u32 i = 0; i < sizeof code; ++i) at<u8>(0x600 + i) = code[i];
  }
  const Trap t = run(s);
  return t.done() ? '.' : t.vector == 13 && t.error == 0 ? 'G' : '?';
}

void io_permissions() {
  const auto allow = [](u32 port) { io_bitmap[port / 8] &= static_cast<u8>(~(1u << port % 8)); };
  for (const u32 port : {0x300u, 0x301u, 0x302u, 0x303u, 0x307u, 0x308u}) allow(port);
  for (const bool v : {false, true}) {
    const Text mode = v ? "v86 " : "ring 3 ";
    // 300-303, 307, 308 are allowed.
    Text got;
    for (u32 port = 0x2ff; port <= 0x309; ++port) got << input(port, 1, v);
    expect(Text(mode) << "bytes at 2ff-309", got, "G....GGG..G");
    Text words;
    for (u32 port = 0x2ff; port <= 0x309; ++port) words << input(port, 2, v);
    expect(Text(mode) << "words at 2ff-309", words, "G...GGGG.GG");
    Text dwords;
    for (u32 port = 0x2ff; port <= 0x309; ++port) dwords << input(port, 4, v);
    expect(Text(mode) << "dwords at 2ff-309", dwords, "G.GGGGGGGGG");
  }
  // Two bytes are read, and both must lie within the TSS's limit.
  const u64 whole = gdt[kTaskSelector >> 3] & ~(u64{2} << 40);
  const auto with_limit = [&](u32 limit) {
    gdt[kTaskSelector >> 3] = descriptor(reinterpret_cast<u32>(&tss), limit, 0x89, 0);
    asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
    return Text() << input(0x300, 1, false);
  };
  const u32 byte = kIoBitmapAt + 0x300 / 8;
  expect("limit at the byte of the port", with_limit(byte), "G");
  expect("limit at the byte behind", with_limit(byte + 1), ".");
  const u16 map = tss.io_map;
  tss.io_map = 0xffff;
  expect("no bitmap", with_limit(byte + 1), "G");
  tss.io_map = map;
  gdt[kTaskSelector >> 3] = whole;
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
}

// --- SYSENTER and SYSEXIT (SDM 2B).
void fast_calls() {
  write_msr(0x174, 0);
  fill(0x0f, 0x34, 0xcd, kDone);
  expect("sysenter with a null cs", describe(run(state(3))), fault("#GP", 0));
  fill(0x0f, 0x35, 0xcd, kDone);
  expect("sysexit with a null cs", describe(run(state(0))), fault("#GP", 0));
  // The selectors are CS, CS + 8, CS + 16, CS + 24; the tables are not read.
  constexpr u16 kFrom = kFreeSelectors + 0x100;
  write_msr(0x174, kFrom | 3);
  write_msr(0x175, reinterpret_cast<u32>(data) + 64);
  write_msr(0x176, code_at(8));
  fill(0x0f, 0x35, 0xcd, kDone);
  expect("sysexit at ring 3", describe(run(state(3))), fault("#GP", 0));
  fill(0x0f, 0x34, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xcd, kDone);
  Trap t = run(state(3, 0, kInterruptFlag));
  expect("sysenter",
         ((((describe(t) << ' ').hex(t.at.cs, 4) << ((t.at.eflags & kInterruptFlag) ? " if" : "")) << " esp + ")
          << t.at.esp - reinterpret_cast<u32>(data)),
         (Text("done ").hex(kFrom, 4) << " esp + 64"));
  fill(0x0f, 0x35, 0x90, 0x90, 0xcd, kDone, 0xcd, kDone);
  State s = state(0, 0, kInterruptFlag);
  s.edx = code_at(4);
  s.ecx = reinterpret_cast<u32>(data) + 32;
  t = run(s);
  expect(
      "sysexit",
      (((((describe(t) << ' ').hex(t.at.cs, 4) << ' ').hex(t.at.ss, 4) << ((t.at.eflags & kInterruptFlag) ? " if" : ""))
        << " esp + ")
       << t.at.esp - s.ecx),
      (((Text("done ").hex((kFrom + 16) | 3, 4) << ' ').hex((kFrom + 24) | 3, 4)) << " if esp + 0"));
  write_msr(0x174, 0);
}

// --- Alignment checks (SDM 3A, 6.15, interrupt 17, and table 6-7): CR0.AM, EFLAGS.AC and CPL 3.
void alignment() {
  const struct {
    const char* name;
    u8 bytes[5];
    u32 alignment;
  } cases[] = {
      {"byte", {0x8a, 0x06}, 1},
      {"word", {0x66, 0x8b, 0x06}, 2},
      {"dword", {0x8b, 0x06}, 4},
      {"write of a dword", {0x89, 0x06}, 4},
      {"cmpxchg8b", {0x0f, 0xc7, 0x0e}, 8},
      {"bound", {0x62, 0x06}, 4},
      {"sgdt", {0x0f, 0x01, 0x06}, 4},
      {"movsd", {0xa5}, 4},
      {"lodsw", {0x66, 0xad}, 2},
  };
  write_cr0(read_cr0() | kAlignmentMask);
  for (const auto& c : cases) {
    Text got, wanted;
    for (u32 offset = 0; offset < 8; ++offset) {
      for (u32 i = 0; i < sizeof code; ++i) code[i] = i < sizeof c.bytes ? c.bytes[i] : 0x90;
      u32 n = sizeof c.bytes;
      code[n] = 0xcd, code[n + 1] = kDone;
      for (u32 i = 0; i < n; ++i) {
        if (code[i] == 0 && i > 0) code[i] = 0x90;
      }
      for (u8& b : data) b = 0;
      asm volatile("" : : : "memory");
      State s = state(3, 0, kAc);
      s.esi += offset;
      s.eax = 0;
      const Trap t = run(s);
      got << (t.done() ? '.' : t.vector == 17 && t.error == 0 ? 'A' : '?');
      wanted << (offset % c.alignment == 0 ? '.' : 'A');
    }
    expect(Text("ac: ") << c.name << " at 0 to 7", got, wanted);
  }
  // Without one of the three there is none.
  fill(0x8b, 0x46, 0x01, 0xcd, kDone);
  expect("ac clear", describe(run(state(3))), "done");
  expect("ring 0 with ac", describe(run(state(0, 0, kAc))), "done");
  write_cr0(read_cr0() & ~kAlignmentMask);
  expect("am clear", describe(run(state(3, 0, kAc))), "done");
  write_cr0(read_cr0() | kAlignmentMask);
  // push eax on an odd stack; and what the processor reads for itself (the GDT) is never checked.
  fill(0x50, 0xcd, kDone);
  State s = state(3, 0, kAc);
  s.esp -= 1;
  expect("push on a misaligned stack", describe(run(s)), fault("#AC", 0));
  fill(0x8e, 0xe8, 0xcd, kDone);
  s = state(3, 0, kAc);
  s.eax = kData3;
  expect("mov gs, ax with ac", describe(run(s)), "done");
  // The limit is checked before the alignment (table 6-2).
  gdt[kFreeSelectors >> 3] = descriptor(reinterpret_cast<u32>(data), 3, 0xf3, 4);
  fill(0x8e, 0xe8, 0x65, 0xa1, 1, 0, 0, 0, 0xcd, kDone);  // mov gs, ax; mov eax, gs:[1]
  s = state(3, 0, kAc);
  s.eax = kFreeSelectors | 3;
  expect("beyond the limit and misaligned", describe(run(s)), fault("#GP", 0));
  write_cr0(read_cr0() & ~kAlignmentMask);
}

// --- Which fault of several (table 6-2).
void priorities() {
  // Undefined before privileged, privileged before the operand.
  fill(0x0f, 0x22, 0xe8, 0xcd, kDone);  // mov cr5, eax
  expect("mov cr5 at ring 3", describe(run(state(3))), fault("#UD"));
  fill(0xf0, 0x0f, 0x22, 0xd8, 0xcd, kDone);  // lock mov cr3, eax
  expect("lock mov cr3 at ring 3", describe(run(state(3))), fault("#UD"));
  fill(0xf0, 0xf4, 0xcd, kDone);
  expect("lock hlt at ring 3", describe(run(state(3))), fault("#UD"));
  fill(0x0f, 0xaa, 0xcd, kDone);
  expect("rsm", describe(run(state(0))), fault("#UD"));
  // A selector is read before it is judged: lldt [beyond the limit] at ring 3 is #GP(0) of the privilege.
  fill(0x0f, 0x00, 0x15, 0xff, 0xff, 0xff, 0xff, 0xcd, kDone);
  expect("lldt of what can't be read, at ring 3", describe(run(state(3))), fault("#GP", 0));
  fill(0x9a, 0, 0, 0, 0, 0xf8, 0xff, 0xcd, kDone);
  expect("call beyond the gdt", describe(run(state(3))), fault("#GP", 0xfff8));
  // INT n: the gate's DPL before its P.
  idt[0x41] = gate(kCode0, 0, 0x0e);
  fill(0xcd, 0x41, 0xcd, kDone);
  expect("int n: dpl before p", describe(run(state(3))), fault("#GP", 0x41 * 8 + 2));
  // BOUND and INTO.
  fill(0x62, 0x06, 0xcd, kDone);
  data[0] = 1, data[1] = data[2] = data[3] = data[5] = data[6] = data[7] = 0, data[4] = 5;
  for (const u32 value : {0u, 1u, 5u, 6u}) {
    State s = state(3);
    s.eax = value;
    expect(Text("bound of 1 to 5, ") << value, describe(run(s)), value == 1 || value == 5 ? "done" : "#BR");
  }
  fill(0xce, 0xcd, kDone);
  expect("into without of", describe(run(state(3))), "done");
  const Trap t = run(state(3, 0, 1u << 11));
  expect("into with of is a trap", describe(t) << " after " << t.at.eip - code_at(0) << " bytes", "#OF after 1 bytes");
}

}  // namespace

void guest_main() {
  out8(0x21, 0xff);  // no interrupt is to come while IF is set
  out8(0xa1, 0xff);
  privileged();
  by_iopl();
  io_permissions();
  fast_calls();
  alignment();
  priorities();
}
