// Verifier: both engines in lock-step, to find what the translator gets wrong.
//
// The guest's code is run in stretches of some thousand instructions. Each is interpreted, taken back (mmu/undo_log),
// and run once more by translated code: blocks that are linked, loops, returns, the jump cache, as in a run without a
// Verifier. Then registers, FPU, retired count, fault, the memory that was stored to, accessed and dirty bits, page
// walks and the TLB must be the same. At the first difference it goes through the stretch once more block by
// block (verifier_search.cpp), says which instruction, both states and the host code, and tells `on_difference`.
//
// What can't be taken back is done once only, by the interpreter: instructions that reach ports, flush the TLB or wait,
// which are blocks of their own, so that those before and after them are compared; and blocks that turn out to
// reach a device.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "jit/translator.hpp"
#include "mmu/undo_log.hpp"

namespace paemu {

class Verifier : public Translator, private CpuHooks {
 public:
  // A stretch goes on to the end of a block after so many instructions.
  static constexpr u64 kStretch = 4000;
  // Or within a repeated string instruction after so many: what it stores to is kept.
  static constexpr u64 kLongestStretch = 16'000;
  // Each stretch ends with a sample of what runs, so there are many, and blocks that are observed are not compared.
  static constexpr u32 kPathAfter = 8;
  Verifier(Cpu& cpu, std::unique_ptr<CodeCache> cache, std::function<void()> on_difference,
           TrustHost trust = TrustHost::kIfItPasses);

  u64 compared() const { return compared_; }  // instructions
  bool add_translator_info(TranslatorInfo& info, u32 hottest) const override;

 private:
  enum class Phase : u8 { kAlone, kInterpret, kTranslate, kSearch };
  // The processor at a boundary.
  struct Moment {
    CpuState state;
    u64 retired = 0;
    bool faulted = false, stop_requested = false, yielded = false;
    Fault fault;
  };
  // A copy of the first instructions of a block.
  struct DeletePart {
    void operator()(Block* b) const { delete[] reinterpret_cast<u64*>(b); }
  };
  using Part = std::unique_ptr<Block, DeletePart>;
  // Of the search: a block that the stretch ran.
  struct Visit {
    u64 retired;         // where it began
    bool whole = false;  // did it run to its end?
  };
  struct Finding {
    bool reproduced = false;
    u64 end = 0;                   // the retired count at which it was noticed
    const Block* block = nullptr;  // that differs, or the last that was looked at
    u32 eip = 0;
    const Insn* guilty = nullptr;
    std::vector<std::string> lines, host_code;
  };

  // --- Interpreter.
  void run_code() override;
  void execute_block(Block& block, u32 eip) override;
  bool may_step(const Insn& i) override;
  bool execute_crossing(const FetchPage& page, u32 eip) override;
  void on_blocks_flushed() override;
  // --- CpuHooks, while a stretch runs. What they would do can't be taken back.
  void on_apic_base(u64) override { log_.refuse(); }
  void on_init() override { log_.refuse(); }
  void on_fpu_error(bool) override;
  bool ignores_fpu_error() const override { return hooks_->ignores_fpu_error(); }

  // Where a run has to stop at the latest, and where it may.
  struct Bounds {
    u64 at_least, budget_end;
    bool whole_blocks;  // a bit beyond at_least, to the end of a block
  };
  bool comparable() const;
  void run_alone_only();
  void run_stretch(Phase phase, const Bounds& bounds);
  bool goes_on(u64 start, bool look) const;
  void run_known_block();
  bool stopped_by_itself() const;
  void interpret_once(Block& block, u32 eip);
  void begin_log();
  void end_log();
  void take_back(const Moment& to);
  void note(Moment& m);
  void go_to(const Moment& m);
  bool agrees();
  static bool same_fault(const Moment& a, const Moment& b);
  u64 flushes() const;  // of the TLB

  // --- verifier_search.cpp
  void stop_at_difference(const Bounds& bounds);
  u32 last_agreement(const Bounds& whole, Finding& found);
  void search_from(const Moment& start, u32 first, Finding& found);
  void search_block(Block& block, u32 eip);
  bool differs_alone(Block& part, u32 eip);
  Block& part_of(const Block& block, u16 count);
  std::vector<std::string> describe() const;
  void report(const Finding& found, const Moment& start);

  Cpu& cpu_;
  std::function<void()> on_difference_;
  CpuHooks* hooks_ = nullptr;  // the processor's
  struct Known {
    u32 eip = 0;
    Block* block = nullptr;
  };
  static constexpr u32 kKnown = 4096;
  std::vector<Known> known_;  // blocks that ran lately
  Phase phase_ = Phase::kAlone;
  UndoLog log_;
  Moment before_, expected_, got_;  // of the last comparison
  u64 walks_before_ = 0;
  u64 flushes_before_ = 0;
  // Of the run under way.
  bool met_alone_ = false;     // what comes next is an instruction that runs alone
  bool whole_block_ = false;   // the last block ran to its end
  u64 block_start_ = 0;        // retired count where it began
  bool went_too_far_ = false;  // on the way to that
  u64 walks_before_block_ = 0;
  bool attention_ = false;  // somebody asked for it meanwhile
  u64 alone_at_ = ~u64{0};  // the retired count at which a block comes that can only be interpreted
  u64 compared_ = 0, interpreted_only_ = 0;
  bool stopped_ = false;  // a difference was reported

  // Of the search.
  std::vector<Part> parts_;
  std::vector<Visit> visits_;
  bool visiting_ = false;
  Finding* finding_ = nullptr;
};

}  // namespace paemu
