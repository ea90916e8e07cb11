#include "jit/block_translator.hpp"

#include <bit>
#include <algorithm>
#include <cstring>

#include "interp/block_cache.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {
// Bytes that accesses may share a look-up within, by how often that did not do.
constexpr u32 kWidestSpan[kMostApart + 1] = {256, 32, 0};
}  // namespace

BlockTranslator::BlockTranslator(u8* buffer, usize size, Cpu& cpu, const HostRules& rules, const Thunks& thunks,
                                 const CodeCache& cache, Translation& out, std::deque<Link>& links, Loops loops)
    : Assembler(buffer, size, cpu),
      block_(out.code_block()),
      base_(out.path != nullptr ? out.eip & ~kPageMask : out.eip),
      rules_(rules),
      thunks_(thunks),
      cache_(cache),
      out_(out),
      links_(links),
      privilege_(block_.mode & mode::kUser ? Privilege::kUser : Privilege::kSupervisor),
      window_(out.window),
      loops_(loops),
      widest_span_(kWidestSpan[out.block->apart]) {}

void BlockTranslator::run() {
  check_budget(block_.count);
  check_bytes();
  emit_copy(block_.count);
  if (loop_.found) emit_loop();
  ready();
}

void BlockTranslator::emit_copy(u32 count) {
  count_ = count;
  at_start_ = values_;
  for (index_ = 0; index_ < count_; ++index_) {
    ended_ = false;
    instruction();
  }
  if (!ended_) {
    settle(flags_, x87_, xmm_);
    jump_to(next_eip(block_.insns[count_ - 1]));
  }
  emit_side_exits();
  emit_misses();
}

// A block that is a loop would settle and check at each round what the round before has just known. So it goes on in a
// copy of itself that begins with what the first round left open: XMM registers held, the units seen to be lent, no
// flags to record, x87 pointers not written, pages that are the same at each round looked up. If the copy ends with the
// same it goes round within itself.
void BlockTranslator::emit_loop() {
  misses_.clear();
  side_exits_.clear();
  spans_ = loop_.spans;
  for (Span& s : spans_) s.from = 0;
  values_ = loop_.values;
  in_rdi_ = kNoSlot;
  flags_ = loop_.flags;
  x87_ = loop_.x87;
  xmm_ = loop_.xmm;
  lent_ = loop_.lent;
  in_mmx_ = loop_.in_mmx;
  L(loop_.label);
  check_budget(loop_.count);
  emit_copy(loop_.count);
}

// May a jump from here to `target` go to the loop's start? The first such jump says where the loop ends; of a path the
// last.
bool BlockTranslator::loops_by(u32 target) {
  if (loops_ == Loops::kNo || target != out_.eip) return false;
  Values at_jump = values_;
  at_jump.pass(block_.insns[index_]);
  if (!loop_.found) {
    if (out_.path != nullptr && !(out_.path->closes() && remaining() == 1)) return false;
    loop_.found = true;
    loop_.count = index_ + 1;
    loop_.flags = flags_;
    loop_.x87 = x87_;
    loop_.xmm = xmm_;
    loop_.lent = lent_;
    loop_.in_mmx = in_mmx_;
    loop_.values = at_jump;
    for (const Span& s : spans_)
      if (holds_in_loop(s, at_jump)) loop_.spans.push_back(s);
  }
  const bool same = loop_.flags == flags_ && loop_.x87 == x87_ && loop_.xmm == xmm_ && loop_.lent == lent_ &&
                    loop_.in_mmx == in_mmx_ &&
                    std::ranges::all_of(loop_.spans, [&](const Span& s) { return holds_in_loop(s, at_jump); });
  if (!same) return false;
  // What a miss on the way here pushes out is looked up again.
  for (Span& s : spans_)
    if (std::ranges::find(loop_.spans, s.slot, &Span::slot) != loop_.spans.end()) s.last = std::max(s.last, index_ + 1);
  return true;
}

// Do the registers that it is reached by have at the jump what they have at the start?
bool BlockTranslator::holds_in_loop(const Span& s, const Values& at_jump) const {
  const auto kept = [&](u32 name) {
    for (u8 n = 0; n <= isa::kNoRegister; ++n)
      if (at_start_.of(n).name == name && at_jump.of(n) == at_start_.of(n)) return true;
    return false;
  };
  return kept(s.base) && kept(s.index);
}

// Where the path goes on behind the present instruction. None: a block or a path ends here.
std::optional<u32> BlockTranslator::next_in_path() const {
  if (remaining() > 1) return base_ + block_.insns[index_ + 1].offset;
  return out_.path != nullptr && out_.path->closes() ? std::optional(out_.eip) : std::nullopt;
}

// The whole block, or nothing of it, runs: the engine stops at exactly any retired count by interpreting the rest.
void BlockTranslator::check_budget(u32 count) {
  Label enough;
  SideExit& e = side_exit(out_.eip, 0);
  e.to_run_loop = true;
  lea(r11d, ptr[r11 - static_cast<int>(count)]);
  pext(ecx, r11d, ptr[CONTEXT(sign_bit)]);
  jrcxz(enough);
  jmp(e.label, T_NEAR);
  L(enough);
}

