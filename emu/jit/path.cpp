#include "jit/path.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "interp/block_cache.hpp"
#include "isa/table.hpp"

namespace paemu::jit {

Flow flow_of(const Insn& i) {
  const isa::Row& row = isa::rows()[i.row];
  const bool ends = row.attributes & isa::attribute::kEndsBlock;
  const Handler handler = handler_of(&i);
  if (handler == undefined_handler() || handler == too_long_handler()) return Flow::kElsewhere;
  if (!(i.flags & isa::insn_flag::kOperand16)) {
    const u8 o = i.opcode;
    if (row.map == isa::Map::k0F && (o & 0xf0) == 0x80) return Flow::kBranch;
    if (row.map == isa::Map::k1) {
      if ((o & 0xf0) == 0x70) return Flow::kBranch;
      if (o >= 0xe0 && o <= 0xe3 && !(i.flags & isa::insn_flag::kAddress16)) return Flow::kBranch;
      if (o == 0xe9 || o == 0xeb) return Flow::kJump;
      if (o == 0xe8) return Flow::kCall;
      if (o == 0xc2 || o == 0xc3) return Flow::kReturn;
    }
  }
  return ends ? Flow::kElsewhere : Flow::kNext;
}

namespace {

constexpr usize kFewest = 4;  // times that a block has to be seen before a guess is made of how it goes on

// How a block went on.
struct Way {
  const Step* to = nullptr;
  u32 last = 0;  // the instruction that it went by
};

class Chooser {
 public:
  Chooser(const Step& head, std::span<const Step> seen) : head_(head), seen_(seen) {}

  struct Part {
    Step at;
    u32 count = 0;
  };
  std::vector<Part> parts;
  bool closes = false;

  void run() {
    Step at = head_;
    for (;;) {
      activations_.back().visited.push_back(at.eip);
      const std::optional<Way> way = usual_way(at);
      if (count_ + at.block->count > Path::kMostInstructions) break;
      const u32 count = way ? way->last + 1 : at.block->count;
      parts.push_back({at, count});
      count_ += count;
      if (!way) break;
      follow(at, *way);
      if (activations_.size() == 1 && way->to->eip == head_.eip) {
        closes = leads_to(at.block->insns[way->last], head_.eip - at.eip);
        break;
      }
      const std::vector<u32>& visited = activations_.back().visited;
      if (std::ranges::find(visited, way->to->eip) != visited.end()) break;
      at = *way->to;
    }
    if (closes || parts.empty()) return;
    // A call that does not return within the path ends it, and what ends it is taken whole.
    if (activations_.size() > 1) parts.resize(activations_[1].parts_before);
    if (!parts.empty()) parts.back().count = parts.back().at.block->count;
  }

 private:
  // A call that is not over, or (the first) what the path begins in.
  struct Activation {
    u32 back = 0;
    usize parts_before = 0;
    std::vector<u32> visited;
  };

  bool usable(const Step& s) const {
    return s.block->host != nullptr && s.block->mode == head_.block->mode && ((s.eip ^ head_.eip) & ~kPageMask) == 0;
  }

  // Does it jump there, and not go on there as to the next?
  static bool leads_to(const Insn& i, u32 target) { return flow_of(i) == Flow::kReturn || (flow_of(i) != Flow::kNext && target_of(i) == target); }

  // By which of its instructions `from` went to `to`.
  static std::optional<u32> left_by(const Step& from, const Step& to) {
    const u32 distance = to.eip - from.eip;
    const Block& b = *from.block;
    for (u32 n = 0; n < b.count; ++n)
      if (flow_of(b.insns[n]) == Flow::kBranch && target_of(b.insns[n]) == distance) return n;
    const Insn& last = b.insns[b.count - 1];
    const Flow flow = flow_of(last);
    const bool there = flow == Flow::kReturn || ((flow == Flow::kJump || flow == Flow::kCall) && target_of(last) == distance) ||
                       ((flow == Flow::kNext || flow == Flow::kBranch) && end_of(last) == distance);
    return there ? std::optional<u32>(b.count - 1) : std::nullopt;
  }

