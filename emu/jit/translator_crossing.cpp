// Instructions that lie across two pages. They are no block's, as a block is known by the bytes of one page; left to
// the run loop, one in a hot loop would cost more than the loop. So each page has room for one here: a block of its
// own, whose translation compares all bytes with those that it was made from whenever it is entered. What is written to
// either page, or mapped instead of it, is so found out without anybody being told.
#include <algorithm>
#include <cstring>

#include "isa/decoder.hpp"
#include "jit/translator.hpp"

namespace paemu {

using namespace jit;

namespace {
constexpr u8 kMode = kFastMode | mode::kProtected;
}

void Translator::note_crossing(u32 eip) {
  Crossing& c = crossing(eip);
  if (c.eip != eip || c.block.mode != cpu_.mode_key) {
    forget(c);
    c.eip = eip;
    c.block.mode = cpu_.mode_key;
  }
  if (c.block.heat < tuning_.hot) ++c.block.heat;
}

bool Translator::execute_crossing(const FetchPage& first, u32 eip) {
  if (observed_.block != nullptr) return false;
  Crossing& c = crossing(eip);
  if (c.eip != eip || c.block.mode != cpu_.mode_key || c.block.heat < tuning_.hot) return false;
  if ((cpu_.mode_key & kMode) != kMode || cpu_.clock.retired >= cpu_.budget_end) return false;
  const u32 next_page = (eip & ~kPageMask) + kPageSize, here = next_page - eip;
  if (here >= kMostBytes) return false;
  // The second page is looked up, which fills the TLB, only if the instruction still reaches into it.
  Translation* t = static_cast<Translation*>(c.block.translations);
  Insn part;
  const bool reaches = t != nullptr
                           ? std::equal(first.host, first.host + here, t->checked.begin())
                           : isa::decode({first.host, here}, isa::CodeSize::k32, part) == isa::DecodeStatus::kTruncated;
  if (!reaches) {
    forget(c);
    return false;
  }
  FetchPage second;
  if (next_page == 0 || !cpu_.mmu.fetch(next_page, cpu_.privilege(), second) || second.host == nullptr) return false;
  u8 bytes[kMostBytes];
  std::memcpy(bytes, first.host, here);
  std::memcpy(bytes + here, second.host, kMostBytes - here);

  const bool same =
      t != nullptr && c.block.host == first.host && std::equal(t->checked.begin(), t->checked.end(), bytes);
  if (t != nullptr && !same) {
    forget(c);  // what changes is as cold as new code
    return false;
  }
  if (t == nullptr && (t = translate_crossing(c, first, bytes)) == nullptr) return false;
  Link* const wants = std::exchange(pending_, nullptr);
  if (!lend(t->needs_lent)) return false;
  if (wants != nullptr && wants->target == eip && wants->from->block != nullptr &&
      wants->from->block->mode == c.block.mode)
    connect(*wants, *t);
  note_jump(*t);
  cpu_.state.mid_repeat = false;
  const u64 retired = cpu_.clock.retired;
  run_native(t);
  return cpu_.clock.retired != retired || cpu_.engine->faulted;
}

Translation* Translator::translate_crossing(Crossing& c, const FetchPage& first, const u8* bytes) {
  const u32 eip = c.eip;
  const u8 mode_key = c.block.mode, heat = c.block.heat;
  forget(c);
  Insn& insn = c.block.insns[0];
  if (isa::decode({bytes, kMostBytes}, isa::CodeSize::k32, insn) != isa::DecodeStatus::kOk) return nullptr;
  set_handler(insn, mode_key, cpu_.model);
  if (keeps_link(insn)) insn.displacement = 0;
  c.sentinel.offset = insn.length;
  c.sentinel.handler = reinterpret_cast<void (*)()>(end_of_block_handler());
  c.block.host = first.host;
  c.block.address = first.address.value;
  c.block.bytes = insn.length;
  c.block.count = 1;
  c.block.mode = mode_key;
  Translation* const t = translate(c.block, eip, Loops::kNo, {bytes, insn.length});
  c.eip = eip;  // all were forgotten if there was no room
  c.block.heat = heat;
  return t;
}

void Translator::forget(Crossing& c) {
  if (auto* t = static_cast<Translation*>(c.block.translations); t != nullptr) {
    drop(*t);
    t->block = nullptr;
  }
  c.block.translations = nullptr;
  c.block.host = nullptr;
  c.block.heat = c.block.window_lost = 0;
  c.block.window = false;
  c.eip = kNoCrossing;
}

}  // namespace paemu
