// Verifier: both engines in lock-step, to find what the translator gets wrong.
//
// Each block is interpreted with its stores logged, taken back, and run once more as translated code. Then registers,
// FPU, retired count, fault and the bytes that were stored must be the same. The guest goes on with what the
// interpreter left, so that a run is the same as in the other engines. At the first difference it says which
// instruction, both states and the host code, and tells `on_difference`.
//
// Blocks with instructions that can't be taken back (devices, control registers, descriptor tables) are interpreted
// only: the translator leaves those to the interpreter's handlers too.
#pragma once

#include <functional>
#include <span>

#include "jit/store_log.hpp"
#include "jit/translator.hpp"

namespace paemu {

class Verifier : public Translator {
 public:
  Verifier(Cpu& cpu, std::unique_ptr<CodeCache> cache, std::function<void()> on_difference)
      : Translator(cpu, std::move(cache)), cpu_(cpu), on_difference_(std::move(on_difference)) {}

  u64 compared() const { return compared_; }  // blocks

 private:
  // The processor at a boundary.
  struct Moment {
    CpuState state;
    u64 retired = 0;
    bool faulted = false;
    Fault fault;
  };
  enum class Verdict : u8 { kSame, kDiffers, kInterpretedOnly };

  struct DeletePart {
    void operator()(Block* b) const { delete[] reinterpret_cast<u64*>(b); }
  };
  using Part = std::unique_ptr<Block, DeletePart>;

  void execute_block(Block& block, u32 eip) override;
  static Part part_of(const Block& block, u16 count);
  Verdict compare(Block& block, u32 eip, const Moment& before);
  bool repeatable(const Block& block) const;
  Moment now();
  void go_to(const Moment& m);
  static bool same(const Moment& a, const Moment& b);
  // The first instruction of the block that alone with those before it makes a difference, or nullptr.
  const Insn* guilty(const Block& block, u32 eip, const Moment& before);
  void report(const Block& block, u32 eip, const Insn* guilty, const Moment& before);

  Cpu& cpu_;
  std::function<void()> on_difference_;
  jit::StoreLog log_;
  Moment expected_, got_;       // of the last comparison
  std::vector<u8> got_stores_;  // bytes at the logged places after the translated run, one after the other
  std::vector<Part> parts_;     // copies of blocks that were translated
  u64 compared_ = 0;
  bool stopped_ = false;  // a difference was reported
};

}  // namespace paemu
