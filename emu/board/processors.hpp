// Processors: all of them, each with its local APIC and its engine, and whose turn it is.
//
// They take turns on one host thread. A turn is kQuantum retired instructions, and ends earlier when the processor halts
// or says by PAUSE that it waits for others. The next one is the next in order that can run. So what runs when follows
// from the guest's own instructions, and a run may stop and go on anywhere within a turn: whose it is and where it ends
// is state. A processor alone has one turn that never ends.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "board/engines.hpp"
#include "bus/apic_bus.hpp"
#include "cpu/cpu.hpp"
#include "cpu/translator_info.hpp"
#include "dev/coprocessor_error.hpp"
#include "dev/local_apic.hpp"

namespace paemu {

// One processor and what is its alone. Wires it: interrupts, NMI, INIT and start-up from its local APIC.
class Processor final : private CpuHooks, private LineInput, private MemoryObserver {
 public:
  // pic and ferr go to the bootstrap processor only (MultiProcessor Specification 1.4, 3.6.2 and B.4).
  struct Wiring {
    CpuWiring cpu;
    ApicMessageSink& bus;
    InterruptController& pic;
    CoprocessorError& ferr;
    const EngineOptions& engine;
  };
  // apic_window: the device at the address of the local APIC.
  Processor(const Wiring& wiring, const CpuModel& model, Cpu::Place place, IoDevice& apic_window);

  Cpu cpu;
  std::unique_ptr<ExecutionEngine> engine;
  LocalApic apic;

  ~Processor();

  void reset();
  void adopt_state();
  // Where its local APIC answers; nothing: it is switched off.
  std::optional<GuestPhys> apic_window() const;

 private:
  void on_apic_base(u64 value) override;  // CpuHooks
  void on_init() override { apic.init_reset(); }
  void on_fpu_error(bool asserted) override;
  bool ignores_fpu_error() const override;
  void set_line(u32 pin, bool level) override;  // LineInput: NMI

  // MemoryObserver: for the line that MONITOR watches.
  void on_mapping_changed(Pfn first, u64 count) override { cpu.note_store(phys_of(first), count << kPageShift); }
  void on_code_written(GuestPhys address, u32 size) override { cpu.note_store(address, size); }
  void on_dirty_cleared() override {}
  bool watches(Pfn frame) const override { return cpu.monitors(frame); }

  MmioBus& mmio_;
  IoDevice& window_;
  CoprocessorError* ferr_;
};

class Processors final : public IoDevice {
 public:
  // Long enough that changing over costs little, short enough that whoever spins without PAUSE on what another
  // processor holds, or waits for an interrupt from it, loses microseconds: 20 of virtual time.
  static constexpr u64 kQuantum = 20'000;

  struct Turn {
    u32 processor = 0;
    u64 ends_at = 0;  // by VirtualClock::retired
    FIELDS(processor, ends_at)
    bool valid() const { return processor < kMaxProcessors; }
  };

  Processors(const Processor::Wiring& wiring, const CpuModel& model, const Topology& topology);

  u32 count() const { return static_cast<u32>(all_.size()); }
  Processor& operator[](u32 index) { return *all_[index]; }
  const Processor& operator[](u32 index) const { return *all_[index]; }
  // Whose turn it is, or was last.
  u32 current_index() const { return turn_.processor; }
  Processor& current() { return *all_[turn_.processor]; }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

  // --- The run loop's.
  // Gives the turn on, if it is over, to the next processor that can run. False: none can; all wait.
  bool choose();
  // Lets the one whose turn it is run until `max_ticks` have passed, its turn is over or its engine stops.
  void run(u64 max_ticks);
  // Does any processor wait for an interrupt that can still come?
  bool interruptible() const;
  bool shut_down() const;

  void reset();
  void set_a20(bool enabled);
  void flush_all();  // translations and decoded code: a snapshot was taken or loaded
  void adopt_state();
  void trace(bool on);
  // Of all translators together; nothing: the processors' code is interpreted.
  std::optional<TranslatorInfo> translator_info(u32 hottest) const;
  Turn& turn() { return turn_; }

  // --- IoDevice: the local APIC of the processor that runs; each sees its own at one address.
  u64 io_read(u64 offset, u32 size) override { return current().apic.io_read(offset, size); }
  void io_write(u64 offset, u32 size, u64 value) override { current().apic.io_write(offset, size, value); }

 private:
  void start_turn(u32 index);
  void place_window();

  VirtualClock& clock_;
  MmioBus& mmio_;
  std::vector<std::unique_ptr<Processor>> all_;
  Turn turn_;
};

}  // namespace paemu
