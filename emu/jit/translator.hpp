// Translator: the engine that copies the guest's code into host code (docs/translator.md).
//
// It is the interpreter with one thing more: a block that has run a few times is translated, and runs on the host from
// then on. What is not translated, the tail of a slice, single steps and all modes but flat 32-bit protected mode, is
// interpreted, so that both engines leave the same state behind at every retired count.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "cpu/translator_info.hpp"
#include "interp/interpreter.hpp"
#include "jit/code_cache.hpp"
#include "jit/host_rules.hpp"
#include "jit/path.hpp"
#include "jit/return_stack.hpp"
#include "jit/thunks.hpp"
#include "jit/translation.hpp"
#include "jit/window_fault.hpp"

namespace paemu {

// When code is found worth the work.
struct TranslatorTuning {
  // A block is translated when it has been interpreted so often.
  u8 hot = 6;
  // One of a program is translated again, to access memory by the window, when it was found running so often; 0: at
  // once.
  u32 window_after = 2;
  // One that was found running so often is joined with those that follow it; 0: at once.
  u32 path_after = 2;
};

class Translator : public Interpreter, private FetchListener, private jit::WindowFaultHandler {
 public:
  // Does this host have what translated code uses (BMI2)?
  static bool supported();
  Translator(Cpu& cpu, std::unique_ptr<CodeCache> cache, TranslatorTuning tuning = {},
             TrustHost trust = TrustHost::kIfItPasses);
  ~Translator() override;

  void run(u64 max_ticks) override;

  // Who is told of all translated code from now on.
  void tell(CodeNames& names);
  // Called from translated code.
  bool resume(u32 eip, u32 remaining);
  void after_window_fault(u64 linear);
  bool add_translator_info(TranslatorInfo& info, u32 hottest) const override;

 protected:
  void execute_block(Block& block, u32 eip) override;
  bool execute_crossing(const FetchPage& first, u32 eip) override;
  // Runs one block translated, and nothing after it. False: it can't be, and nothing ran. For the Verifier: blocks that
  // run this way are never linked.
  bool run_alone(Block& block, u32 eip, jit::Loops loops = jit::Loops::kNo);
  std::vector<std::string> last_host_code() const;  // what ran then
  void forbid_windows() { windows_ = false; }
  // The processor was put elsewhere: nothing is to be linked to what runs next.
  void forget_pending() { pending_ = nullptr; }
  // For tests: may spoil what was just translated; `code` as it is written.
  virtual void inspect(std::span<u8>) {}
  void on_block_dropped(const Block& block) override;
  void on_blocks_flushed() override;

 private:
  // --- translator_crossing.cpp
  // An instruction across the end of a page: all that starts there, as a page has one end.
  static constexpr u32 kCrossings = 1024, kMostBytes = 15;
  static constexpr u32 kNoCrossing = 0;  // the start of a page: nothing there goes on in the next
  struct Crossing {
    Block block;    // `heat`: how often it was met
    Insn sentinel;  // of the block
    u32 eip = kNoCrossing;
  };
  static_assert(sizeof(Block) % alignof(Insn) == 0 && sizeof(Block) == offsetof(Block, insns) + sizeof(Insn));
  Crossing& crossing(u32 eip) { return crossings_[(eip >> kPageShift) % kCrossings]; }
  void note_crossing(u32 eip) override;
  jit::Translation* translate_crossing(Crossing& c, const FetchPage& first, const u8* bytes);
  void forget(Crossing& c);
  // --- FetchListener.
  void on_code_pages_lost() override;

  jit::Translation* find(const Block& block, u32 eip);
  jit::Translation* translate(Block& block, u32 eip, jit::Loops loops, std::span<const u8> checked = {});
  bool lend(u8 wanted);
  void run_native(const jit::Translation* t);
  void begin_native();
  const u8* next_code();
  const u8* code_at(u32 eip);
  bool pass_shadow();
  void connect(jit::Link& link, jit::Translation& to);
  void disconnect(jit::Link& link);
  void drop(jit::Translation& t);
  void unlink_all();
  void forget_all();
  void note_apart(jit::Translation& t);
  void translate_anew(jit::Translation& t);
  // --- windows.cpp
  const u8* on_window_fault(const u8* instruction, const u8* address) override;
  void consider_window(jit::Translation& t);
  bool afford_window_fault();
  void note_jump(const jit::Translation& t);
  void name_block(const jit::Translation& t);
  // --- translator_paths.cpp
  void consider_path(const jit::Translation& t);
  void begin_observing(const jit::Step& head);
  void observe(Block& block, u32 eip);
  void end_observing();
  void retire_paths(const Block& part);
  void retire(jit::Path& path);
  // --- translator_info.cpp
  void sample();
  HotBlock describe(const jit::Translation& t) const;

  Cpu& cpu_;
  const TranslatorTuning tuning_;
  bool windows_ = jit::windows_supported() && HostWindow::nowhere() != nullptr;
  std::unique_ptr<CodeCache> cache_;
  std::unique_ptr<jit::Context> context_;
  const jit::HostRules rules_;
  jit::Thunks thunks_;
  ReturnStack returns_;
  u64 stay_end_ = 0;  // the retired count at which translated code is left at last
  std::deque<jit::Translation> translations_;
  std::deque<jit::Link> links_;
  std::vector<Crossing> crossings_;
  jit::Link* pending_ = nullptr;  // wants to be connected to what runs next
  bool forget_before_translating_ = false;
  jit::Step observed_;           // the block that is observed, if any
  std::vector<jit::Step> seen_;  // since then
  std::vector<std::unique_ptr<jit::Path>> paths_;
  const jit::Translation* last_alone_ = nullptr;

  // What faults of the host may cost (windows.cpp).
  u64 window_faults_ = 0, window_faults_left_ = 0, window_faults_at_ = 0;

  CodeNames* names_ = nullptr;
  // For people (translator_info.cpp).
  TranslatorInfo::Exits exits_;
  std::vector<u64> handler_calls_;  // by row
  u64 translated_ = 0, dropped_ = 0, flushes_when_full_ = 0, samples_ = 0;
};

}  // namespace paemu
