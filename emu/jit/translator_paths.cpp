// Which blocks are joined to paths. A block that samples found running is observed: the next blocks are interpreted and
// noted, and the way that most of them took from that block on becomes its translation. It is observed again when it
// ran far longer, as programs do other things later.
#include "jit/translator.hpp"

namespace paemu {

using namespace jit;

namespace {
constexpr usize kSeen = 600, kSeenAtOnce = 60;  // blocks that are noted
constexpr u8 kMostObserved = 6;
}  // namespace

// `t` was found running once more.
void Translator::consider_path(const Translation& t) {
  Block& block = *const_cast<Block*>(t.block);
  if (observed_.block != nullptr || block.observed == kMostObserved || !t.checked.empty()) return;
  if (t.samples < u64{tuning_.path_after} << (3 * block.observed)) return;
  begin_observing({&block, t.eip});
}

void Translator::begin_observing(const Step& head) {
  ++head.block->observed;
  observed_ = head;
  seen_.clear();
}

// Instead of execute_block(), while a block is observed.
void Translator::observe(Block& block, u32 eip) {
  seen_.push_back({&block, eip});
  pending_ = nullptr;
  Interpreter::execute_block(block, eip);
  if (observed_.block != nullptr && seen_.size() >= (tuning_.path_after == 0 ? kSeenAtOnce : kSeen)) end_observing();
}

void Translator::end_observing() {
  const Step head = std::exchange(observed_, {});
  if (head.block->host == nullptr) return;
  std::unique_ptr<Path> path = Path::choose(head, seen_);
  Path* const old = static_cast<Path*>(head.block->path);
  if (path == nullptr || (old != nullptr && path->same_as(*old))) return;
  if (Translation* t = find(*head.block, head.eip); t != nullptr) translate_anew(*t);
  if (old != nullptr) retire(*old);
  std::erase_if(paths_, [](const auto& p) { return p->head == nullptr; });  // none is running
  head.block->path = path.get();
  for (const Step& s : seen_) s.block->in_path |= path->has(*s.block);
  paths_.push_back(std::move(path));
}

// With what was translated of it, at any address.
void Translator::retire(Path& path) {
  Block& head = *path.head;
  path.retire();
  for (auto* t = static_cast<Translation*>(head.translations); t != nullptr;) {
    Translation& translated = *t;
    t = t->next_of_block;
    if (translated.path == &path) translate_anew(translated);
  }
}

// A part of paths was dropped.
void Translator::retire_paths(const Block& part) {
  for (const std::unique_ptr<Path>& path : paths_) {
    if (path->has(part)) retire(*path);
  }
}

}  // namespace paemu
