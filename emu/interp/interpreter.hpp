// Interpreter: runs the guest's code by calling the semantics.
//
// Code is decoded once into blocks of Insn, keyed by physical address and mode, and executed by direct threading. The
// result never depends on where run() stops: it stops exactly at any retired count.
#pragma once

#include <memory>

#include "cpu/cpu.hpp"
#include "cpu/execution_engine.hpp"

namespace paemu {

class BlockCache;
class StepDecoder;
struct Block;

class Interpreter final : public ExecutionEngine, public MemoryObserver {
 public:
  // Registers itself as the observer of the processor's memory.
  explicit Interpreter(Cpu& cpu);
  ~Interpreter() override;

  // --- ExecutionEngine.
  void run(u64 max_ticks) override;
  bool wake() override;
  void flush_code() override;
  void set_trace(bool on) override { trace_ = on; }

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
