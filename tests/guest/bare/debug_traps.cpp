// Debug exceptions: single step, the four kinds of breakpoints, general detect, RF (SDM 3B, 17.2 and 17.3; 3A, 6.8.3).
#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kTrap = 1u << 8, kRf = 1u << 16;
constexpr u32 kB0 = 1, kB1 = 2, kB2 = 4, kB3 = 8, kBd = 1u << 13, kBs = 1u << 14;  // DR6
constexpr u32 kGd = 1u << 13;                                                      // DR7
enum Kind : u32 { kExecute, kWrite, kPort, kReadOrWrite };
constexpr u32 kDe = 1u << 3;  // CR4

alignas(4096) u8 data[4096];

template <u32 N>
u32 read_dr() {
  u32 v;
  asm volatile("mov %%dr%c1, %0" : "=r"(v) : "i"(N));
  return v;
}
template <u32 N>
void write_dr(u32 v) {
  asm volatile("mov %0, %%dr%c1" : : "r"(v), "i"(N));
}

// DR7 for breakpoint `n`, enabled globally. length: 1, 2 or 4 bytes.
constexpr u32 enable(u32 n, Kind kind, u32 length) {
  return (2u << (2 * n)) | (((length - 1) << 2 | kind) << (16 + 4 * n));
}
constexpr u32 enable_locally(u32 n, Kind kind, u32 length) { return enable(n, kind, length) ^ (3u << (2 * n)); }

// Registers at entry: ESI and EDI in `data`, ECX 3, DX 80h; AX and the top of the stack are the ring's data selector.
Trap run_code(u32 ring, u32 eflags) {
  State s = state_at_ring(ring);
  s.eip = code_at(0);
  s.esi = reinterpret_cast<u32>(data);
  s.edi = s.esi + 0x100;
  s.ecx = 3;
  s.edx = 0x80;
  s.eax = s.ss;
  s.eflags = 2 | eflags;
  s.esp -= 16;
  at<u32>(s.esp) = s.ss;
  write_dr<6>(0);
  asm volatile("" : : : "memory");
  return run(s);
}

Text result(const Trap& t) {
  Text text = (describe(t) << " ip ").hex(t.at.eip - code_at(0), 2);
  text << " dr6";
  const u32 dr6 = read_dr<6>();
  for (u32 n = 0; n < 4; ++n) {
    if (dr6 & (1u << n)) text << " b" << n;
  }
  if (dr6 & kBd) text << " bd";
  if (dr6 & kBs) text << " bs";
  if (t.at.eflags & kRf) text << ", rf";
  write_dr<7>(0);
  return text;
}

// Single-stepped from the first byte on: the first trap.
template <class... Bytes>
Text step(Bytes... bytes) {
  fill(bytes...);
  return result(run_code(0, kTrap));
}

// With `dr7` and one address for those that it enables. (Breakpoints that are not enabled may be reported or not.)
template <class... Bytes>
Text watch(u32 address, u32 dr7, Bytes... bytes) {
  fill(bytes..., 0xcd, kDone);
  write_dr<0>((dr7 & 3) ? address : 0), write_dr<1>((dr7 & 12) ? address : 0);
  write_dr<2>((dr7 & 0x30) ? address : 0), write_dr<3>((dr7 & 0xc0) ? address : 0);
  write_dr<7>(dr7);
  return result(run_code(0, 0));
}

Text trap(u32 ip, const char* bits) { return ((Text("#DB ip ").hex(ip, 2)) << " dr6 ") << bits; }
Text done(u32 ip) { return Text("done ip ").hex(ip, 2) << " dr6"; }
u32 data_at(u32 i) { return reinterpret_cast<u32>(data) + i; }

// --- TF.

