// x87 arithmetic, moves and comparisons in the form that can do everything: the unit may be unavailable, its state may
// not be lent yet, exceptions may be unmasked, memory may fault. The quick forms are in interp/x87_forms.hpp.
#include <array>
#include <utility>

#include "cpu/semantics.hpp"
#include "cpu/x87_instruction.hpp"

namespace paemu {

namespace {

using x87::Comparison;

bool ready(Cpu& cpu) { return x87_available(cpu) && no_pending_fpu_error(cpu); }

// The functions of all encodings: 64 register forms and 8 memory forms an opcode.
using OnRegisters = void (*)();
using OnMemory = void (*)(void* operand);
using MoveIf = void (*)(bool condition);
using Compare = Comparison (*)();

constexpr auto kOnRegisters = []<u32... N>(std::integer_sequence<u32, N...>) {
  return std::array<OnRegisters, sizeof...(N)>{&x87::on_registers<0xd8 + N / 64, 0xc0 + N % 64>...};
}
(std::make_integer_sequence<u32, 512>{});
constexpr auto kOnMemory = []<u32... N>(std::integer_sequence<u32, N...>) {
  return std::array<OnMemory, sizeof...(N)>{&x87::on_memory<0xd8 + N / 8, N % 8>...};
}
(std::make_integer_sequence<u32, 64>{});
constexpr auto kMoveIf = []<u32... N>(std::integer_sequence<u32, N...>) {
  return std::array<MoveIf, sizeof...(N)>{&x87::move_if<N>...};
}
(std::make_integer_sequence<u32, 8>{});
// db e8 to f7 (FUCOMI, FCOMI), then df e8 to f7 (FUCOMIP, FCOMIP).
constexpr auto kCompare = []<u32... N>(std::integer_sequence<u32, N...>) {
  return std::array<Compare, sizeof...(N)>{&x87::compare < N / 16 ? 0xdf : 0xdb, 0xe8 + N % 16 > ...};
}
(std::make_integer_sequence<u32, 32>{});

u16 unmasked(const FpuState& f) { return static_cast<u16>(f.status & ~f.control & fpu_status::kExceptions); }

// Runs `operate` on the lent state -> the unmasked exceptions that it raised.
template <class Operate>
u16 run_on_host(Cpu& cpu, Operate operate) {
  FpuState& f = cpu.state.fpu;
  if (!(cpu.lent_fpu & lent::kAnyX87) && unmasked(f) != 0) [[unlikely]] {
    // With CR0.NE clear the guest may go on with an exception pending, which on the host would be a signal: this
    // instruction runs with all of them masked.
    const u16 control = f.control;
    f.control |= fpu_status::kExceptions;
    lend_x87(cpu);
    operate();
    return_x87(cpu);
    f.control = control;
    update_error_summary(f);
    return 0;
  }
  lend_x87(cpu);
  operate();
  if (!(cpu.lent_fpu & lent::kX87Unmasked) || !(host_x87_status() & fpu_status::kErrorSummary)) return 0;
  const FpuErrorLine line(cpu);  // before the status comes back: nothing was pending
  return_x87(cpu);
  return unmasked(f);
}

}  // namespace

Outcome sem_x87_register(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  run_on_host(cpu, kOnRegisters[(i.opcode - 0xd8u) * 64 + (i.modrm - 0xc0u)]);
  x87::note_instruction(cpu, i, cpu.state.eip);
  return Outcome::kNext;
}

Outcome sem_x87_memory(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  const u32 digit = i.reg & 7;
  const x87::Operand operand = x87::operand_of(i.opcode, digit);
  alignas(16) u8 bytes[16] = {};
  const u32 offset = cpu.effective_address(i);
  // A store asks first, so that nothing has changed when it faults.
  const bool reached = operand.store ? may_write(cpu, i.segment, offset, operand.size)
                                     : cpu.load_bytes(i.segment, offset, bytes, operand.size);
  if (!reached) return Outcome::kFault;
  const u16 raised = run_on_host(cpu, [&] { kOnMemory[(i.opcode - 0xd8u) * 8 + digit](bytes); });
  x87::note_instruction(cpu, i, cpu.state.eip);
  x87::note_operand(cpu, i, offset);
  // An unmasked invalid operation, overflow or underflow stores nothing (SDM 1, 8.5).
  constexpr u16 kNoStore = 1u << 0 | 1u << 3 | 1u << 4;
  if (operand.store && !(raised & kNoStore) && !cpu.store_bytes(i.segment, offset, bytes, operand.size))
    return Outcome::kFault;
  return Outcome::kNext;
}

// FCMOVcc: the guest's flags decide.
Outcome sem_x87_move_if(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  const bool condition = x87::move_condition(cpu.lazy, i.opcode, i.reg);
  run_on_host(cpu, [&] { kMoveIf[i.modrm & 7](condition); });
  x87::note_instruction(cpu, i, cpu.state.eip);
  return Outcome::kNext;
}

// FCOMI and kin: ZF, PF and CF are the result, unless an invalid operation is unmasked; OF, SF and AF are cleared in
// any case (SDM 2, FCOMI).
Outcome sem_x87_compare(Cpu& cpu, const Insn& i) {
  if (!ready(cpu)) return Outcome::kFault;
  Comparison result{};
  const u32 n = (i.opcode == 0xdf ? 16u : 0u) + (i.modrm - 0xe8u);
  const u16 raised = run_on_host(cpu, [&] { result = kCompare[n](); });
  constexpr u16 kInvalid = 1;
  constexpr u32 kResult = eflag::kZero | eflag::kParity | eflag::kCarry;
  cpu.lazy.set(raised & kInvalid ? cpu.lazy.get() & kResult : result.flags());
  x87::note_instruction(cpu, i, cpu.state.eip);
  return Outcome::kNext;
}

}  // namespace paemu
