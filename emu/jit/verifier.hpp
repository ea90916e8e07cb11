// Verifier: both engines in lock-step, to find what the translator gets wrong.
//
// Each block is interpreted with its stores logged, taken back, and run once more as translated code. Then registers,
// FPU, retired count, fault and memory around the stores must be the same. The guest goes on with what the interpreter
// left, so that a run is the same as in the other engines. At the first difference it says which instruction, both
// states and the host code, and tells `on_difference`.
//
// What can't be taken back is done once only, by the interpreter: devices are reached, the TLB is flushed, registers
// that the emulator itself depends on are written. Such instructions are taken out of their block, so that those
// before and after them are compared; where only the run shows it (an access that reaches a device), the block is not.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>

#include "jit/store_log.hpp"
#include "jit/translator.hpp"

namespace paemu {

class Verifier : public Translator, private StoreListener {
 public:
  Verifier(Cpu& cpu, std::unique_ptr<CodeCache> cache, std::function<void()> on_difference,
           TrustHost trust = TrustHost::kIfItPasses);
  ~Verifier() override;

  u64 compared() const { return compared_; }  // blocks
  bool add_translator_info(TranslatorInfo& info, u32 hottest) const override;

 private:
  // The processor at a boundary.
  struct Moment {
    CpuState state;
    u64 retired = 0;
    bool faulted = false;
    Fault fault;
  };
  enum class Verdict : u8 { kSame, kDiffers, kInterpretedOnly };

  static constexpr u8 kOnce = 0x80;  // in Block::heat, beside a number of instructions

  // A copy of the first instructions of a block.
  struct DeletePart {
    void operator()(Block* b) const { delete[] reinterpret_cast<u64*>(b); }
  };
  using Part = std::unique_ptr<Block, DeletePart>;

  void execute_block(Block& block, u32 eip) override;
  bool execute_crossing(const FetchPage&, u32) override { return false; }
  void on_block_dropped(const Block& block) override;
  void on_blocks_flushed() override;
  void before_store(u32 linear, Privilege, GuestPhys, u8* host, u32 size) override;  // StoreListener

  Block& stretch_of(Block& block);
  void free_dropped_parts();
  Block& part_of(const Block& block, u16 count);
  Verdict compare(Block& block, u32 eip);
  void interpret(Block& block, u32 eip, jit::StoreLog& log);
  bool run_translated(Block& block, u32 eip);
  bool done_for_good(const jit::StoreLog& log) const;
  bool agrees() const;
  bool agrees_once_more(Block& block, u32 eip);
  static bool same_fault(bool faulted, const Fault& fault, const Moment& m);
  void note(Moment& m);
  void go_to(const Moment& m);
  void stop_at_difference(Block& block, u32 eip);
  // The first instruction of the block that alone with those before it makes a difference, or nullptr.
  const Insn* guilty(Block& block, u32 eip);
  void report(const Block& block, u32 eip, const Insn* guilty);

  Cpu& cpu_;
  std::function<void()> on_difference_;
  // Of the last comparison. got_stores_: the same lines as the translated run left them, and others that it stored to.
  Moment before_, expected_, got_;
  jit::StoreLog stores_, got_stores_;
  jit::StoreLog* log_ = nullptr;  // where stores are noted at present
  u64 flushes_before_ = 0;        // of the TLB
  std::unordered_map<const Block*, std::vector<Part>> parts_;
  std::vector<Part> dropped_parts_;  // one may be running
  u64 compared_ = 0, compared_instructions_ = 0, interpreted_only_ = 0;
  bool stopped_ = false;  // a difference was reported
};

}  // namespace paemu