void single_step() {
  expect("step a nop", step(0x90), trap(1, "bs"));
  expect("step a jump to itself", step(0xeb, 0xfe), trap(0, "bs"));
  // SDM 3A, 6.8.3: no step after MOV SS and POP SS; LSS has none of this.
  expect("step mov ss", step(0x8e, 0xd0, 0x90), trap(3, "bs"));
  expect("step pop ss", step(0x17, 0x90), trap(2, "bs"));
  expect("step mov ss twice", step(0x8e, 0xd0, 0x8e, 0xd0), trap(4, "bs"));
  // The flags that POPF takes away were set when it began (SDM 3B, 17.3.1.4).
  expect("step popf that clears tf", step(0x9d), trap(1, "bs"));
  // Each iteration is a trap with RF set; after the last RF is clear (17.3.1.1).
  expect("step rep movsb", step(0xf3, 0xa4), trap(0, "bs, rf"));
  fill(0xf3, 0xa4);
  {
    State s = state_at_ring(0);
    s.eip = code_at(0);
    s.esi = data_at(0), s.edi = data_at(64), s.ecx = 1, s.eflags = 2 | kTrap;
    write_dr<6>(0);
    expect("step the last rep movsb", result(run(s)), trap(2, "bs"));
  }
  // INT n and INT3 clear TF on their way, so that their handlers are not stepped; TF is in the image.
  Trap t;
  fill(0xcd, 0x40);
  t = run_code(0, kTrap);
  expect("step int n", result(t) << ((t.at.eflags & kTrap) ? " tf" : ""), "vector 64 ip 02 dr6 tf");
  expect("step int3", step(0xcc), "#BP ip 01 dr6");
  expect("step int1", step(0xf1), "#DB ip 01 dr6");
  // An instruction that faults is not stepped.
  expect("step ud2", step(0x0f, 0x0b), "#UD ip 00 dr6, rf");
  fill(0x90);
  expect("step at ring 3", result(run_code(3, kTrap)), trap(1, "bs"));
  // SYSENTER leaves TF alone: the trap comes at its target.
  write_msr(0x174, kCode0);
  write_msr(0x175, reinterpret_cast<u32>(data) + 0x800);
  write_msr(0x176, code_at(8));
  fill(0x0f, 0x34);
  expect("step sysenter", result(run_code(3, kTrap)), trap(8, "bs"));
  write_msr(0x174, 0);
}

// --- Instruction breakpoints.

void execute() {
  for (u32 n = 0; n < 4; ++n) {
    const Text hit = trap(1, "b") << n;
    expect(Text("execute, global ") << n, watch(code_at(1), enable(n, kExecute, 1), 0x90, 0x90), hit);
    expect(Text("execute, local ") << n, watch(code_at(1), enable_locally(n, kExecute, 1), 0x90, 0x90), hit);
  }
  expect("execute, second byte of an instruction", watch(code_at(2), enable(0, kExecute, 1), 0x90, 0xb0, 0), done(5));
  expect("execute, disabled", watch(code_at(1), 0, 0x90, 0x90), done(4));
  // A fault: before its instruction, and before an INT n, a fault of it, an undefined one.
  expect("execute, on ud2", watch(code_at(1), enable(0, kExecute, 1), 0x90, 0x0f, 0x0b), trap(1, "b0"));
  // In the shadow of MOV SS it is not seen (SDM 3A, 6.8.3).
  expect("execute, after mov ss", watch(code_at(2), enable(0, kExecute, 1), 0x8e, 0xd0, 0x90), done(5));
  expect("execute, after mov ss; nop", watch(code_at(3), enable(0, kExecute, 1), 0x8e, 0xd0, 0x90), trap(3, "b0"));
  // RF lets it pass once (17.3.1.1).
  fill(0x90, 0xeb, 0xfd);
  write_dr<0>(code_at(0));
  write_dr<7>(enable(0, kExecute, 1));
  {
    const Trap t = run_code(0, kRf);
    expect("execute, with rf", result(t), trap(0, "b0"));
  }
  // A string instruction meets it once, not at each iteration.
  fill(0xf3, 0xa4, 0xcd, kDone);
  write_dr<0>(code_at(0));
  write_dr<7>(enable(0, kExecute, 1));
  expect("execute, rep movsb with rf", result(run_code(0, kRf)), done(4));
  // The faulting instruction's image has RF, the breakpoint's has not: seen above by ", rf".
  // Both at a time, with an earlier trap first (SDM 3A, table 6-2).
  fill(0x90, 0x90);
  write_dr<0>(code_at(1));
  write_dr<7>(enable(0, kExecute, 1));
  expect("execute, after a stepped instruction", result(run_code(0, kTrap)), trap(1, "bs"));
}

// --- Data breakpoints. mov [esi+d8], al: 88 46 d8; ax: 66 89 46 d8; eax: 89 46 d8. Reads: 8a, 66 8b, 8b.

