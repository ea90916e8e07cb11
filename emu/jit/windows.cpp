// Which blocks access memory by the window, and what becomes of the host's faults there.
//
// A look-up in line costs a few host instructions each time; a page in the window costs a fault and a mapping of the
// host once, some microseconds, and nothing afterwards. So only what was found running again and again uses it, and it
// stops as soon as faults are frequent: then the guest goes to more pages, or changes its page tables more often, than
// that pays for.
#include <algorithm>

#include "jit/translator.hpp"

namespace paemu {

using namespace jit;

namespace {
// In instructions and faults: the share of time that faults may take, and how many may come at once, as when a program
// goes to work on some MiB.
constexpr u64 kInstructionsPerFault = 60'000, kMostFaultsAtOnce = 3000;
constexpr u8 kMostLost = 8;
}  // namespace

// `t` was found running once more.
void Translator::consider_window(Translation& t) {
  Block& block = *const_cast<Block*>(t.block);
  if (!windows_ || t.window || !(block.mode & mode::kUser)) return;
  if (t.samples < u64{tuning_.window_after} << (2 * block.window_lost)) return;
  block.window = true;
  translate_anew(t);
}

const u8* Translator::on_window_fault(const u8* instruction, const u8* address) {
  if (!cache_->holds(instruction)) return nullptr;
  auto t = std::ranges::upper_bound(translations_, instruction, {}, &Translation::code);
  if (t == translations_.begin()) return nullptr;
  --t;
  const u64 at = static_cast<u64>(instruction - t->code);
  const auto access = std::ranges::lower_bound(t->window_accesses, at, {}, &WindowAccess::at);
  if (access == t->window_accesses.end() || access->at != at) return nullptr;
  // Not the window's when an operand of SSE is misaligned: then the host does not say where.
  const u64 linear = static_cast<u64>(address - cpu_.mmu.window_base());
  context_->window_fault = std::min(linear, u64{1} << 32);
  context_->faulted = &*t;
  return t->code + access->missed;
}

// The handler has made the access that the host could not.
void Translator::after_window_fault(u64 linear) {
  ++window_faults_;
  const bool shown = linear >> 32 == 0 && cpu_.mmu.show_in_window(static_cast<u32>(linear));
  if (shown) use_window(cpu_.mmu.window_base());
  Translation& t = *context_->faulted;
  if (afford_window_fault() || t.block == nullptr) return;
  Block& block = *const_cast<Block*>(t.block);
  block.window = false;
  block.window_lost = std::min<u8>(block.window_lost + 1, kMostLost);
  translate_anew(t);
}

bool Translator::afford_window_fault() {
  if (tuning_.window_after == 0) return true;
  const u64 earned = (cpu_.clock.retired - window_faults_at_) / kInstructionsPerFault;
  window_faults_at_ += earned * kInstructionsPerFault;
  window_faults_left_ = std::min(window_faults_left_ + earned, kMostFaultsAtOnce);
  if (window_faults_left_ == 0) return false;
  --window_faults_left_;
  return true;
}

}  // namespace paemu
