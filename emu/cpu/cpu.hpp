// Cpu: one processor as the semantics see it: its state, what it is wired to, and the accesses they make through both.
//
// A semantic function is `Outcome sem_NAME(Cpu&, const isa::Insn&)`, named in the instruction table (isa/x86.inc). When
// it is called, state.eip is the address of its instruction and VirtualClock::retired counts those before it. It either
// completes, or changes nothing architectural and returns kFault with the exception in `fault`.
//
// Invariants:
//  - Arithmetic flags live in `lazy`; state.eflags has the other bits, exact, and the arithmetic ones only after
//  settle().
//  - Everything derived from CR0, EFLAGS.VM and the segment registers (mode_key, cpl, windows) is recomputed by
//    update_mode(); whoever changes one of those calls it before returning.
#pragma once

#include "bus/interrupt_controller.hpp"
#include "bus/io.hpp"
#include "bus/mmio.hpp"
#include "cpu/cpuid.hpp"
#include "cpu/fault.hpp"
#include "cpu/lazy_flags.hpp"
#include "cpu/state.hpp"
#include "cpu/topology.hpp"
#include "isa/insn.hpp"
#include "memory/physical_memory.hpp"
#include "mmu/mmu.hpp"
#include "replay/host_interfaces.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

using isa::Insn;
struct Engine;

// What is fixed while a block of code runs; part of a decoded block's key.
namespace mode {
inline constexpr u8 kCode32 = 1u << 0;     // CS.D
inline constexpr u8 kStack32 = 1u << 1;    // SS.B
inline constexpr u8 kFlat = 1u << 2;       // CS, SS, DS and ES: base 0, limit 4 GiB, readable, and writable but for CS
inline constexpr u8 kUser = 1u << 3;       // CPL 3
inline constexpr u8 kProtected = 1u << 4;  // CR0.PE set and EFLAGS.VM clear
}  // namespace mode

// For whom a model-specific or control register is more than a number; set by board. All may stay empty.
class CpuHooks {
 public:
  virtual void on_apic_base(u64 value) = 0;
  virtual void on_init() = 0;                    // an INIT is being taken: the local APIC is reset too
  virtual void on_fpu_error(bool asserted) = 0;  // FERR#, for IRQ 13 (CR0.NE clear)
  virtual bool ignores_fpu_error() const = 0;    // IGNNE#

 protected:
  ~CpuHooks() = default;
};

struct CpuWiring {
  VirtualClock& clock;
  EventQueue& events;
  PortBus& ports;
  MmioBus& mmio;
  PhysicalMemory& memory;
  Log& log;
};

class Cpu final : private MmioListener {
 public:
  explicit Cpu(const CpuWiring& wiring);
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  // --- State. First, because the engine's code reaches it with short offsets.
  CpuState state;
  LazyFlags lazy;
  Fault fault;
  u8 mode_key = 0;  // mode::*
  u8 cpl = 0;
  u8 lent_fpu = 0;         // lent::* (cpu/host_fpu.hpp): what of state.fpu is in the host's units
  bool attention = false;  // something happened that the engine must look at before the next instruction
  bool stop_requested = false;
  bool yielded = false;  // PAUSE asked for the turn to end; the run loop clears it
  // Of the instruction under way, while stepping (debug.hpp): DR6 bits of the traps that it has earned, and whether the
  // one before it loaded SS.
  u32 debug_hits = 0;
  bool after_stack_load = false;

  // --- Wiring.
  VirtualClock& clock;
  EventQueue& events;
  PortBus& ports;
  PhysicalMemory& memory;
  Log& log;
  Mmu mmu;
  InterruptController* interrupts = nullptr;  // may stay null: no maskable interrupts
  CpuHooks* hooks = nullptr;
  CpuModel model = CpuModel::parse("coreduo", 36).value();

  // What CPUID shows and which control bits are reserved. From board, before reset(); part of the configuration.
  void set_model(const CpuModel& m) {
    model = m;
    mmu.set_pse36(m.has(Feature::kPse36));
  }