// Of code that nobody watches (Translation::checked): is it what was translated, in pages that are at hand?
void BlockTranslator::check_bytes() {
  if (out_.checked.empty()) return;
  Label changed, same;
  const FastTable& fetch = table(Access::kFetch);
  const auto need_zero = [&] {  // in ecx
    Label zero;
    jrcxz(zero);
    jmp(changed, T_NEAR);
    L(zero);
  };
  const u32 size = static_cast<u32>(out_.checked.size());
  for (u32 n = 0; n < size;) {
    const u32 at = out_.eip + n, place = FastTable::index_of(at);
    if (n == 0 || (at & kPageMask) == 0) {
      mov(ecx, ptr[in_cpu(&fetch.tag[place])]);
      lea(ecx, ptr[rcx + static_cast<int>(at >> kPageShift)]);
      need_zero();
      mov(rdi, ptr[in_cpu(&fetch.addend[place])]);
    }
    const bool four = size - n >= 4 && (at & kPageMask) <= kPageSize - 4;
    i32 expected = out_.checked[n];
    if (four) std::memcpy(&expected, &out_.checked[n], sizeof expected);
    mov(esi, at);
    if (four)
      mov(ecx, ptr[rdi + rsi]);
    else
      movzx(ecx, byte[rdi + rsi]);
    mov(esi, expected);
    not_(rsi);
    lea(ecx, ptr[rcx + rsi + 1]);
    need_zero();
    n += four ? 4 : 1;
  }
  jmp(same, T_NEAR);
  L(changed);
  lea(r11d, ptr[r11 + static_cast<int>(block_.count)]);
  mov(esi, out_.eip);
  jmp(cache_.writable(thunks_.exit_budget), T_NEAR);
  L(same);
}

void BlockTranslator::instruction() {
  const Insn& i = block_.insns[index_];
  const usize misses = misses_.size();
  if (has_row(i) && copy(i)) {
    values_.pass(i);
    for (usize n = misses; n < misses_.size(); ++n) {
      misses_[n].values = values_;
      misses_[n].in_rdi = in_rdi_;
    }
    return;
  }
  call_handler(i);
  in_rdi_ = kNoSlot;
  values_.forget();  // and so every span
}

// Encodings that no row has, or none that this processor has, have a handler of their own and a row that means nothing.
bool BlockTranslator::has_row(const Insn& i) const {
  const Handler h = handler_of(&i);
  return h != undefined_handler() && h != too_long_handler();
}

// In line: rows that are never copied.
void BlockTranslator::call_handler(const Insn& i) {
  settle(flags_, x87_, xmm_);
  x87_ = {};
  xmm_ = {};
  mov(rcx, reinterpret_cast<u64>(&i));
  mov(esi, base_);
  mov(edi, remaining() | (keeps_link(i) ? Thunks::kOnlyNext : 0));  // a branch leaves as it does interpreted
  call(cache_.writable(thunks_.execute));
  flags_ = Flags{0, true, 0};
  lent_ = 0;
  if (!(row(i).attributes & isa::attribute::kEndsBlock)) return;
  // Another page may be mapped here now.
  mov(esi, next_eip(i));
  if (remaining() > 1) lea(r11d, ptr[r11 + static_cast<int>(remaining() - 1)]);
  jump_indirect();
  ended_ = true;
}

BlockTranslator::SideExit& BlockTranslator::side_exit(u32 target, u32 executed) {
  SideExit& e = side_exits_.emplace_back();
  e.target = target;
  e.executed = executed;
  e.flags = flags_;
  e.x87 = x87_;
  e.xmm = xmm_;
  e.calls = calls_;
  e.esp = values_.of(isa::kEsp);
  return e;
}

Label& BlockTranslator::missed() {
  if (misses_.empty() || misses_.back().index != index_) {
    Miss& m = misses_.emplace_back();
    m.index = index_;
    m.flags = flags_;
    m.x87 = x87_;
    m.before = xmm_;
  }
  return misses_.back().label;
}

