// Interpreter: runs the guest's code by calling the semantics.
//
// Code is decoded once into blocks of Insn, keyed by physical address and mode, and executed by direct threading. The
// result never depends on where run() stops: it stops exactly at any retired count. A repeated string instruction
// counts as one retired instruction an iteration; so does the delivery of an exception or interrupt.
//
// Called by board's run loop. Between two calls the processor's state is settled and exact.
#pragma once

#include <memory>

#include "cpu/cpu.hpp"

namespace paemu {

class BlockCache;
class StepDecoder;
struct Block;

class Interpreter final : public MemoryObserver {
 public:
  // Registers itself as the observer of the processor's memory.
  explicit Interpreter(Cpu& cpu);
  ~Interpreter();

  // Runs until `max_ticks` more instructions have retired, or earlier: the processor is not kRunning any more, a device
  // asked to stop (Cpu::request_stop), or an event has become due because a device armed it meanwhile
  // (Cpu::shorten_budget). Delivers pending interrupts at entry and between instructions. VirtualClock::retired says
  // how far it came.
  void run(u64 max_ticks);

  // A halted processor wakes when an interrupt that it accepts, or an NMI, is pending: sets kRunning. -> is it running?
  bool wake();

  // Forgets all decoded code (a snapshot was loaded).
  void flush_code();

  // Writes every instruction with the registers before it to the log. Slow.
  void set_trace(bool on) { trace_ = on; }

  // --- MemoryObserver.
  void on_mapping_changed(Pfn first, u64 count) override;
  void on_code_written(GuestPhys address, u32 size) override;
  void on_dirty_cleared() override;

 private:
  void look_around();
  void deliver();
  void delivered();
  void run_block();
  void step();
  void execute(const Insn* first, u32 eip);
  static void link(const Insn* from, const Block& to);

  Cpu& cpu_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<BlockCache> blocks_;
  std::unique_ptr<StepDecoder> step_decoder_;
  bool trace_ = false;
};

}  // namespace paemu