  // Which of all processors it is. From board, before reset(); part of the configuration.
  struct Place {
    Topology topology;
    u32 index = 0;
    bool bootstrap() const { return index == 0; }
    u32 apic_id() const { return topology.apic_id(index); }
  };
  Place place;

  // --- Life.
  // RESET# (SDM 3A, table 9-1): EIP fff0 in CS f000 with base ffff0000. The bootstrap processor runs, the others wait
  // for a start-up IPI.
  void reset();
  // INIT# or an INIT message: the same, but what the table leaves unchanged.
  void initialize();
  // A start-up IPI: starts at the page `vector` in real mode (SDM 3A, 9.4.3).
  void start_up(u8 vector);
  // Brings state.eflags up to date with `lazy`, and the FPU's state back; the engine calls it when it returns from
  // run().
  void settle() {
    state.eflags = flags();
    settle_fpu();
  }
  // Brings back what of the FPU's state is lent to the host's own units. Before anything that is more than an
  // instruction's own work.
  void settle_fpu() {
    if (lent_fpu != 0) [[unlikely]]
      return_fpu();
  }
  // After `state` was written from outside (snapshot, debugger): takes flags, mode and translation from it.
  void adopt();
  // Recomputes mode_key, cpl and the segment windows from state.
  void update_mode();
  // After a load of FS or GS alone, which the mode does not depend on.
  void update_window(u32 segment);

  // --- The line that MONITOR watches (monitor_wait.cpp).
  void disarm_monitor();
  bool monitors(Pfn frame) const { return state.monitor_armed && pfn_of(GuestPhys{state.monitored_line}) == frame; }
  // Memory was written, or changed altogether: ends the wait of MWAIT.
  void note_store(GuestPhys address, u64 size);

  bool protected_mode() const { return state.cr0 & cr0::kProtection; }
  bool virtual8086() const { return state.eflags & eflag::kVirtual8086; }
  bool user() const { return cpl == 3; }
  Privilege privilege() const { return cpl == 3 ? Privilege::kUser : Privilege::kSupervisor; }
  u32 iopl() const { return (state.eflags >> eflag::kIoplShift) & 3; }

  // --- Flags. set_flags writes all 32 bits as given (bit 1 forced); it does not call update_mode().
  u32 flags() const { return (state.eflags & ~eflag::kArithmetic) | lazy.get(); }
  void set_flags(u32 f) {
    state.eflags = f | eflag::kAlwaysOne;
    lazy.set(f);
  }

  // --- Registers by number. Byte registers 4-7 are AH, CH, DH, BH.
  template <class T>
  T reg(u32 n) const {
    if constexpr (sizeof(T) == 1)
      return static_cast<u8>(state.gpr[n & 3] >> ((n & 4) * 2));
    else
      return static_cast<T>(state.gpr[n]);
  }
  template <class T>
  void set_reg(u32 n, T v) {
    if constexpr (sizeof(T) == 1) {
      const u32 shift = (n & 4) * 2;
      state.gpr[n & 3] = (state.gpr[n & 3] & ~(0xffu << shift)) | (u32{v} << shift);
    } else if constexpr (sizeof(T) == 2) {
      state.gpr[n] = (state.gpr[n] & 0xffff0000u) | v;
    } else {
      state.gpr[n] = v;
    }
  }
  u32 stack_mask() const { return (mode_key & mode::kStack32) ? ~0u : 0xffffu; }
  // SP or ESP as the stack segment's B bit says; the upper half of ESP stays when it is SP.
  u32 stack_pointer() const { return state.gpr[isa::kEsp] & stack_mask(); }
  void set_stack_pointer(u32 v) {
    const u32 m = stack_mask();
    state.gpr[isa::kEsp] = (state.gpr[isa::kEsp] & ~m) | (v & m);
  }
  // The address after this instruction, as a plain semantic sees it.
  u32 next_eip(const Insn& i) const { return state.eip + i.length; }

