// x87 arithmetic, moves and comparisons, by the host's own unit: to the bit, with every exception, rounding and
// precision rule of the guest's control word.
//
// The guest's state goes into the host's unit by FRSTOR, the instruction runs, FNSAVE takes the state back. FNSAVE does
// not wait, so an exception that the guest has unmasked stays what it is for the guest too: a pending bit that the next
// waiting instruction finds (SDM 1, 8.6), and never a signal of the host.
#include <cstring>

#include "cpu/fpu.hpp"
#include "cpu/semantics.hpp"

// One stub an encoding. Memory forms (64): opcode d8 + n / 8, ModRM.reg n % 8, operand at [rdi]. Register forms (512):
// opcode d8 + n / 64, ModRM c0 + n % 64.
asm(R"(
.pushsection .text
.balign 16
paemu_x87_memory_stubs:
.set opcode, 0
.rept 8
.set digit, 0
.rept 8
.byte 0xd8 + opcode, digit * 8 + 7
ret
.balign 4
.set digit, digit + 1
.endr
.set opcode, opcode + 1
.endr
.balign 16
paemu_x87_register_stubs:
.set opcode, 0
.rept 8
.set low, 0
.rept 64
.byte 0xd8 + opcode, 0xc0 + low
ret
.balign 4
.set low, low + 1
.endr
.set opcode, opcode + 1
.endr
.popsection
)");
extern "C" const paemu::u8 paemu_x87_memory_stubs[];
extern "C" const paemu::u8 paemu_x87_register_stubs[];

