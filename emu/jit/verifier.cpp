#include "jit/verifier.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "cpu/debug.hpp"
#include "cpu/exceptions.hpp"
#include "isa/table.hpp"
#include "jit/verifier_report.hpp"

namespace paemu {

using namespace jit;

namespace {

// What an instruction does that can't be taken back: it reaches ports, flushes the TLB, waits, or writes registers that
// the emulator itself depends on.
bool done_once(const isa::Row& row) {
  const std::string_view name = row.mnemonic;
  if (row.map == isa::Map::k0F && (row.opcode == 0x22 || row.opcode == 0x23)) return true;  // MOV to CRn and DRn
  for (const char* const once :
       {"in", "out", "insb", "ins", "outsb", "outs", "hlt", "wrmsr", "invlpg", "lmsw", "monitor", "mwait"}) {
    if (name == once) return true;
  }
  return false;
}

bool runs_alone(const Insn& i) {
  static const std::vector<bool> kRows = [] {
    std::vector<bool> rows;
    for (const isa::Row& row : isa::rows()) rows.push_back(done_once(row));
    return rows;
  }();
  return kRows[i.row];
}

// A call of memcpy: compilers make REP MOVS of an assignment of this size, which takes three times as long.
void copy(CpuState& to, const CpuState& from) {
  static_assert(std::is_trivially_copyable_v<CpuState>);
  usize size = sizeof to;
  asm("" : "+r"(size));
  std::memcpy(&to, &from, size);
}

}  // namespace

Verifier::Verifier(Cpu& cpu, std::unique_ptr<CodeCache> cache, std::function<void()> on_difference, TrustHost trust)
    : Translator(cpu, std::move(cache), {.hot = 0, .path_after = kPathAfter}, trust),
      cpu_(cpu),
      on_difference_(std::move(on_difference)) {
  forbid_windows();
  set_alone(&runs_alone);
  known_.resize(kKnown);
  cpu_.mmu.make_undoable();
}

// One stretch, or what can only be interpreted.
void Verifier::run_code() {
  if (stopped_ || alone_at_ == cpu_.clock.retired || !comparable()) return run_alone_only();
  note(before_);
  log_.clear();
  walks_before_ = cpu_.mmu.counters.walks;
  flushes_before_ = flushes();
  attention_ = false;

  const u64 farthest = std::min(cpu_.budget_end, before_.retired + kLongestStretch);
  run_stretch(Phase::kInterpret, {before_.retired + kStretch, farthest, true});
  if (flushes() != flushes_before_) {  // a task switch: as good as it is
    interpreted_only_ += cpu_.clock.retired - before_.retired;
    return;
  }
  if (log_.refused() || met_alone_) {
    const u64 until = block_start_;
    alone_at_ = until;
    const bool went_too_far = log_.refused() || cpu_.mmu.counters.walks != walks_before_block_ || went_too_far_;
    if (until == before_.retired || went_too_far) take_back(before_);
    if (until == before_.retired) return;
    if (went_too_far) {
      log_.clear();
      run_stretch(Phase::kInterpret, {until, until, false});
    }
  }
  note(expected_);
  log_.note_expected();
  // Up to the same count. What ends by itself in the middle of a block needs room for the whole of it, and what faults
  // goes on until it does.
  const u64 end = expected_.retired;
  Bounds bounds{end, end, false};
  if (expected_.faulted || (stopped_by_itself() && !whole_block_))
    bounds = {expected_.faulted ? end + 1 : end, std::min(cpu_.budget_end, end + Path::kMostInstructions), false};

  take_back(before_);
  run_stretch(Phase::kTranslate, bounds);
  note(got_);
  cpu_.attention = cpu_.attention || attention_;
  if (!agrees()) return stop_at_difference(bounds);
  compared_ += end - before_.retired;
}

// In flat 32-bit protected mode all is translated.
bool Verifier::comparable() const {
  constexpr u8 kMode = kFastMode | mode::kProtected;
  // The line that MONITOR watches is known to memory, too.
  return (cpu_.mode_key & kMode) == kMode && !cpu_.state.monitor_armed;
}

void Verifier::run_alone_only() {
  const u64 start = cpu_.clock.retired;
  phase_ = Phase::kAlone;
  run_block();
  interpreted_only_ += cpu_.clock.retired - start;
}

// As Interpreter::run() does between two events. At least one block, or the first part of one.
void Verifier::run_stretch(Phase phase, const Bounds& bounds) {
  constexpr u64 kFarthest = 256;  // to look for the end of a block
  const u64 start = cpu_.clock.retired, budget_end = std::exchange(cpu_.budget_end, bounds.budget_end);
  bool look = false;  // may an event have become due?
  phase_ = phase;
  met_alone_ = went_too_far_ = false;
  forget_pending();
  begin_log();
  const auto enough = [&] {
    const u64 now = cpu_.clock.retired;
    if (now >= bounds.budget_end) return true;
    return now >= bounds.at_least && (!bounds.whole_blocks || whole_block_ || now >= bounds.at_least + kFarthest);
  };
  do {
    look = cpu_.state.shadow != Shadow::kNone;
    attention_ = attention_ || cpu_.attention;
    cpu_.attention = false;
    whole_block_ = true;
    if (phase == Phase::kInterpret) {
      block_start_ = cpu_.clock.retired;
      walks_before_block_ = cpu_.mmu.counters.walks;
    }
    if (look)
      step();
    else
      run_known_block();
    look = look || cpu_.attention || phase == Phase::kTranslate;
  } while (!enough() && goes_on(start, look));
  attention_ = attention_ || cpu_.attention;
  end_log();
  cpu_.budget_end = budget_end;
  phase_ = Phase::kAlone;
}

bool Verifier::stopped_by_itself() const {
  return cpu_.engine->faulted || cpu_.stop_requested || cpu_.state.activity != Activity::kRunning ||
         event_waiting(cpu_) || needs_stepping(cpu_);
}

bool Verifier::goes_on(u64 start, bool look) const {
  if (log_.refused() || met_alone_ || cpu_.engine->faulted) return false;
  if (look && (stopped_by_itself() || flushes() != flushes_before_)) return false;
  return comparable() || cpu_.clock.retired == start;
}

// As run_block(), but that blocks which ran lately are found at once: there are five instructions in one.
void Verifier::run_known_block() {
  const u32 eip = cpu_.state.eip;
  const Known& k = known_[eip % kKnown];
  const u8* const host = cpu_.mmu.fetch_hit(eip, cpu_.privilege());
  const bool same = k.eip == eip && host != nullptr && k.block != nullptr && k.block->host == host &&
                    k.block->mode == cpu_.mode_key && comparable();
  if (!same || cpu_.clock.retired + k.block->count > cpu_.budget_end) return run_block();
  cpu_.state.mid_repeat = false;
  execute_block(*k.block, eip);
}

void Verifier::on_blocks_flushed() {
  Translator::on_blocks_flushed();
  known_.assign(kKnown, Known{});
}

void Verifier::execute_block(Block& block, u32 eip) {
  if (phase_ == Phase::kAlone) return Interpreter::execute_block(block, eip);
  if (block.count == 1 && runs_alone(block.insns[0])) {
    met_alone_ = true;
    return;
  }
  known_[eip % kKnown] = {eip, &block};
  switch (phase_) {
    case Phase::kInterpret: return interpret_once(block, eip);
    case Phase::kTranslate: return Translator::execute_block(block, eip);
    default: return search_block(block, eip);
  }
}

void Verifier::interpret_once(Block& block, u32 eip) {
  Interpreter::execute_block(block, eip);
  whole_block_ = cpu_.clock.retired == block_start_ + block.count;
  if (visiting_) visits_.push_back({block_start_, whole_block_});
}

bool Verifier::may_step(const Insn& i) {
  if (phase_ == Phase::kAlone || !runs_alone(i)) return true;
  met_alone_ = true;
  went_too_far_ = true;
  return false;
}

bool Verifier::execute_crossing(const FetchPage& page, u32 eip) {
  return phase_ == Phase::kTranslate && Translator::execute_crossing(page, eip);
}

void Verifier::on_fpu_error(bool) {
  log_.refuse();
  cpu_.request_attention();
}

void Verifier::begin_log() {
  hooks_ = cpu_.hooks;
  if (hooks_ != nullptr) cpu_.hooks = this;
  cpu_.mmu.log_into(&log_);
  if (phase_ == Phase::kTranslate) cpu_.mmu.lend_again();
}

void Verifier::end_log() {
  cpu_.settle();
  cpu_.mmu.log_into(nullptr);
  cpu_.hooks = hooks_;
}

void Verifier::take_back(const Moment& to) {
  cpu_.mmu.take_back(log_);
  cpu_.mmu.counters.walks = walks_before_;
  go_to(to);
}

void Verifier::note(Moment& m) {
  cpu_.settle();
  copy(m.state, cpu_.state);
  m.retired = cpu_.clock.retired;
  m.faulted = cpu_.engine->faulted;
  m.stop_requested = cpu_.stop_requested;
  m.yielded = cpu_.yielded;
  m.fault = cpu_.fault;
}

void Verifier::go_to(const Moment& m) {
  cpu_.settle_fpu();
  const CpuState& s = cpu_.state;
  const bool same_mode = std::memcmp(s.segment, m.state.segment, sizeof s.segment) == 0 && s.cr0 == m.state.cr0 &&
                         ((s.eflags ^ m.state.eflags) & (eflag::kVirtual8086 | eflag::kAlignmentCheck)) == 0;
  copy(cpu_.state, m.state);
  cpu_.lazy.set(m.state.eflags);
  cpu_.clock.retired = m.retired;
  cpu_.engine->faulted = m.faulted;
  cpu_.stop_requested = m.stop_requested;
  cpu_.yielded = m.yielded;
  cpu_.fault = m.fault;
  cpu_.attention = false;
  cpu_.position.current = nullptr;
  cpu_.engine->pending_link = nullptr;
  if (!same_mode) cpu_.update_mode();
}

// Is all after the translated run as the interpreter left it?
bool Verifier::agrees() {
  return !log_.refused() && flushes() == flushes_before_ && got_.retired == expected_.retired &&
         got_.stop_requested == expected_.stop_requested && got_.yielded == expected_.yielded &&
         same_fault(got_, expected_) && verifier_report::same(got_.state, expected_.state) &&
         log_.first_difference() == nullptr;
}

bool Verifier::same_fault(const Moment& a, const Moment& b) {
  if (a.faulted != b.faulted) return false;
  return !a.faulted || (a.fault.vector == b.fault.vector && a.fault.error_code == b.fault.error_code &&
                        a.fault.address.value == b.fault.address.value);
}

u64 Verifier::flushes() const {
  const Mmu::Counters& c = cpu_.mmu.counters;
  return c.table_loads + c.flushes + c.page_flushes;
}

bool Verifier::add_translator_info(TranslatorInfo& info, u32 hottest) const {
  info.compared += compared_;
  info.not_compared += interpreted_only_;
  return Translator::add_translator_info(info, hottest);
}

}  // namespace paemu
