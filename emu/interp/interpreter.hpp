// Interpreter: runs the guest's code by calling the semantics.
//
// Code is decoded once into blocks of Insn, keyed by physical address and mode, and executed by direct threading. The
// result never depends on where run() stops: it stops exactly at any retired count.
#pragma once

#include <memory>

#include "cpu/cpu.hpp"
#include "cpu/execution_engine.hpp"
#include "interp/block_cache.hpp"

namespace paemu {

class StepDecoder;

class Interpreter : public ExecutionEngine, public MemoryObserver, protected BlockListener {
 public:
  // Registers itself as an observer of the processor's memory.
  // kOff: each block comes back to execute_block(), which somebody else overrides.
  enum class Chaining : u8 { kOff, kOn };
  // decoded_size: bytes of memory for decoded blocks.
  explicit Interpreter(Cpu& cpu, Chaining chaining = Chaining::kOn, usize decoded_size = BlockCache::kUsualSize);
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
  void on_frame_watched(Pfn frame) override;
  bool watches(Pfn frame) const override;

 protected:
  // Runs a block at `eip` whose instructions all fit the budget.
  virtual void execute_block(Block& block, u32 eip);
  // For code that no block can hold, as its first instruction lies across two pages. Runs it, if it may and can be
  // done faster than by a step; `page`: where its first byte is.
  virtual bool execute_crossing(const FetchPage& /*page*/, u32 /*eip*/) { return false; }
  virtual void note_crossing(u32 /*eip*/) {}
  // Goes on by at least an instruction, with nothing else to be done before it.
  virtual void run_code() { run_block(); }
  // Just before it is run on its own.
  virtual bool may_step(const Insn&) { return true; }
  void run_block();
  void step();
  void set_alone(BlockCache::Alone alone) { blocks_->set_alone(alone); }
  // After code that left: is there more to do than to run the next block?
  bool must_look() const;
  // Takes note of attention: the budget may end sooner.
  void look_around();
  const BlockCache& blocks() const { return *blocks_; }
  void on_block_dropped(const Block&) override {}
  void on_blocks_flushed() override {}

 private:
  void deliver();
  void delivered();
  void execute(const Insn* first, u32 eip);
  static void link(const Insn* from, const Block& to);

  Cpu& cpu_;
  const Chaining chaining_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<BlockCache> blocks_;
  std::unique_ptr<StepDecoder> step_decoder_;
  bool trace_ = false;
};

}  // namespace paemu
