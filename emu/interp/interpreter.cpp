#include "interp/interpreter.hpp"

#include <algorithm>

#include "cpu/exceptions.hpp"
#include "interp/block_cache.hpp"
#include "interp/trace.hpp"
#include "isa/decoder.hpp"

namespace paemu {

Interpreter::Interpreter(Cpu& cpu)
    : cpu_(cpu), engine_(std::make_unique<Engine>()), blocks_(std::make_unique<BlockCache>(cpu.memory, cpu.mmu, *engine_)) {
  cpu_.engine = engine_.get();
  cpu_.memory.set_observer(this);
}

Interpreter::~Interpreter() {
  if (cpu_.memory.observer() == this) cpu_.memory.set_observer(nullptr);
  cpu_.engine = nullptr;
}

void Interpreter::run(u64 max_ticks) {
  const u64 room = ~u64{0} - cpu_.clock.retired;
  cpu_.budget_end = cpu_.clock.retired + std::min(max_ticks, room);
  cpu_.stop_requested = false;
  wake();
  for (;;) {
    if (cpu_.attention) look_around();
    if (cpu_.stop_requested || cpu_.state.activity != Activity::kRunning) break;
    if (cpu_.clock.retired >= cpu_.budget_end) break;
    if (interrupt_deliverable(cpu_) && take_interrupt(cpu_)) {
      delivered();
      continue;
    }
    if (trace_ || cpu_.state.interrupt_shadow || needs_stepping(cpu_)) step(); else run_block();
    if (engine_->faulted) deliver();
  }
  cpu_.settle();
}

bool Interpreter::wake() {
  if (cpu_.state.activity == Activity::kHalted && interrupt_deliverable(cpu_)) cpu_.state.activity = Activity::kRunning;
  return cpu_.state.activity == Activity::kRunning;
}

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
  Block* block = blocks_->get(page.address, page.host, cpu_.mode_key, static_cast<u32>(std::min<u64>(to_limit, kPageSize)));
  if (block == nullptr || cpu_.clock.retired + block->count > cpu_.budget_end) return step();
  if (fast_mode(block->mode)) {
    engine_->jumps[Engine::jump_index(linear)] = JumpEntry{linear, block};
    if (wants_link != nullptr && engine_->pending_invalidations == engine_->invalidations) link(wants_link, *block);
  }
  execute(block->insns, eip);
}

void Interpreter::link(const Insn* from, const Block& to) {
  const auto distance = reinterpret_cast<const u8*>(to.insns) - reinterpret_cast<const u8*>(from);
  const_cast<Insn*>(from)->displacement = static_cast<u32>(static_cast<i32>(distance));
}

void Interpreter::execute(const Insn* first, u32 eip) {
  cpu_.position = Cpu::Position{first, first, cpu_.clock.retired, eip};
  for (const Insn* i = first; i != nullptr;) i = handler_of(i)(cpu_, i);
}

// The bytes of the instruction at CS:EIP, across a page boundary too. False: cpu_.fault.
bool Interpreter::fetch_bytes(u8* bytes, u32& count) {
  const Segment& cs = cpu_.state.segment[isa::kCs];
  count = 0;
  while (count < isa::kMaxLength) {
    const u64 offset = u64{cpu_.state.eip} + count;
    const u32 linear = cs.base + static_cast<u32>(offset);
    const auto size = (cpu_.mode_key & mode::kCode32) ? isa::CodeSize::k32 : isa::CodeSize::k16;
    Insn probe;
    // Bytes after a page boundary, or after the limit of CS, are asked for only when the instruction has them.
    if (count > 0 && isa::decode({bytes, count}, size, probe) != isa::DecodeStatus::kTruncated) return true;
    if (offset > cs.limit) {
      cpu_.general_protection();
      return false;
    }
    FetchPage page;
    if (!cpu_.mmu.fetch(linear, cpu_.privilege(), page)) {
      cpu_.fault = cpu_.mmu.fault();
      return false;
    }
    const u32 to_page_end = kPageSize - (linear & kPageMask);
    const u32 here = static_cast<u32>(std::min<u64>({to_page_end, isa::kMaxLength - count, u64{cs.limit} - offset + 1}));
    if (page.host != nullptr) std::memcpy(bytes + count, page.host, here);
    else cpu_.mmu.read_physical(page.address, bytes + count, here);
    count += here;
  }
  return true;
}

// One instruction, decoded anew: at the end of a slice, across pages, from device memory, while tracing or stepping.
void Interpreter::step() {
  const bool trap = cpu_.state.eflags & eflag::kTrap;
  const bool stepping = needs_stepping(cpu_);
  engine_->pending_link = nullptr;
  if (stepping && check_instruction_breakpoint(cpu_)) return delivered();
  cpu_.state.interrupt_shadow = false;
  u8 bytes[isa::kMaxLength];
  u32 count;
  if (!fetch_bytes(bytes, count)) {
    engine_->faulted = true;
    return;
  }
  Insn insns[2];
  const auto size = (cpu_.mode_key & mode::kCode32) ? isa::CodeSize::k32 : isa::CodeSize::k16;
  const auto status = isa::decode({bytes, count}, size, insns[0]);
  if (status == isa::DecodeStatus::kOk) set_handler(insns[0], cpu_.mode_key);
  else insns[0].handler = reinterpret_cast<void (*)()>(status == isa::DecodeStatus::kUndefined ? undefined_handler() : too_long_handler());
  if (keeps_link(insns[0]) && status == isa::DecodeStatus::kOk) insns[0].displacement = 0;
  insns[1].offset = insns[0].length;
  insns[1].handler = reinterpret_cast<void (*)()>(end_of_block_handler());
  if (trace_) trace_instruction(cpu_, {bytes, insns[0].length}, insns[0]);

  // With a budget of one, no handler can go on to another instruction.
  const u64 budget_end = cpu_.budget_end;
  cpu_.budget_end = std::min(budget_end, cpu_.clock.retired + 1);
  execute(insns, cpu_.state.eip);
  cpu_.budget_end = budget_end;
  engine_->pending_link = nullptr;
  if (stepping && !engine_->faulted) finish_step(cpu_, trap);
}

void Interpreter::flush_code() {
  blocks_->flush();
  cpu_.position.current = nullptr;
}

void Interpreter::on_mapping_changed(Pfn, u64) {
  cpu_.mmu.on_mapping_changed();
  blocks_->flush();
  cpu_.request_attention();
}

void Interpreter::on_code_written(GuestPhys address, u32 size) {
  if (blocks_->write(address, size)) cpu_.request_attention();
}

void Interpreter::on_dirty_cleared() { cpu_.mmu.on_dirty_cleared(); }

}  // namespace paemu
