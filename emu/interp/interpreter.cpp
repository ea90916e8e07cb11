#include "interp/interpreter.hpp"

#include <algorithm>

#include "cpu/debug.hpp"
#include "cpu/exceptions.hpp"
#include "interp/block_cache.hpp"
#include "interp/step_decoder.hpp"
#include "interp/trace.hpp"

namespace paemu {

Interpreter::Interpreter(Cpu& cpu, Chaining chaining, usize decoded_size)
    : cpu_(cpu),
      chaining_(chaining),
      engine_(std::make_unique<Engine>()),
      blocks_(new BlockCache(cpu, *engine_, *this, decoded_size)),
      step_decoder_(std::make_unique<StepDecoder>(cpu)) {
  cpu_.engine = engine_.get();
  cpu_.memory.add_observer(*this);
}

Interpreter::~Interpreter() {
  cpu_.memory.remove_observer(*this);
  cpu_.engine = nullptr;
}

void Interpreter::run(u64 max_ticks) {
  const u64 room = ~u64{0} - cpu_.clock.retired;
  cpu_.budget_end = cpu_.clock.retired + std::min(max_ticks, room);
  cpu_.stop_requested = false;
  engine_->pending_link = nullptr;  // a reset or a loaded state may have put the processor elsewhere
  wake();
  for (;;) {
    if (cpu_.attention) look_around();
    if (cpu_.stop_requested || cpu_.state.activity != Activity::kRunning) break;
    if (cpu_.clock.retired >= cpu_.budget_end) break;
    if (event_waiting(cpu_) && take_event(cpu_)) {
      delivered();
      continue;
    }
    if (trace_ || cpu_.state.shadow != Shadow::kNone || needs_stepping(cpu_))
      step();
    else
      run_code();
    if (engine_->faulted) deliver();
  }
  cpu_.settle();
}

bool Interpreter::must_look() const {
  return cpu_.attention || engine_->faulted || cpu_.stop_requested || trace_ ||
         cpu_.state.activity != Activity::kRunning || cpu_.state.shadow != Shadow::kNone || event_waiting(cpu_) ||
         needs_stepping(cpu_);
}

bool Interpreter::wake() { return paemu::wake(cpu_); }

// A device was reached, or code or mappings changed: an event may be due sooner than the budget ends.
void Interpreter::look_around() {
  cpu_.attention = false;
  if (cpu_.events.next_deadline() == kNever) return;
  const u64 deadline = cpu_.events.next_deadline().value;
  const u64 due = deadline > cpu_.clock.idle ? deadline - cpu_.clock.idle : 0;
  cpu_.budget_end = std::min(cpu_.budget_end, due);
}

void Interpreter::deliver() {
  engine_->faulted = false;
  deliver_fault(cpu_);
  delivered();
}

// Each delivery retires as an instruction does, so that a guest whose handlers fault for ever uses up its time.
void Interpreter::delivered() {
  ++cpu_.clock.retired;
  engine_->pending_link = nullptr;
}

void Interpreter::run_block() {
  const u32 eip = cpu_.state.eip;
  const Segment& cs = cpu_.state.segment[isa::kCs];
  const u32 linear = cs.base + eip;
  const Insn* wants_link = engine_->pending_link;
  engine_->pending_link = nullptr;
  FetchPage page;
  if (eip > cs.limit || !cpu_.mmu.fetch(linear, cpu_.privilege(), page) || page.host == nullptr) return step();
  const u64 to_limit = u64{cs.limit} - eip + 1;
  const u32 limit = static_cast<u32>(std::min<u64>(to_limit, kPageSize));
  Block* block = blocks_->find(page.address, cpu_.mode_key, limit);
  if (block == nullptr) {
    if (execute_crossing(page, eip)) return;
    cpu_.settle_fpu();
    block = blocks_->build(page.address, page.host, cpu_.mode_key, limit);
    if (block == nullptr) note_crossing(eip);
  }
  if (block == nullptr || cpu_.clock.retired + block->count > cpu_.budget_end) return step();
  cpu_.state.mid_repeat = false;
  if (chaining_ == Chaining::kOff) return execute_block(*block, eip);
  if (fast_mode(block->mode)) engine_->jumps[Engine::jump_index(linear)] = JumpEntry{linear, block};
  if (wants_link != nullptr && engine_->pending_invalidations == engine_->invalidations) link(wants_link, *block);
  execute(block->insns, eip);
}

void Interpreter::execute_block(Block& block, u32 eip) { execute(block.insns, eip); }

void Interpreter::link(const Insn* from, const Block& to) {
  const auto distance = reinterpret_cast<const u8*>(to.insns) - reinterpret_cast<const u8*>(from);
  const_cast<Insn*>(from)->displacement = static_cast<u32>(static_cast<i32>(distance));
}

void Interpreter::execute(const Insn* first, u32 eip) {
  cpu_.position = Cpu::Position{first, first, cpu_.clock.retired, eip};
  for (const Insn* i = first; i != nullptr;) i = handler_of(i)(cpu_, i);
}

// One instruction on its own: at the end of a slice, across pages, from device memory, while tracing or stepping.
void Interpreter::step() {
  const bool stepping = needs_stepping(cpu_);
  engine_->pending_link = nullptr;
  cpu_.settle_fpu();
  if (stepping && begin_step(cpu_)) return delivered();
  cpu_.after_stack_load = cpu_.state.shadow == Shadow::kAll;
  cpu_.state.shadow = Shadow::kNone;
  cpu_.state.mid_repeat = false;
  const Insn* insn = step_decoder_->decode();
  if (insn == nullptr) {
    engine_->faulted = true;
    return;
  }
  if (!may_step(*insn)) return;
  if (trace_) trace_instruction(cpu_, step_decoder_->bytes(), *insn);
  Insn pair[2];
  pair[0] = *insn;
  pair[1].offset = insn->length;
  pair[1].handler = reinterpret_cast<void (*)()>(end_of_block_handler());

  // With a budget of one, no handler can go on to another instruction.
  const u64 budget_end = cpu_.budget_end;
  cpu_.budget_end = std::min(budget_end, cpu_.clock.retired + 1);
  execute(pair, cpu_.state.eip);
  cpu_.budget_end = budget_end;
  engine_->pending_link = nullptr;
  cpu_.after_stack_load = false;
  if (stepping && !engine_->faulted) finish_step(cpu_);
}

void Interpreter::flush_code() {
  blocks_->flush();
  cpu_.position.current = nullptr;
}

void Interpreter::on_mapping_changed(Pfn first, u64 count) {
  cpu_.mmu.on_mapping_changed();
  blocks_->forget(first, count);
  cpu_.request_attention();
}

void Interpreter::on_code_written(GuestPhys address, u32 size) {
  if (blocks_->write(address, size)) cpu_.request_attention();
}

void Interpreter::on_dirty_cleared() { cpu_.mmu.on_dirty_cleared(); }
void Interpreter::on_frame_watched(Pfn frame) { cpu_.mmu.on_frame_watched(frame); }
bool Interpreter::watches(Pfn frame) const { return blocks_->has_code(frame); }

}  // namespace paemu
