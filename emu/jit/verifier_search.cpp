// After a stretch that came out otherwise: which block was it, and which instruction of it? The stretch is run again
// and again, up to the end of one block more each time, until the engines differ; and the blocks since they last agreed
// are compared alone, first one instruction of them, then two.
#include <algorithm>
#include <cstring>
#include <utility>

#include "jit/verifier.hpp"
#include "jit/verifier_report.hpp"

namespace paemu {

namespace text = verifier_report;

void Verifier::stop_at_difference(const Bounds& bounds) {
  stopped_ = true;
  const Moment start = before_;
  Finding found{.lines = describe()};
  take_back(start);
  const u32 suspect = last_agreement(bounds, found);
  if (found.reproduced) search_from(start, suspect, found);
  report(found, start);
  cpu_.request_stop();
  on_difference_();
}

// Compares ever longer parts of the stretch. -> the first block of those after which it was noticed
u32 Verifier::last_agreement(const Bounds& whole, Finding& found) {
  const Moment start = before_;
  visits_.clear();
  visiting_ = true;
  run_stretch(Phase::kInterpret, {whole.at_least, whole.at_least, false});
  visiting_ = false;
  take_back(start);
  u32 agreed = 0;
  for (u32 n = 0; n < visits_.size(); ++n) {
    const bool last = n + 1 == visits_.size();
    if (!last && !visits_[n].whole) continue;  // what runs only half of a block is not translated
    const u64 end = last ? whole.at_least : visits_[n + 1].retired;
    log_.clear();
    run_stretch(Phase::kInterpret, last ? whole : Bounds{end, end, false});
    note(expected_);
    log_.note_expected();
    take_back(start);
    run_stretch(Phase::kTranslate, last ? whole : Bounds{end, end, false});
    note(got_);
    found.reproduced = !agrees();
    if (found.reproduced) {
      found.lines = describe();
      found.end = end;
    }
    take_back(start);
    if (found.reproduced) break;
    agreed = n + 1;
  }
  return agreed;
}

// Goes through the blocks from this one on.
void Verifier::search_from(const Moment& start, u32 first, Finding& found) {
  log_.clear();
  before_ = start;
  if (visits_[first].retired != start.retired) {
    const u64 until = visits_[first].retired;
    run_stretch(Phase::kInterpret, {until, until, false});
  }
  finding_ = &found;
  cpu_.budget_end = std::max(cpu_.budget_end, found.end + jit::Path::kMostInstructions);
  while (found.guilty == nullptr && cpu_.clock.retired < found.end && !stopped_by_itself()) {
    phase_ = Phase::kSearch;
    met_alone_ = false;
    cpu_.attention = false;
    const u64 retired = cpu_.clock.retired;
    if (cpu_.state.shadow != Shadow::kNone)
      step();
    else
      run_block();
    if (met_alone_ || cpu_.clock.retired == retired) break;
  }
  finding_ = nullptr;
  phase_ = Phase::kAlone;
}

// One block, at its start: its first instruction, its first two, and so on.
void Verifier::search_block(Block& block, u32 eip) {
  note(before_);
  Block* part = nullptr;
  for (u16 count = 1; count <= block.count; ++count) {
    part = &part_of(block, count);
    const bool differs = differs_alone(*part, eip);
    if (differs) finding_->lines = describe();
    take_back(before_);
    if (!differs) continue;
    finding_->guilty = &part->insns[count - 1];
    break;
  }
  finding_->block = part;
  finding_->eip = eip;
  finding_->host_code = last_host_code();
  if (finding_->guilty == nullptr) Interpreter::execute_block(block, eip);
}

bool Verifier::differs_alone(Block& part, u32 eip) {
  log_.clear();
  walks_before_ = cpu_.mmu.counters.walks;
  flushes_before_ = flushes();
  begin_log();
  Interpreter::execute_block(part, eip);
  end_log();
  if (log_.refused()) return false;
  note(expected_);
  log_.note_expected();
  take_back(before_);
  phase_ = Phase::kTranslate;
  begin_log();
  // Room for no more than the part: it must not go on by the jump cache.
  const u64 budget_end = std::exchange(cpu_.budget_end, std::max(expected_.retired, before_.retired + part.count));
  const bool ran = run_alone(part, eip);
  cpu_.budget_end = budget_end;
  end_log();
  phase_ = Phase::kSearch;
  note(got_);
  // Translated code may leave at any boundary, for the run loop to look around: then a shorter part was compared.
  const bool left_early = !got_.faulted && got_.retired < before_.retired + part.count &&
                          (expected_.faulted || got_.retired < expected_.retired);
  return ran && !left_early && !agrees();
}

// It has the block's own sentinel.
Block& Verifier::part_of(const Block& block, u16 count) {
  const usize size = sizeof(Block) + block.count * sizeof(Insn);
  Block& part = *parts_.emplace_back(reinterpret_cast<Block*>(new u64[size / sizeof(u64) + 1]));
  std::memcpy(static_cast<void*>(&part), &block, size);
  part.count = count;
  part.translations = nullptr;
  const Insn& last = block.insns[count - 1];
  part.insns[count] = block.insns[block.count];
  part.insns[count].offset = static_cast<u16>(last.offset + last.length);
  return part;
}

// What differs, of before_, expected_, and got_, which is how all is.
std::vector<std::string> Verifier::describe() const {
  std::vector<std::string> lines;
  const auto say = [&lines](std::string line) { lines.push_back(std::move(line)); };
  say("registers before:           " + text::registers(before_.state));
  say("as the interpreter has them: " + text::registers(expected_.state));
  say("as translated code does:     " + text::registers(got_.state));
  if (const std::string field = text::first_difference(expected_.state, got_.state); !field.empty())
    say("the first field that differs: " + field);
  if (expected_.retired != got_.retired)
    say(text::counts("instructions retired", expected_.retired - before_.retired, got_.retired - before_.retired));
  if (!same_fault(expected_, got_))
    say("fault: interpreted " + text::fault(expected_.faulted, expected_.fault) + ", translated " +
        text::fault(got_.faulted, got_.fault));
  for (const UndoLog::Entry& e : log_.entries()) {
    constexpr usize kMostLines = 24;
    if (lines.size() == kMostLines) break;
    if (e.kind == UndoLog::Kind::kOwn || std::memcmp(e.at, log_.expected(e), e.size) == 0) continue;
    const std::span<const u8> expected{log_.expected(e), e.size}, got{e.at, e.size};
    if (e.kind == UndoLog::Kind::kStore) say(text::bytes("memory at", e.linear, expected, got));
    if (e.kind == UndoLog::Kind::kTable) say(text::bytes("page table at", e.address.value, expected, got));
    if (e.kind == UndoLog::Kind::kTlb) say(text::tlb_entry(e.linear, expected, got));
  }
  if (log_.refused()) say("translated code alone reached a device");
  return lines;
}

void Verifier::report(const Finding& found, const Moment& start) {
  const auto say = [this](const std::string& line) { cpu_.log.line("verify: " + line); };
  if (found.block == nullptr) {
    say(text::headline_of_stretch(start.state.eip, start.retired, found.reproduced));
  } else {
    say(text::headline(*found.block, found.eip, found.guilty, before_.retired));
    for (const std::string& line : text::guest_code(*found.block, found.eip, found.guilty)) say(line);
  }
  for (const std::string& line : found.lines) say(line);
  if (found.block == nullptr) return;
  say("the host code:");
  for (const std::string& line : found.host_code) say(line);
}

}  // namespace paemu