void accesses() {
  const u32 place = data_at(4);
  const u32 write4 = enable(0, kWrite, 4), write1 = enable(0, kWrite, 1), both4 = enable(0, kReadOrWrite, 4);
  expect("write, 4 bytes", watch(place, write4, 0x89, 0x46, 4), trap(3, "b0"));
  expect("write, read does not hit", watch(place, write4, 0x8b, 0x46, 4), done(5));
  expect("read or write, read", watch(place, both4, 0x8b, 0x46, 4), trap(3, "b0"));
  expect("read or write, write", watch(place, both4, 0x89, 0x46, 4), trap(3, "b0"));
  // Any byte of the access within the range (17.2.5).
  for (u32 d = 0; d < 10; ++d) {
    const bool hits = d > 0 && d < 8;
    expect(Text("4 bytes at 4, dword write at ") << d, watch(place, write4, 0x89, 0x46, d),
           hits ? trap(3, "b0") : done(5));
  }
  expect("1 byte, dword write below", watch(data_at(3), write1, 0x89, 0x46, 0), trap(3, "b0"));
  expect("2 bytes, odd address is rounded down", watch(data_at(5), enable(0, kWrite, 2), 0x88, 0x46, 4), trap(3, "b0"));
  expect("4 bytes, address is rounded down", watch(data_at(7), write4, 0x88, 0x46, 4), trap(3, "b0"));
  expect("4 bytes, above the rounded range", watch(data_at(7), write4, 0x88, 0x46, 8), done(5));
  expect("several at a time",
         watch(place, write4 | enable(2, kReadOrWrite, 1) | enable(3, kReadOrWrite, 2), 0x89, 0x46, 4),
         trap(3, "b0 b2 b3"));
  // inc dword [esi+4]: ff 46 04. A read-modify-write is a write.
  expect("write, read-modify-write", watch(place, write4, 0xff, 0x46, 4), trap(3, "b0"));
  expect("write, cmpxchg that does not match", watch(place, write4, 0x0f, 0xb1, 0x46, 4), trap(4, "b0"));
  // A trap: the instruction is complete, with single step in the same exception.
  fill(0x89, 0x46, 4);
  write_dr<0>(place);
  write_dr<7>(write4);
  expect("write and step", result(run_code(0, kTrap)), trap(3, "b0 bs"));
  // A read for an instruction that faults is not reported: div by a byte of zero.
  data[4] = 0;
  expect("an access of what faults", watch(place, both4, 0xf6, 0x76, 4), "#DE ip 00 dr6, rf");
  // String instructions: after the iteration, with RF (17.3.1.1). The second byte of three.
  expect("rep stosb, second", watch(data_at(0x101), write1, 0xf3, 0xaa), trap(0, "b0, rf"));
  expect("rep stosb, last", watch(data_at(0x102), write1, 0xf3, 0xaa), trap(2, "b0"));
  // Fetches of code and disabled breakpoints do not hit.
  expect("write, disabled", watch(place, write4 & ~0xffu, 0x89, 0x46, 4), done(5));
  expect("read or write, on code", watch(code_at(0), enable(0, kReadOrWrite, 4), 0x90), done(3));
  // mov esp, edi; push eax.
  expect("write, push", watch(data_at(0xfc), write4, 0x89, 0xfc, 0x50), trap(3, "b0"));
  // MOV SS holds it back until the next instruction is complete: mov ss, [esi+4]; nop; nop.
  at<u16>(data_at(4)) = kData0;
  expect("read, by mov ss", watch(place, both4, 0x8e, 0x56, 4, 0x90, 0x90), trap(4, "b0"));
  // ... also when that is an INT: then before the handler's first instruction.
  fill(0x8e, 0x56, 4, 0xcd, 0x40);
  write_dr<0>(place);
  write_dr<7>(both4);
  const Trap t = run_code(0, 0);
  const u32 handler = static_cast<u32>(idt[0x40] & 0xffff) | static_cast<u32>(idt[0x40] >> 32 & 0xffff0000);
  write_dr<7>(0);
  expect("read, by mov ss before int n", describe(t) << (t.at.eip == handler ? " in its handler" : " elsewhere"),
         "#DB in its handler");
}

