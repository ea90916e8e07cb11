#include "jit/verifier.hpp"

#include <cstring>
#include <string_view>
#include <type_traits>

#include "isa/table.hpp"
#include "jit/host_code_text.hpp"
#include "jit/verifier_report.hpp"

namespace paemu {

using namespace jit;

namespace {

// Can what it does be taken back and done again? Of what only the run shows, done_for_good() knows.
bool repeatable(const Insn& i) {
  const isa::Row& row = isa::rows()[i.row];
  const std::string_view name = row.mnemonic;
  if (row.map == isa::Map::k0F && (row.opcode == 0x22 || row.opcode == 0x23)) return false;  // MOV to CRn and DRn
  for (const char* const once : {"in", "out", "ins", "outs", "hlt", "wrmsr", "invlpg", "lmsw", "monitor", "mwait"}) {
    if (name == once) return false;
  }
  return true;
}

// A call of memcpy: compilers make REP MOVS of an assignment of this size, which takes three times as long.
void copy(CpuState& to, const CpuState& from) {
  static_assert(std::is_trivially_copyable_v<CpuState>);
  usize size = sizeof to;
  asm("" : "+r"(size));
  std::memcpy(&to, &from, size);
}

u64 flushes(const Mmu& mmu) { return mmu.counters.table_loads + mmu.counters.flushes + mmu.counters.page_flushes; }

}  // namespace

Verifier::Verifier(Cpu& cpu, std::unique_ptr<CodeCache> cache, std::function<void()> on_difference, TrustHost trust)
    : Translator(cpu, std::move(cache), {}, trust), cpu_(cpu), on_difference_(std::move(on_difference)) {
  forbid_windows();
  cpu_.mmu.set_store_listener(this);
}

Verifier::~Verifier() { cpu_.mmu.set_store_listener(nullptr); }

void Verifier::before_store(u32 linear, Privilege privilege, GuestPhys address, u8* host, u32 size) {
  if (log_ != nullptr) log_->note(linear, privilege, address, host, size);
}

void Verifier::execute_block(Block& whole, u32 eip) {
  free_dropped_parts();
  Block& block = stretch_of(whole);
  const u64 start = cpu_.clock.retired;
  Verdict verdict = Verdict::kInterpretedOnly;
  if (stopped_ || (whole.heat & kOnce)) {
    Interpreter::execute_block(block, eip);
  } else {
    note(before_);
    verdict = compare(block, eip);
  }
  (verdict == Verdict::kInterpretedOnly ? interpreted_only_ : compared_instructions_) += cpu_.clock.retired - start;
  if (verdict == Verdict::kDiffers) stop_at_difference(block, eip);
}

void Verifier::stop_at_difference(Block& block, u32 eip) {
  stopped_ = true;
  const Insn* const insn = guilty(block, eip);
  if (insn == nullptr) {  // the whole again, for its code
    stores_.put_back();
    go_to(before_);
    (void)compare(block, eip);
  }
  report(block, eip, insn);
  cpu_.request_stop();
  on_difference_();
}

// Of a block, what comes before the first instruction that is not repeatable; or that one. Block::heat, which is
// otherwise unused as nothing has to become hot here, remembers how long that is, and which.
Block& Verifier::stretch_of(Block& block) {
  if (block.heat == 0) {
    u8 length = 0;
    while (length < block.count && repeatable(block.insns[length])) ++length;
    block.heat = length != 0 ? length : 1 | kOnce;
  }
  const u8 length = block.heat & ~kOnce;
  return length == block.count ? block : part_of(block, length);
}

// Interprets the block, and then runs it translated. Leaves the processor and memory as the interpreter did.
Verifier::Verdict Verifier::compare(Block& block, u32 eip) {
  interpret(block, eip, stores_);
  if (done_for_good(stores_)) return Verdict::kInterpretedOnly;
  note(expected_);
  stores_.note_after();

  stores_.put_back();
  go_to(before_);
  if (!run_translated(block, eip)) {
    stores_.redo();
    go_to(expected_);
    return Verdict::kInterpretedOnly;
  }
  ++compared_;
  // Translated code may leave at any boundary, for the run loop to look around: then the interpreter goes only so far.
  const bool left_early = !cpu_.engine->faulted && cpu_.clock.retired <= expected_.retired &&
                          (expected_.faulted || cpu_.clock.retired != expected_.retired);
  if (!left_early && agrees()) return Verdict::kSame;
  note(got_);
  got_stores_.note_after();
  got_stores_.put_back();
  go_to(before_);
  if (!left_early) return agrees_once_more(block, eip) ? Verdict::kSame : Verdict::kDiffers;
  if (got_.retired == before_.retired) {
    Interpreter::execute_block(block, eip);
    return Verdict::kInterpretedOnly;
  }
  Block& part = part_of(block, static_cast<u16>(got_.retired - before_.retired));
  interpret(part, eip, stores_);
  if (done_for_good(stores_)) return Verdict::kInterpretedOnly;
  note(expected_);
  stores_.note_after();
  stores_.put_back();
  go_to(before_);
  return agrees_once_more(part, eip) ? Verdict::kSame : Verdict::kDiffers;
}

void Verifier::interpret(Block& block, u32 eip, StoreLog& log) {
  log.clear();
  log_ = &log;
  flushes_before_ = flushes(cpu_.mmu);
  Interpreter::execute_block(block, eip);
  log_ = nullptr;
}

// Attention: a device was reached, or code was written.
bool Verifier::done_for_good(const StoreLog& log) const {
  return cpu_.attention || !log.complete() || flushes(cpu_.mmu) != flushes_before_;
}

// With the pages at hand that the interpreter stored to, so that copied stores are not all misses. got_stores_ has what
// else is stored to: those stores are misses.
bool Verifier::run_translated(Block& block, u32 eip) {
  const auto lines = stores_.lines();
  got_stores_ = stores_;
  for (const StoreLog::Line& l : lines) cpu_.mmu.lend_page(l.linear, l.privilege, l.address, l.host);
  log_ = &got_stores_;
  const bool ran = run_alone(block, eip);
  log_ = nullptr;
  for (const StoreLog::Line& l : lines) cpu_.mmu.end_loan(l.linear, l.privilege);
  return ran;
}

// Are the processor and memory, after the translated run, as the interpreter left them?
bool Verifier::agrees() const {
  if (!got_stores_.complete()) return false;
  for (const StoreLog::Line& l : stores_.lines())
    if (!l.is_as(l.after)) return false;
  for (const StoreLog::Line& l : got_stores_.lines().subspan(stores_.lines().size()))
    if (!l.is_as(l.before)) return false;
  cpu_.settle();
  return cpu_.clock.retired == expected_.retired && same_fault(cpu_.engine->faulted, cpu_.fault, expected_) &&
         verifier_report::same(cpu_.state, expected_.state);
}

// They did not begin alike: the interpreter had to walk the page tables, which sets bits there and fills the TLB. Now
// it does not, and what the translated run left, in got_, has to be the same. All is at the start of the block, and
// becomes what expected_ and stores_ say.
bool Verifier::agrees_once_more(Block& block, u32 eip) {
  StoreLog stores;
  Moment now;
  interpret(block, eip, stores);
  note(now);
  bool same = got_stores_.complete() && now.retired == got_.retired && same_fault(now.faulted, now.fault, got_) &&
              verifier_report::same(now.state, got_.state);
  for (const StoreLog::Line& l : got_stores_.lines()) same = same && l.is_as(l.after);
  stores.put_back();
  stores_.redo();
  go_to(expected_);
  return same;
}

void Verifier::note(Moment& m) {
  cpu_.settle();
  copy(m.state, cpu_.state);
  m.retired = cpu_.clock.retired;
  m.faulted = cpu_.engine->faulted;
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
  cpu_.fault = m.fault;
  cpu_.attention = false;
  cpu_.position.current = nullptr;
  if (!same_mode) cpu_.update_mode();
}

bool Verifier::same_fault(bool faulted, const Fault& f, const Moment& m) {
  if (faulted != m.faulted) return false;
  return !faulted ||
         (f.vector == m.fault.vector && f.error_code == m.fault.error_code && f.address.value == m.fault.address.value);
}

// --- Parts of blocks.

// It has the block's own sentinel.
Block& Verifier::part_of(const Block& block, u16 count) {
  std::vector<Part>& parts = parts_[&block];
  for (const Part& p : parts)
    if (p->count == count) return *p;
  const usize size = sizeof(Block) + block.count * sizeof(Insn);
  Block& part = *parts.emplace_back(reinterpret_cast<Block*>(new u64[size / sizeof(u64) + 1]));
  std::memcpy(static_cast<void*>(&part), &block, size);
  part.count = count;
  part.translations = nullptr;
  const Insn& last = block.insns[count - 1];
  part.insns[count] = block.insns[block.count];
  part.insns[count].offset = static_cast<u16>(last.offset + last.length);
  return part;
}

// The part may be what runs: its memory is given up later.
void Verifier::on_block_dropped(const Block& block) {
  Translator::on_block_dropped(block);
  const auto found = parts_.find(&block);
  if (found == parts_.end()) return;
  std::vector<Part> parts = std::move(found->second);
  parts_.erase(found);
  for (Part& p : parts) {
    on_block_dropped(*p);
    for (auto* t = static_cast<Translation*>(p->translations); t != nullptr; t = t->next_of_block) t->block = nullptr;
    p->translations = nullptr;
    dropped_parts_.push_back(std::move(p));
  }
}

void Verifier::on_blocks_flushed() {
  Translator::on_blocks_flushed();
  for (auto& [block, parts] : parts_) {
    for (Part& p : parts) {
      p->translations = nullptr;
      dropped_parts_.push_back(std::move(p));
    }
  }
  parts_.clear();
}

// Parts of parts may have been made when they were dropped already, and another block will be at their address.
void Verifier::free_dropped_parts() {
  while (!dropped_parts_.empty()) {
    const Part part = std::move(dropped_parts_.back());
    dropped_parts_.pop_back();
    on_block_dropped(*part);
  }
}

// --- The difference.

const Insn* Verifier::guilty(Block& block, u32 eip) {
  for (u16 count = 1; count <= block.count; ++count) {
    stores_.put_back();
    go_to(before_);
    if (compare(part_of(block, count), eip) == Verdict::kDiffers) return &block.insns[count - 1];
  }
  return nullptr;
}

void Verifier::report(const Block& block, u32 eip, const Insn* guilty) {
  namespace text = verifier_report;
  const auto say = [this](const std::string& line) { cpu_.log.line("verify: " + line); };
  say(text::headline(block, eip, guilty, before_.retired));
  for (const std::string& line : text::guest_code(block, eip, guilty)) say(line);
  say("registers before:           " + text::registers(before_.state));
  say("as the interpreter has them: " + text::registers(expected_.state));
  say("as translated code does:     " + text::registers(got_.state));
  if (const std::string field = text::first_difference(expected_.state, got_.state); !field.empty())
    say("the first field that differs: " + field);
  if (expected_.retired != got_.retired)
    say(text::counts("instructions retired", expected_.retired - before_.retired, got_.retired - before_.retired));
  if (!same_fault(expected_.faulted, expected_.fault, got_))
    say("fault: interpreted " + text::fault(expected_.faulted, expected_.fault) + ", translated " +
        text::fault(got_.faulted, got_.fault));
  for (const StoreLog::Line& l : got_stores_.lines()) {  // memory is as interpreted
    if (!l.is_as(l.after)) say(text::bytes(l.linear, {l.host, StoreLog::kLineSize}, l.after));
  }
  if (!got_stores_.complete()) say("translated code alone stored to a device");
  say("the host code:");
  for (const std::string& line : last_host_code()) say(line);
}

bool Verifier::add_translator_info(TranslatorInfo& info, u32 hottest) const {
  info.compared += compared_instructions_;
  info.not_compared += interpreted_only_;
  return Translator::add_translator_info(info, hottest);
}

}  // namespace paemu
