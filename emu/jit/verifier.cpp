#include "jit/verifier.hpp"

#include <cstring>

#include "isa/table.hpp"
#include "jit/disassembly.hpp"
#include "jit/verifier_report.hpp"

namespace paemu {

using namespace jit;

void Verifier::execute_block(Block& block, u32 eip) {
  if (stopped_ || !repeatable(block)) return Interpreter::execute_block(block, eip);
  const Moment before = now();
  if (compare(block, eip, before) != Verdict::kDiffers) return;
  stopped_ = true;
  const Insn* const insn = guilty(block, eip, before);
  if (insn == nullptr) {  // the whole again, for its code
    log_.undo();
    go_to(before);
    (void)compare(block, eip, before);
  }
  report(block, eip, insn, before);
  cpu_.request_stop();
  on_difference_();
}

// Interprets the block, and then runs it translated. Leaves the processor and memory as the interpreter did.
Verifier::Verdict Verifier::compare(Block& block, u32 eip, const Moment& before) {
  log_.clear();
  cpu_.mmu.set_store_listener(&log_);
  Interpreter::execute_block(block, eip);
  cpu_.mmu.set_store_listener(nullptr);
  // Attention: a device was reached, or code was written.
  if (cpu_.attention || !log_.complete()) return Verdict::kInterpretedOnly;
  expected_ = now();

  log_.undo();
  go_to(before);
  for (const StoreLog::Store& s : log_.stores()) cpu_.mmu.prepare_store(s.linear, s.privilege);
  const bool ran = run_alone(block, eip);
  cpu_.mmu.forget_stores();
  if (!ran) {
    log_.redo();
    go_to(expected_);
    return Verdict::kInterpretedOnly;
  }
  got_ = now();
  got_stores_.clear();
  for (const StoreLog::Store& s : log_.stores())
    got_stores_.insert(got_stores_.end(), s.host, s.host + s.before.size());
  // Translated code may leave at any boundary, for the run loop to look around: then the interpreter goes only so far.
  if (!got_.faulted && got_.retired < expected_.retired) {
    const u64 count = got_.retired - before.retired;
    log_.put_back();
    go_to(before);
    if (count == 0) return Verdict::kInterpretedOnly;
    log_.clear();
    cpu_.mmu.set_store_listener(&log_);
    Interpreter::execute_block(*part_of(block, static_cast<u16>(count)), eip);
    cpu_.mmu.set_store_listener(nullptr);
    expected_ = now();
    log_.note_after();
  }
  bool stores_same = true;
  usize at = 0;
  for (const StoreLog::Store& s : log_.stores()) {
    stores_same = stores_same && std::memcmp(got_stores_.data() + at, s.after.data(), s.after.size()) == 0;
    at += s.after.size();
  }
  ++compared_;
  const bool is_same = stores_same && same(expected_, got_);
  log_.redo();
  go_to(expected_);
  return is_same ? Verdict::kSame : Verdict::kDiffers;
}

bool Verifier::repeatable(const Block& block) const {
  for (const Insn* i = block.insns; i != block.insns + block.count; ++i) {
    if (isa::rows()[i->row].attributes & (isa::attribute::kPrivileged | isa::attribute::kSlow)) return false;
  }
  return true;
}

Verifier::Moment Verifier::now() {
  cpu_.settle();
  return {cpu_.state, cpu_.clock.retired, cpu_.engine->faulted, cpu_.fault};
}

void Verifier::go_to(const Moment& m) {
  cpu_.settle_fpu();
  cpu_.state = m.state;
  cpu_.lazy.set(m.state.eflags);
  cpu_.clock.retired = m.retired;
  cpu_.engine->faulted = m.faulted;
  cpu_.fault = m.fault;
  cpu_.attention = false;
  cpu_.position.current = nullptr;
  cpu_.update_mode();
}

bool Verifier::same(const Moment& a, const Moment& b) {
  if (a.retired != b.retired || a.faulted != b.faulted) return false;
  if (a.faulted && (a.fault.vector != b.fault.vector || a.fault.error_code != b.fault.error_code ||
                    a.fault.address.value != b.fault.address.value))
    return false;
  return verifier_report::first_difference(a.state, b.state).empty();
}

// A copy that ends after `count` instructions, with the block's own sentinel.
Verifier::Part Verifier::part_of(const Block& block, u16 count) {
  const usize size = sizeof(Block) + block.count * sizeof(Insn);
  Part copy(reinterpret_cast<Block*>(new u64[size / sizeof(u64) + 1]));
  Block& part = *copy;
  std::memcpy(static_cast<void*>(&part), &block, size);
  part.count = count;
  part.translations = nullptr;
  const Insn& last = block.insns[count - 1];
  part.insns[count] = block.insns[block.count];
  part.insns[count].offset = static_cast<u16>(last.offset + last.length);
  return copy;
}

const Insn* Verifier::guilty(const Block& block, u32 eip, const Moment& before) {
  for (u16 count = 1; count <= block.count; ++count) {
    parts_.push_back(part_of(block, count));
    Block& part = *parts_.back();
    go_to(before);
    log_.undo();
    const Verdict verdict = compare(part, eip, before);
    on_block_dropped(part);
    if (verdict == Verdict::kDiffers) return &block.insns[count - 1];
  }
  return nullptr;
}

void Verifier::report(const Block& block, u32 eip, const Insn* guilty, const Moment& before) {
  namespace text = verifier_report;
  const auto say = [this](const std::string& line) { cpu_.log.line("verify: " + line); };
  say(text::headline(block, eip, guilty, before.retired));
  for (const std::string& line : text::guest_code(block, eip, guilty)) say(line);
  say("registers before:           " + text::registers(before.state));
  say("as the interpreter has them: " + text::registers(expected_.state));
  say("as translated code does:     " + text::registers(got_.state));
  if (const std::string field = text::first_difference(expected_.state, got_.state); !field.empty())
    say("the first field that differs: " + field);
  if (expected_.retired != got_.retired)
    say(text::counts("instructions retired", expected_.retired - before.retired, got_.retired - before.retired));
  if (expected_.faulted != got_.faulted || expected_.fault.vector != got_.fault.vector)
    say(text::counts("fault", expected_.faulted ? static_cast<u64>(expected_.fault.vector) : ~u64{0},
                     got_.faulted ? static_cast<u64>(got_.fault.vector) : ~u64{0}));
  usize at = 0;
  for (const StoreLog::Store& s : log_.stores()) {
    if (std::memcmp(got_stores_.data() + at, s.after.data(), s.after.size()) != 0)
      say(text::bytes(s.linear, s.after, std::span(got_stores_).subspan(at, s.after.size())));
    at += s.after.size();
  }
  say("the host code:");
  const auto code = last_code();
  for (const std::string& line : disassemble(code, reinterpret_cast<u64>(code.data()), Machine::kHost)) say(line);
}

}  // namespace paemu