  // --- Faults.
  Outcome raise(Vector v, u32 error_code = 0) {
    fault = Fault{v, error_code, GuestLinear{}};
    return Outcome::kFault;
  }
  Outcome undefined() { return raise(Vector::kInvalidOpcode); }
  Outcome general_protection(u32 error_code = 0) { return raise(Vector::kGeneralProtection, error_code); }

  // --- Memory operands. False: the exception is in `fault`, nothing was changed. T: u8, u16, u32 or u64.
  // The offset within its segment of an instruction's memory operand (SDM 2, tables 2-1 to 2-3).
  u32 effective_address(const Insn& i) const {
    if (i.flags & isa::insn_flag::kAddress16) return effective_address16(i);
    u32 a = i.displacement;
    if (i.base != isa::kNoRegister) a += state.gpr[i.base];
    if (i.index != isa::kNoRegister) a += state.gpr[i.index] << i.scale;
    return a;
  }
  // Segment checks (SDM 3A, 5.3 and 5.5): limit, rights, null selector. -> the linear address.
  bool linear_of(u32 segment, u32 offset, u32 size, Access access, u32& linear);
  // The same where a comparison is enough; false says nothing.
  bool in_window(u32 segment, u32 offset, u32 size, Access access) const {
    const Window& w = window_[segment];
    return u64{offset} + size <= (access == Access::kWrite ? w.write_end : w.read_end);
  }

  // Where the window's end is kept, for translated code.
  const u64* window_end(u32 segment, Access access) const {
    return access == Access::kWrite ? &window_[segment].write_end : &window_[segment].read_end;
  }

  template <class T>
  bool load(u32 segment, u32 offset, T& out);
  template <class T>
  bool store(u32 segment, u32 offset, T value);
  // First half of a read-modify-write: checks as a write and faults as one.
  template <class T>
  bool load_for_write(u32 segment, u32 offset, T& out);
  template <class T>
  bool load(const Insn& i, T& out) {
    return load(i.segment, effective_address(i), out);
  }
  template <class T>
  bool store(const Insn& i, T value) {
    return store(i.segment, effective_address(i), value);
  }
  template <class T>
  bool load_for_write(const Insn& i, T& out) {
    return load_for_write(i.segment, effective_address(i), out);
  }
  // The rm operand, register or memory.
  template <class T>
  bool read_rm(const Insn& i, T& out) {
    if (i.flags & isa::insn_flag::kMemory) return load(i, out);
    out = reg<T>(i.rm);
    return true;
  }
  template <class T>
  bool write_rm(const Insn& i, T v) {
    if (i.flags & isa::insn_flag::kMemory) return store(i, v);
    set_reg<T>(i.rm, v);
    return true;
  }
  // For operands of other sizes (descriptors, FXSAVE images): the whole range is checked before a byte moves.
  bool load_bytes(u32 segment, u32 offset, void* out, u32 size);
  bool store_bytes(u32 segment, u32 offset, const void* data, u32 size);

  // Would the access fault? If so the exception is in `fault`. For instructions of several accesses: all are asked for
  // before the first.
  bool may_access(u32 segment, u32 offset, u32 size, Access access) {
    u32 linear;
    return linear_of(segment, offset, size, access, linear) &&
           linear_result(mmu.probe(linear, size, access, privilege()));
  }

  // --- System accesses, by linear address with supervisor rights (descriptor tables, task state segments).
  template <class T>
  bool load_linear(u32 linear, T& out) {
    return linear_result(mmu.load(linear, Privilege::kSupervisor, out));
  }
  template <class T>
  bool store_linear(u32 linear, T v) {
    return linear_result(mmu.store(linear, Privilege::kSupervisor, v));
  }

  // --- Stack. push writes below the pointer and moves it only when all went well.
  template <class T>
  bool push(T v);
  template <class T>
  bool pop(T& out);