  // What followed upon it at least every second time.
  std::optional<Way> usual_way(const Step& at) const {
    struct Counted {
      const Step* to;
      usize times;
    };
    std::vector<Counted> all;
    usize times = 0;
    for (usize n = 0; n + 1 < seen_.size(); ++n) {
      if (seen_[n].block != at.block || seen_[n].eip != at.eip) continue;
      ++times;
      const Step& to = seen_[n + 1];
      const auto known = std::ranges::find_if(all, [&](const Counted& c) { return c.to->eip == to.eip; });
      if (known == all.end())
        all.push_back({&to, 1});
      else
        ++known->times;
    }
    if (times < kFewest) return std::nullopt;
    const Flow last = flow_of(at.block->insns[at.block->count - 1]);
    const bool returns = last == Flow::kReturn && activations_.size() > 1;
    const u32 back = activations_.back().back;
    // A function returns to whoever called it: here that is known.
    const Counted* best = nullptr;
    usize by_return = 0;
    for (const Counted& c : all) {
      const std::optional<u32> by = left_by(at, *c.to);
      if (last == Flow::kReturn && by == u32{at.block->count} - 1u) {
        by_return += c.times;
        continue;
      }
      if (best == nullptr || c.times > best->times) best = &c;
    }
    if (last == Flow::kReturn && by_return * 2 >= times) {
      if (!returns) return std::nullopt;
      for (const Counted& c : all)
        if (c.to->eip == back && usable(*c.to)) return Way{c.to, u32{at.block->count} - 1u};
      return std::nullopt;
    }
    if (best == nullptr || !usable(*best->to)) return std::nullopt;
    const std::optional<u32> by = left_by(at, *best->to);
    if (!by) return std::nullopt;
    // Where a branch goes as often as not, the block is as good as it is.
    const bool leaves_early = *by + 1 < at.block->count;
    const bool often = leaves_early ? best->times * 3 >= times * 2 : best->times * 2 >= times;
    return often ? std::optional<Way>({best->to, *by}) : std::nullopt;
  }

  void follow(const Step& at, const Way& way) {
    const Insn& i = at.block->insns[way.last];
    const Flow flow = flow_of(i);
    if (flow == Flow::kReturn) activations_.pop_back();
    // A call of the next instruction asks where it is, and nobody returns from it.
    if (flow == Flow::kCall && i.immediate != 0) activations_.push_back({at.eip + end_of(i), parts.size(), {}});
  }

  const Step head_;
  const std::span<const Step> seen_;
  std::vector<Activation> activations_ = std::vector<Activation>(1);
  u32 count_ = 0;
};

}  // namespace

std::unique_ptr<Path> Path::choose(const Step& head, std::span<const Step> seen) {
  if (head.block->host == nullptr) return nullptr;
  Chooser chooser(head, seen);
  chooser.run();
  if (chooser.parts.size() < 2) return nullptr;
  auto path = std::make_unique<Path>();
  path->head = head.block;
  path->closes_ = chooser.closes;
  for (const Chooser::Part& p : chooser.parts) path->parts_.push_back({p.at.block, p.count});
  path->join();
  return path;
}

void Path::join() {
  u32 count = 0;
  for (const Part& p : parts_) count += p.count;
  memory_.resize((sizeof(Block) + count * sizeof(Insn) + sizeof(u64) - 1) / sizeof(u64));
  Block& b = *new (memory_.data()) Block;
  const u32 at_head = static_cast<u32>(head->address) & kPageMask;
  b.host = head->host - at_head;
  b.address = head->address - at_head;
  b.mode = head->mode;
  for (const Part& p : parts_) {
    const u32 first = static_cast<u32>(p.block->address) & kPageMask;
    for (u32 n = 0; n < p.count; ++n) {
      Insn& i = *new (&b.insns[b.count++]) Insn(p.block->insns[n]);
      i.offset = static_cast<u16>(i.offset + first);
      if (keeps_link(i)) i.displacement = 0;
      b.bytes += i.length;
    }
  }
}

bool Path::has(const Block& part) const {
  return std::ranges::any_of(parts_, [&](const Part& p) { return p.block == &part; });
}

bool Path::same_as(const Path& other) const { return parts_ == other.parts_ && closes_ == other.closes_; }

void Path::retire() {
  if (head != nullptr && head->path == this) head->path = nullptr;
  head = nullptr;
  parts_.clear();
}

}  // namespace paemu::jit