// --- I/O breakpoints. out dx, al: ee; in al, dx: ec; out dx, eax: ef.

void ports() {
  const u32 port1 = enable(0, kPort, 1), port4 = enable(0, kPort, 4);
  expect("port, without cr4.de", watch(0x80, port1, 0xee), done(3));
  write_cr4(read_cr4() | kDe);
  expect("port, out", watch(0x80, port1, 0xee), trap(1, "b0"));
  expect("port, in", watch(0x80, port1, 0xec), trap(1, "b0"));
  expect("port, another", watch(0x81, port1, 0xee), done(3));
  expect("port, out eax reaches it", watch(0x83, port1, 0xef), trap(1, "b0"));
  expect("port, 4 bytes", watch(0x83, port4, 0xee), trap(1, "b0"));
  expect("port, memory at its number", watch(data_at(4), port1, 0x89, 0x46, 4), done(5));
  expect("port, rep outsb", watch(0x80, port1, 0xf3, 0x6e), trap(0, "b0, rf"));
  expect("port, outsb", watch(0x80, port1, 0x6e), trap(1, "b0"));
  expect(
      "port, refused out",
      [] {
        write_dr<0>(0x80);
        write_dr<7>(enable(0, kPort, 1));
        fill(0xee);
        return result(run_code(3, 0));
      }(),
      "#GP(0000) ip 00 dr6, rf");
  write_cr4(read_cr4() & ~kDe);
}

// --- The registers.

void registers() {
  // Fixed bits (17.2.3, 17.2.4).
  write_dr<6>(0xffffffff);
  expect("dr6 all set", Text().hex(read_dr<6>()), "ffffefff");
  write_dr<6>(0);
  expect("dr6 all clear", Text().hex(read_dr<6>()), "ffff0ff0");
  write_dr<7>(0);
  expect("dr7 all clear", Text().hex(read_dr<7>()), "00000400");
  // B0 to B3 are those of the last exception, BS stays (17.2.3).
  fill(0x90);
  write_dr<0>(code_at(0));
  write_dr<7>(enable(0, kExecute, 1));
  (void)run_code(0, 0);
  const u32 first = read_dr<6>();
  write_dr<7>(0);
  State s = state_at_ring(0);
  s.eip = code_at(0);
  s.eflags = 2 | kTrap;
  (void)run(s);
  expect("dr6 after a breakpoint, then a step", (Text().hex(first) << ", ").hex(read_dr<6>()), "ffff0ff1, ffff4ff0");
  // DR4 and DR5 are DR6 and DR7 until CR4.DE makes them undefined (17.2.2). mov eax, dr4: 0f 21 e0; mov dr5, eax: 0f 23
  // e8.
  write_dr<6>(0);
  fill(0x0f, 0x21, 0xe0, 0xcd, kDone);
  Trap t = run_code(0, 0);
  expect("mov eax, dr4", (describe(t) << ' ').hex(t.at.eax), "done ffff0ff0");
  write_cr4(read_cr4() | kDe);
  expect("mov eax, dr4 with de", describe(run_code(0, 0)), fault("#UD"));
  fill(0x0f, 0x23, 0xe8);
  expect("mov dr5, eax with de", describe(run_code(0, 0)), fault("#UD"));
  write_cr4(read_cr4() & ~kDe);
  // At CPL 3: #GP(0).
  fill(0x0f, 0x21, 0xc0);
  expect("mov eax, dr0 at ring 3", describe(run_code(3, 0)), fault("#GP", 0));
  // General detect (17.2.4): a fault, with RF in the image, and GD is clear in the handler.
  fill(0x0f, 0x21, 0xd8, 0xcd, kDone);
  write_dr<7>(kGd);
  t = run(([] {
    State detect = state_at_ring(0);
    detect.eip = code_at(0);
    return detect;
  })());
  const u32 dr7 = read_dr<7>();
  expect("general detect", result(t) << ", dr7 " << Text().hex(dr7), "#DB ip 00 dr6 bd, rf, dr7 00000400");
}

}  // namespace

void guest_main() {
  single_step();
  execute();
  accesses();
  ports();
  registers();
  // A debug trap wakes from HLT (SDM 2A, HLT). At the end, because some emulators sleep on.
  expect("step hlt", step(0xf4), trap(1, "bs"));
}