namespace paemu {

namespace {

constexpr u32 kStubSize = 4;

// The image of FNSAVE and FRSTOR in 32-bit protected mode (SDM 1, figure 8-9).
struct [[gnu::packed]] SaveImage {
  u32 control, status, tag;
  u32 code_offset, code_selector_and_opcode, data_offset, data_selector;
  u8 st[8][10];
};
static_assert(sizeof(SaveImage) == 108);

void to_image(const FpuState& f, SaveImage& image) {
  std::memset(&image, 0, sizeof image);
  image.control = f.control;
  image.status = f.status;
  for (u32 n = 0; n < 8; ++n) image.tag |= (f.tag >> n & 1 ? 0u : 3u) << n * 2;  // FRSTOR only asks: empty?
  for (u32 n = 0; n < 8; ++n) std::memcpy(image.st[n], f.st[(fpu_top(f) + n) & 7], 10);
}

void from_image(const SaveImage& image, FpuState& f) {
  f.control = static_cast<u16>(image.control);
  f.status = static_cast<u16>(image.status);
  f.tag = 0;
  for (u32 n = 0; n < 8; ++n) f.tag |= static_cast<u8>((image.tag >> n * 2 & 3) != 3 ? 1u << n : 0);
  for (u32 n = 0; n < 8; ++n) std::memcpy(f.st[(fpu_top(f) + n) & 7], image.st[n], 10);
}

// Runs a stub on `state`. `operand` is its memory operand, if any; `flags` go in and come out as host flags.
void run_on_host(FpuState& state, const u8* stub, void* operand, u64& flags) {
  SaveImage image;
  to_image(state, image);
  // With CR0.NE clear the guest may go on with an exception pending, which on the host would be a signal: then this
  // instruction runs with all of them masked.
  const u16 control = state.control;
  if (state.status & ~control & fpu_status::kExceptions) image.control |= fpu_status::kExceptions;
  // The red zone may hold the compiler's data: step over it before the stack is used.
  asm volatile(
      "lea -128(%%rsp), %%rsp\n"
      "push %[flags]\n"
      "popf\n"
      "frstor (%[image])\n"
      "call *%[stub]\n"
      "fnsave (%[image])\n"
      "pushf\n"
      "pop %[flags]\n"
      "lea 128(%%rsp), %%rsp\n"
      : [flags] "+r"(flags)
      : [image] "r"(&image), [stub] "r"(stub), "D"(operand)
      : "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
  from_image(image, state);
  state.control = control;
  update_error_summary(state);
}

// What a memory form moves, by opcode and ModRM.reg: bytes, and whether it writes them.
struct Operand {
  u8 size;
  bool store;
};
Operand operand_of(u32 opcode, u32 digit) {
  switch (opcode) {
    case 0xd8:
    case 0xda: return {4, false};
    case 0xd9: return {4, digit != 0};
    case 0xdc: return {8, false};
    case 0xde: return {2, false};
    case 0xdb: return digit >= 5 ? Operand{10, digit == 7} : Operand{4, digit != 0};
    case 0xdd: return {8, digit != 0};
    default:
      return {static_cast<u8>(digit == 4 || digit == 6   ? 10
                              : digit == 5 || digit == 7 ? 8
                                                         : 2),
              digit != 0 && digit != 4 && digit != 5};
  }
}

// FIP, FCS, FOP, and FDP, FDS of a memory operand (SDM 1, 8.1.8).
void note_pointers(Cpu& cpu, const Insn& i, FpuState& f) {
  f.code_offset = cpu.state.eip;
  f.code_selector = cpu.state.segment[isa::kCs].selector;
  f.last_opcode = static_cast<u16>((i.opcode & 7) << 8 | i.modrm);
  if (!(i.flags & isa::insn_flag::kMemory)) return;
  f.data_offset = cpu.effective_address(i);
  f.data_selector = cpu.state.segment[i.segment].selector;
}

bool ready(Cpu& cpu) { return x87_available(cpu) && no_pending_fpu_error(cpu); }

Outcome run_register(Cpu& cpu, const Insn& i, u64& flags) {
  FpuState f = cpu.state.fpu;
  const u32 number = (i.opcode - 0xd8u) * 64 + (i.modrm - 0xc0u);
  run_on_host(f, paemu_x87_register_stubs + number * kStubSize, nullptr, flags);
  note_pointers(cpu, i, f);
  const FpuErrorLine line(cpu);
  cpu.state.fpu = f;
  return Outcome::kNext;
}

}  // namespace

Outcome sem_x87_memory(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  const u32 digit = i.reg & 7;
  const Operand operand = operand_of(i.opcode, digit);
  alignas(16) u8 bytes[16] = {};
  const u32 offset = cpu.effective_address(i);
  if (!operand.store && !cpu.load_bytes(i.segment, offset, bytes, operand.size)) return Outcome::kFault;
  FpuState f = cpu.state.fpu;
  u64 flags = 2;
  run_on_host(f, paemu_x87_memory_stubs + ((i.opcode - 0xd8u) * 8 + digit) * kStubSize, bytes, flags);
  note_pointers(cpu, i, f);
  // An unmasked invalid operation, overflow or underflow stores nothing (SDM 1, 8.5): then no byte of memory changes.
  constexpr u16 kNoStore = 1u << 0 | 1u << 3 | 1u << 4;
  const u16 raised = static_cast<u16>(f.status & ~cpu.state.fpu.status & ~f.control);
  if (operand.store) {
    const bool stored = raised & kNoStore ? may_write(cpu, i.segment, offset, operand.size)
                                          : cpu.store_bytes(i.segment, offset, bytes, operand.size);
    if (!stored) return Outcome::kFault;
  }
  const FpuErrorLine line(cpu);
  cpu.state.fpu = f;
  return Outcome::kNext;
}

Outcome sem_x87_register(Cpu& cpu, const Insn& i) {
  u64 flags = 2;
  return ready(cpu) ? run_register(cpu, i, flags) : Outcome::kFault;
}

// FCMOVcc: the guest's flags decide.
Outcome sem_x87_move_if(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  u64 flags = (cpu.flags() & eflag::kArithmetic) | eflag::kAlwaysOne;
  return run_register(cpu, i, flags);
}

// FCOMI and kin: ZF, PF and CF are the result, OF, SF and AF are cleared.
Outcome sem_x87_compare(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  u64 flags = (cpu.flags() & eflag::kArithmetic) | eflag::kAlwaysOne;
  const Outcome done = run_register(cpu, i, flags);
  cpu.set_flags((cpu.state.eflags & ~eflag::kArithmetic) | (static_cast<u32>(flags) & eflag::kArithmetic));
  return done;
}

}  // namespace paemu