  // --- Time and the engine.
  // The engine stops before the instruction that would be number `retired` (counted as VirtualClock does).
  u64 budget_end = 0;
  // To be called when an earlier event may have been armed, or an interrupt raised (after port and MMIO accesses): the
  // engine looks again before the next instruction.
  void shorten_budget() { attention = true; }
  // The run ends at the boundary after the current instruction (debug-exit, power-off, reset).
  void request_stop() { attention = stop_requested = true; }
  // The processor waits for others (PAUSE): its turn ends after this instruction. Nothing if there are no others.
  void yield() {
    if (place.topology.count() == 1) return;
    yielded = true;
    request_stop();
  }
  // Instructions that this processor has retired.
  u64 own_retired() const { return clock.retired - state.retired_elsewhere; }
  // Something other than this instruction's own work changed what runs next (code written, mapping changed).
  void request_attention() { attention = true; }

  Engine* engine = nullptr;  // the interpreter's own

  // Where the engine is within a block. The engine sets it before anything that may fault or look at the time; sync()
  // makes state.eip and clock.retired exact from it. Outside a block `current` is null.
  struct Position {
    const Insn* first = nullptr;
    const Insn* current = nullptr;
    u64 retired = 0;  // count at `first`
    u32 eip = 0;      // address of `first`
  };
  Position position;
  // Instructions that may still retire before the engine must stop; only for repeated string instructions.
  u64 budget_left() const { return budget_end > clock.retired ? budget_end - clock.retired : 0; }
  void sync() {
    if (position.current == nullptr) return;
    clock.retired = position.retired + static_cast<u64>(position.current - position.first);
    state.eip = position.eip + position.current->offset;
  }

 private:
  void before_mmio() override {
    sync();
    settle_fpu();
  }
  void after_mmio() override { shorten_budget(); }
  void return_fpu();
  u32 effective_address16(const Insn& i) const;
  // The slow half of linear_of: decides and sets `fault` (#SS for the stack segment, else #GP).
  bool check_segment(u32 segment, u32 offset, u32 size, Access access);
  bool linear_result(bool ok) {
    if (!ok) [[unlikely]]
      fault = mmu.fault();
    return ok;
  }
  // What an access of a segment may touch without further thought: offsets below `end` (exclusive), 0 when the slow
  // checks must decide. Derived by update_mode().
  struct Window {
    u64 read_end = 0, write_end = 0;
  };
  Window window_[6];
};

inline bool Cpu::linear_of(u32 segment, u32 offset, u32 size, Access access, u32& linear) {
  linear = state.segment[segment].base + offset;
  if (in_window(segment, offset, size, access)) [[likely]]
    return true;
  return check_segment(segment, offset, size, access);
}

template <class T>
bool Cpu::load(u32 segment, u32 offset, T& out) {
  u32 linear;
  return linear_of(segment, offset, sizeof(T), Access::kRead, linear) &&
         linear_result(mmu.load(linear, privilege(), out));
}
template <class T>
bool Cpu::store(u32 segment, u32 offset, T value) {
  u32 linear;
  return linear_of(segment, offset, sizeof(T), Access::kWrite, linear) &&
         linear_result(mmu.store<T>(linear, privilege(), value));
}
template <class T>
bool Cpu::load_for_write(u32 segment, u32 offset, T& out) {
  u32 linear;
  return linear_of(segment, offset, sizeof(T), Access::kWrite, linear) &&
         linear_result(mmu.load_for_write(linear, privilege(), out));
}

template <class T>
bool Cpu::push(T v) {
  const u32 to = (stack_pointer() - static_cast<u32>(sizeof(T))) & stack_mask();
  if (!store<T>(isa::kSs, to, v)) return false;
  set_stack_pointer(to);
  return true;
}
template <class T>
bool Cpu::pop(T& out) {
  if (!load<T>(isa::kSs, stack_pointer(), out)) return false;
  set_stack_pointer(stack_pointer() + static_cast<u32>(sizeof(T)));
  return true;
}

}  // namespace paemu
