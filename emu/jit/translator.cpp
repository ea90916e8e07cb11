#include "jit/translator.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "cpu/operands.hpp"
#include "isa/table.hpp"
#include "jit/block_translator.hpp"

namespace paemu {

using namespace jit;

namespace {
constexpr u64 kMostOfInstruction = 1280;  // bytes of host code, in and out of line
constexpr u64 kMostOfFrame = 1024;
// Translated code is left after so many instructions at least, for a look at which block runs: often enough for a
// profile of some seconds, too rarely to cost anything, and no multiple of what guests' loops have. It also bounds how
// many calls may be pending (ReturnStack), each being an instruction.
constexpr i32 kMostTicks = 400'009;

// For decoded blocks, beside the host code. Half is enough: a block takes some 400 bytes and its host code some 500,
// and of a small cache most blocks are never translated.
usize decoded_size(u64 cache_size) {
  return std::max<usize>(cache_size / 2, std::min<usize>(cache_size, BlockCache::kUsualSize));
}
}  // namespace

bool Translator::supported() { return __builtin_cpu_supports("bmi2"); }

Translator::Translator(Cpu& cpu, std::unique_ptr<CodeCache> cache, TranslatorTuning tuning, TrustHost trust)
    : Interpreter(cpu, Chaining::kOff, decoded_size(cache->size())),
      cpu_(cpu),
      tuning_(tuning),
      cache_(std::move(cache)),
      context_(std::make_unique<Context>()),
      rules_(trust == TrustHost::kNo ? HostRules::none() : HostRules::probe(*cache_)),
      thunks_(make_thunks(*cache_, cpu)),
      returns_(kMostTicks) {
  context_->cpu = &cpu;
  context_->translator = this;
  crossings_.resize(kCrossings);
  handler_calls_.resize(isa::rows().size());
  context_->handler_calls = handler_calls_.data();
  if (!rules_.all_hold())
    cpu.log.once("host rules", "paemu: interpreting " + rules_.broken() +
                                   ", after which this host's flags are not as docs/undefined.md says");
  ReturnStack::Entry& bottom = returns_.bottom();
  bottom.landing = reinterpret_cast<u64>(thunks_.return_to_zero);
  context_->returns_base = reinterpret_cast<u64>(&bottom);
  cpu_.mmu.set_fetch_listener(this);
  if (windows_) ask_for_window_faults();
}
Translator::~Translator() { cpu_.mmu.set_fetch_listener(nullptr); }

void Translator::run(u64 max_ticks) {
  pending_ = nullptr;  // a reset or a loaded state may have put the processor elsewhere
  context_->windows = windows_;
  if (windows_) handle_window_faults(*this);
  Interpreter::run(max_ticks);
}

Translation* Translator::find(const Block& block, u32 eip) {
  Translation* t = static_cast<Translation*>(block.translations);
  while (t != nullptr && t->eip != eip) t = t->next_of_block;
  return t;
}

void Translator::execute_block(Block& block, u32 eip) {
  if (observed_.block != nullptr) return observe(block, eip);
  constexpr u8 kMode = kFastMode | mode::kProtected;
  Translation* t = nullptr;
  if ((block.mode & kMode) == kMode) {
    if (block.heat >= tuning_.hot) {
      t = find(block, eip);
      if (t == nullptr) t = translate(block, eip, Loops::kYes);
    } else {
      ++block.heat;
    }
  }
  Link* const wants = std::exchange(pending_, nullptr);
  // A path may have more instructions than the slice has left.
  const bool fits = t != nullptr && cpu_.clock.retired + t->count <= cpu_.budget_end;
  if (!fits || !lend(t->needs_lent)) return Interpreter::execute_block(block, eip);
  if (wants != nullptr && wants->target == eip && wants->from->block != nullptr &&
      wants->from->block->mode == block.mode)
    connect(*wants, *t);
  note_jump(*t);
  run_native(t);
}

// Takes to the host's units what translated code finds there. -> is all of it there?
bool Translator::lend(u8 wanted) {
  if ((cpu_.lent_fpu & wanted) == wanted) return true;
  const FpuState& f = cpu_.state.fpu;
  if (wanted & lent::kX87) {
    constexpr u16 kMasks = fpu_status::kExceptions;
    if ((cpu_.state.cr0 & (cr0::kEmulation | cr0::kTaskSwitched)) || (f.control & kMasks) != kMasks) return false;
    // A loaded state may have one pending that its control word masks, or be busy without: the host would forget it.
    constexpr u16 kForgotten = fpu_status::kErrorSummary | fpu_status::kBusy;
    if (!(cpu_.lent_fpu & lent::kX87) && (f.status & kForgotten)) return false;
    lend_x87(cpu_);
  }
  if (wanted & lent::kMxcsr) {
    if (!sse_ready<FastMode>(cpu_)) return false;
    lend_mxcsr(cpu_);
  }
  return (cpu_.lent_fpu & wanted) == wanted;
}

bool Translator::run_alone(Block& block, u32 eip, Loops loops) {
  constexpr u8 kMode = kFastMode | mode::kProtected;
  if ((block.mode & kMode) != kMode) return false;
  Translation* t = find(block, eip);
  if (t == nullptr) {
    t = translate(block, eip, loops);
    if (t == nullptr) return false;
  }
  if (!lend(t->needs_lent)) return false;
  last_alone_ = t;
  run_native(t);
  pending_ = nullptr;
  return true;
}

void Translator::begin_native() {
  Context& x = *context_;
  x.flags = cpu_.lazy.get() | 0x202;
  x.stale_mask = 0;
  const u64 budget = cpu_.budget_end - cpu_.clock.retired;
  x.left = static_cast<i32>(std::min<u64>(budget, kMostTicks));
  x.end = cpu_.clock.retired + static_cast<u64>(x.left);
  stay_end_ = x.end;
  if (windows_) use_window(cpu_.mmu.window_base());
}

void Translator::run_native(const Translation* t) {
  Context& x = *context_;
  begin_native();
  for (x.target = t->code; x.target != nullptr; x.target = next_code()) {
    thunks_.enter(&x);
  }
  if (x.exit == Exit::kHandled) return;
  cpu_.lazy.set(x.guest_flags());
  cpu_.state.eip = x.exit_eip;
  cpu_.clock.retired = x.end - static_cast<u64>(x.left);
  cpu_.position.current = nullptr;
}

// After an exit: the code to go on with, if nothing else is to be done and the jump cache has it. Else the run loop
// looks.
const u8* Translator::next_code() {
  Context& x = *context_;
  if (x.exit == Exit::kBudget) {
    ++exits_.budget;
    sample();
    return nullptr;
  }
  pending_ = nullptr;
  if (x.exit == Exit::kApart) {
    ++exits_.apart;
    note_apart(*static_cast<Translation*>(x.exit_link));
    return nullptr;
  }
  if (x.exit == Exit::kLink) {
    ++exits_.unlinked;
    pending_ = static_cast<Link*>(x.exit_link);
    x.exit_eip = pending_->target;
    return nullptr;
  }
  if (x.exit == Exit::kIndirect) {
    // At the end of the slice an interrupt may come first: then nothing must have been fetched, as that fills the TLB.
    const u8* const code = x.left > 0 ? code_at(x.exit_eip) : nullptr;
    ++(code == nullptr ? exits_.indirect : exits_.continued);
    return code;
  }
  if (cpu_.attention) look_around();
  if (must_look() && !pass_shadow()) {
    ++(cpu_.engine->faulted ? exits_.faults : exits_.attention);
    return nullptr;
  }
  // A handler has left: the state is exact, and the run loop would find nothing to do but the next block.
  ++exits_.other;
  constexpr u8 kMode = kFastMode | mode::kProtected;
  if ((cpu_.mode_key & kMode) != kMode || cpu_.clock.retired >= cpu_.budget_end) return nullptr;
  const u8* const code = code_at(cpu_.state.eip);
  if (code == nullptr) return nullptr;
  cpu_.state.mid_repeat = false;
  --exits_.other, ++exits_.continued;
  begin_native();
  return code;
}

// What the jump cache has for an address, if that is still what is mapped there.
const u8* Translator::code_at(u32 eip) {
  const JumpCache& jumps = context_->jumps[cpu_.user() ? 1 : 0];
  const u32 n = JumpCache::index_of(eip);
  if (jumps.eip[n] != 0u - eip) return nullptr;
  const u8* host = cpu_.mmu.fetch_hit(eip, cpu_.privilege());
  if (host == nullptr) {
    FetchPage page;
    if (!cpu_.mmu.fetch(eip, cpu_.privilege(), page) || page.host == nullptr) return nullptr;
    host = page.host;
  }
  return reinterpret_cast<u64>(host) - eip + jumps.addend[n] == 0 ? jumps.code[n] : nullptr;
}

// After STI interrupts wait for one more instruction. When none is there, and what comes next surely runs before
// anybody looks, that is as good as over. -> is nothing else to be done?
bool Translator::pass_shadow() {
  CpuState& s = cpu_.state;
  if (s.shadow != Shadow::kInterrupts) return false;
  if (cpu_.clock.retired + Path::kMostInstructions > cpu_.budget_end) return false;
  s.shadow = Shadow::kNone;
  if (!must_look()) return true;
  s.shadow = Shadow::kInterrupts;
  return false;
}

// After a handler left: may the block go on behind it, at `eip`, with `remaining` instructions of it counted from the
// handler's on?
bool Translator::resume(u32 eip, u32 remaining) {
  if (cpu_.state.eip != eip || must_look()) return false;
  const u64 retired = cpu_.clock.retired, end = std::min(cpu_.budget_end, stay_end_);
  if (retired + (remaining - 1) > end) return false;
  Context& x = *context_;
  x.end = end;
  x.left = static_cast<i32>(end - retired) - static_cast<i32>(remaining - 1);
  if (windows_) use_window(cpu_.mmu.window_base());
  return true;
}

// Objects that lie across two pages, or that are looked for in the same place of the TLB, can't share look-ups.
void Translator::note_apart(Translation& t) {
  constexpr u32 kOften = 16;
  if (t.block == nullptr || ++t.apart < kOften || t.block->apart == kMostApart) return;
  ++const_cast<Block*>(t.block)->apart;
  translate_anew(t);
}

// Drops a translation of a block that stays: when the block runs next it gets another.
void Translator::translate_anew(Translation& t) {
  Block& block = *const_cast<Block*>(t.block);
  drop(t);
  if (block.translations == &t) {
    block.translations = t.next_of_block;
  } else {
    Translation* before = static_cast<Translation*>(block.translations);
    while (before->next_of_block != &t) before = before->next_of_block;
    before->next_of_block = t.next_of_block;
  }
  t.block = nullptr;
}

// Pending calls may lead back into another page now, and so may entries of the jump cache.
void Translator::on_code_pages_lost() {
  Context& x = *context_;
  x.returns = x.returns_base;
  x.fetch_epoch += Context::kEpoch;
  if (x.fetch_epoch != 0) return;
  x.fetch_epoch = Context::kEpoch;
  for (JumpCache& jumps : x.jumps) std::fill_n(jumps.key, JumpCache::kEntries, 0);
}

void Translator::note_jump(const Translation& t) {
  JumpCache& jumps = context_->jumps[t.block->mode & mode::kUser ? 1 : 0];
  const u32 n = JumpCache::index_of(t.eip);
  jumps.key[n] = 0u - (context_->fetch_epoch + t.eip);
  jumps.eip[n] = 0u - t.eip;
  jumps.addend[n] = 0u - t.addend;
  jumps.code[n] = t.code;
}

Translation* Translator::translate(Block& block, u32 eip, Loops loops, std::span<const u8> checked) {
  const bool joined = loops == Loops::kYes;
  if (joined && tuning_.path_after == 0 && block.observed == 0) {
    begin_observing({&block, eip});
    return nullptr;
  }
  const Path* path = joined ? static_cast<const Path*>(block.path) : nullptr;
  const auto most_of = [](const Block& b) { return kMostOfFrame + b.count * kMostOfInstruction; };
  if (path != nullptr && most_of(path->block()) > cache_->size() / 8) path = nullptr;
  const u32 count = path != nullptr ? path->block().count : block.count;
  u64 most = most_of(path != nullptr ? path->block() : block);
  if (most > cache_->size() / 4) loops = Loops::kNo;
  if (loops == Loops::kYes) most *= 2;
  u8* buffer = forget_before_translating_ ? nullptr : cache_->reserve(most);
  if (buffer == nullptr) {
    if (!forget_before_translating_) ++flushes_when_full_;
    forget_all();
    buffer = cache_->reserve(most);
    if (buffer == nullptr) return nullptr;
  }
  Translation& t = translations_.emplace_back();
  t.block = &block;
  t.path = path;
  t.count = count;
  t.eip = eip;
  t.checked.assign(checked.begin(), checked.end());
  t.addend = reinterpret_cast<u64>(block.host) - eip;
  if (windows_ && tuning_.window_after == 0 && (block.mode & mode::kUser)) block.window = true;
  t.window = windows_ && block.window;
  cpu_.settle_fpu();
  BlockTranslator writer(buffer, most, cpu_, rules_, thunks_, *cache_, t, links_, loops);
  writer.run();
  t.code = cache_->executable(buffer);
  t.code_size = static_cast<u32>(writer.getSize());
  cache_->commit(buffer + writer.getSize());
  inspect({buffer, t.code_size});
  t.next_of_block = static_cast<Translation*>(block.translations);
  block.translations = &t;
  ++translated_;
  if (names_ != nullptr) name_block(t);
  return &t;
}

namespace {
void write_relative(u8* at, const u8* executed_at, const u8* target) {
  const i32 distance = static_cast<i32>(target - (executed_at + 4));
  std::memcpy(at, &distance, sizeof(distance));
}
}  // namespace

void Translator::connect(Link& link, Translation& to) {
  if (link.to == &to) return;
  disconnect(link);  // it went elsewhere, since another page is mapped there now
  link.to = &to;
  to.incoming.push_back(&link);
  if (link.addend != nullptr) {
    const u64 negated = 0u - to.addend;
    std::memcpy(link.addend, &negated, sizeof(negated));
  }
  write_relative(link.jump, cache_->executable(link.jump), to.code);
}

void Translator::disconnect(Link& link) {
  if (link.to == nullptr) return;
  write_relative(link.jump, cache_->executable(link.jump), link.unlinked);
  std::erase(link.to->incoming, &link);
  link.to = nullptr;
}

void Translator::drop(Translation& t) {
  while (!t.incoming.empty()) disconnect(*t.incoming.back());
  for (Link* l : t.outgoing) disconnect(*l);
  if (pending_ != nullptr && pending_->from == &t) pending_ = nullptr;
  for (JumpCache& jumps : context_->jumps) {
    const u32 n = JumpCache::index_of(t.eip);
    if (jumps.code[n] == t.code) jumps.forget(n);
  }
}

void Translator::on_block_dropped(const Block& block) {
  if (block.translations != nullptr) ++dropped_;
  for (Translation* t = static_cast<Translation*>(block.translations); t != nullptr; t = t->next_of_block) drop(*t);
  if (block.in_path) retire_paths(block);
}

// Host code may be running: it is given up only before the next translation.
void Translator::on_blocks_flushed() {
  unlink_all();
  observed_ = {};
  for (const auto& path : paths_) path->retire();
}

void Translator::unlink_all() {
  for (Translation& t : translations_) {
    for (Link* l : t.outgoing) {
      if (l->to != nullptr) write_relative(l->jump, cache_->executable(l->jump), l->unlinked);
      l->to = nullptr;
    }
    t.incoming.clear();
    t.block = nullptr;  // its memory will be another's
  }
  for (Crossing& c : crossings_) {
    c.block.translations = nullptr;
    c.eip = kNoCrossing;
  }
  pending_ = nullptr;
  for (JumpCache& jumps : context_->jumps) jumps = JumpCache{};
  forget_before_translating_ = true;
}

void Translator::forget_all() {
  for (const Translation& t : translations_) {
    if (t.block != nullptr) const_cast<Block*>(t.block)->translations = nullptr;
  }
  unlink_all();
  translations_.clear();
  links_.clear();
  std::erase_if(paths_, [](const auto& p) { return p->head == nullptr; });
  samples_ = 0;
  if (names_ != nullptr) names_->forget(cache_->fleeting().data(), cache_->fleeting().size());
  cache_->flush();
  forget_before_translating_ = false;
}

}  // namespace paemu