void BlockTranslator::emit_misses() {
  for (Miss& m : misses_) {
    index_ = m.index;
    L(m.label);
    m.at = getSize();
    settle(m.flags, m.x87, m.before);
    const Insn& i = block_.insns[index_];
    const bool jumps = row(i).attributes & isa::attribute::kEndsBlock;  // and nothing follows it
    mov(rcx, reinterpret_cast<u64>(&i));
    mov(esi, base_);
    mov(edi, remaining() | (jumps ? Thunks::kOnlyNext : 0));
    call(cache_.writable(thunks_.execute));
    if (jumps) {
      ud2();
      continue;
    }
    if (m.lent != 0) {
      // A device takes back what was lent.
      Label lent;
      movzx(ecx, byte[in_cpu(&cpu_.lent_fpu)]);
      pext(ecx, ecx, ptr[CONTEXT(lent_bits) + static_cast<int>(m.lent * 4)]);
      lea(ecx, ptr[rcx - (m.lent == (lent::kX87 | lent::kMxcsr) ? 3 : 1)]);
      jrcxz(lent);
      mov(esi, next_eip(block_.insns[index_]));
      if (remaining() > 1) lea(r11d, ptr[r11 + static_cast<int>(remaining() - 1)]);
      jmp(cache_.writable(thunks_.exit_budget), T_NEAR);
      L(lent);
    }
    look_up_again(m);
    if (m.in_rdi != kNoSlot) mov(rdi, ptr[CONTEXT(pages) + static_cast<int>(m.in_rdi * 8)]);
    load_xmm(m.after);
    jmp(m.resume, T_NEAR);
  }
  for (const WindowAccess& a : window_accesses_)
    out_.window_accesses.push_back({static_cast<u32>(a.at), static_cast<u32>(a.miss->at)});
  window_accesses_.clear();
}

void BlockTranslator::emit_side_exits() {
  for (SideExit& e : side_exits_) {
    L(e.label);
    if (e.executed != count_) lea(r11d, ptr[r11 + static_cast<int>(count_ - e.executed)]);
    if (e.to_loop) {
      jmp(loop_.label, T_NEAR);
      continue;
    }
    settle(e.flags, e.x87, e.xmm);
    if (e.by_return) {
      jmp(cache_.writable(thunks_.return_elsewhere[static_cast<u32>(privilege_)]), T_NEAR);
      continue;
    }
    if (e.to_run_loop) {
      mov(esi, e.target);
      jmp(cache_.writable(thunks_.exit_budget), T_NEAR);
    } else {
      push_calls(e);
      jump_to(e.target);
    }
  }
}

// Makes the state in memory what the code so far has left open. Touches no guest register and no flag.
void BlockTranslator::settle(const Flags& f, const LastX87& last, const HeldXmm& xmm) {
  record_flags(f);
  for (u32 n = 0; n < 8; ++n) {
    if (xmm.dirty >> n & 1) movaps(ptr[in_cpu(cpu_.state.fpu.xmm[n])], Xmm(static_cast<int>(n)));
  }
  if (last.insn == nullptr) return;
  FpuState& fpu = cpu_.state.fpu;
  mov(dword[in_cpu(&fpu.code_offset)], base_ + last.insn->offset);
  mov(word[in_cpu(&fpu.last_opcode)], (last.insn->opcode & 7) << 8 | last.insn->modrm);
  movzx(ecx, word[in_cpu(&cpu_.state.segment[isa::kCs].selector)]);
  mov(word[in_cpu(&fpu.code_selector)], cx);
  if (last.with_memory == nullptr) return;
  movzx(ecx, word[in_cpu(&cpu_.state.segment[last.with_memory->segment].selector)]);
  mov(word[in_cpu(&fpu.data_selector)], cx);
}

void BlockTranslator::settle_all() {
  settle(flags_, x87_, xmm_);
  flags_.recorded = true;
  x87_ = {};
  xmm_ = {};
}

void BlockTranslator::load_xmm(const HeldXmm& xmm) {
  for (u32 n = 0; n < 8; ++n) {
    if (xmm.held >> n & 1) movaps(Xmm(static_cast<int>(n)), ptr[in_cpu(cpu_.state.fpu.xmm[n])]);
  }
}

void BlockTranslator::record_flags(const Flags& f) {
  static_assert(offsetof(Context, stale_value) == offsetof(Context, stale_mask) + 4);
  if (!f.recorded) mov(qword[CONTEXT(stale_mask)], f.record);
}

void BlockTranslator::need_flags(u32 bits) {
  if (!(flags_.maybe_stale & bits)) return;
  record_flags(flags_);
  Label exact, stale, near;
  mov(ecx, ptr[CONTEXT(stale_mask)]);
  constexpr int kMostMoves = 12;  // of 8 bytes each, that JRCXZ reaches across
  if (std::popcount(xmm_.dirty) + std::popcount(xmm_.held) <= kMostMoves) {
    jrcxz(exact);
  } else {
    jrcxz(near);
    jmp(stale);
    L(near);
    jmp(exact, T_NEAR);
    L(stale);
  }
  settle({}, {}, xmm_);
  call(cache_.writable(thunks_.make_flags_exact));
  in_rdi_ = kNoSlot;
  load_xmm(xmm_);
  L(exact);
  flags_ = Flags{0, true, 0};
}

u32 BlockTranslator::read_by_condition(u32 code) {
  using namespace eflag;
  static constexpr u32 kBits[8] = {
      kOverflow, kCarry, kZero, kCarry | kZero, kSign, kParity, kSign | kOverflow, kZero | kSign | kOverflow};
  return kBits[(code >> 1) & 7];
}

}  // namespace paemu::jit
