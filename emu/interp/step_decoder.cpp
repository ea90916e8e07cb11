#include "interp/step_decoder.hpp"

#include <algorithm>

#include "interp/block_cache.hpp"
#include "isa/decoder.hpp"

namespace paemu {
namespace {

isa::CodeSize code_size(u8 mode_key) { return (mode_key & mode::kCode32) ? isa::CodeSize::k32 : isa::CodeSize::k16; }

u32 bytes_to_page_end(u32 linear) { return kPageSize - (linear & kPageMask); }

}  // namespace

const Insn* StepDecoder::decode() {
  const u32 linear = linear_eip();
  Entry& e = entries_[(linear ^ (linear >> 8)) % kEntries];
  last_ = &e;
  if (e.count != 0 && e.linear == linear && e.mode == cpu_.mode_key && unchanged(e)) return &e.insn;
  e.count = 0;
  if (!fetch(e)) {
    e.count = 0;
    return nullptr;
  }
  e.linear = linear;
  e.mode = cpu_.mode_key;
  switch (isa::decode({e.bytes, e.count}, code_size(e.mode), e.insn)) {
    case isa::DecodeStatus::kOk:
      set_handler(e.insn, e.mode, cpu_.model);
      if (keeps_link(e.insn)) e.insn.displacement = 0;
      break;
    case isa::DecodeStatus::kUndefined: e.insn.handler = reinterpret_cast<void (*)()>(undefined_handler()); break;
    default: e.insn.handler = reinterpret_cast<void (*)()>(too_long_handler()); break;
  }
  e.count = e.insn.length;
  return &e.insn;
}

bool StepDecoder::unchanged(const Entry& e) {
  const Segment& cs = cpu_.state.segment[isa::kCs];
  if (u64{cpu_.state.eip} + e.count - 1 > cs.limit) return false;
  for (u32 at = 0; at < e.count;) {
    FetchPage page;
    if (!cpu_.mmu.fetch(e.linear + at, cpu_.privilege(), page) || page.host == nullptr) return false;
    const u32 here = std::min(bytes_to_page_end(e.linear + at), e.count - at);
    // The first page's bytes come first: only if they are the same does the instruction reach into the second.
    if (std::memcmp(page.host, e.bytes + at, here) != 0) return false;
    at += here;
  }
  return true;
}

bool StepDecoder::fetch(Entry& e) {
  const Segment& cs = cpu_.state.segment[isa::kCs];
  while (e.count < kMaxBytes) {
    const u64 offset = u64{cpu_.state.eip} + e.count;
    Insn probe;
    const bool partial =
        isa::decode({e.bytes, e.count}, code_size(cpu_.mode_key), probe) == isa::DecodeStatus::kTruncated;
    if (e.count > 0 && !partial) return true;
    if (offset > cs.limit) {
      cpu_.general_protection();
      return false;
    }
    const u32 linear = cs.base + static_cast<u32>(offset);
    FetchPage page;
    if (!cpu_.mmu.fetch(linear, cpu_.privilege(), page)) {
      cpu_.fault = cpu_.mmu.fault();
      return false;
    }
    const u64 to_limit = u64{cs.limit} - offset + 1;
    const u32 here = static_cast<u32>(std::min<u64>({bytes_to_page_end(linear), kMaxBytes - e.count, to_limit}));
    if (page.host != nullptr)
      std::memcpy(e.bytes + e.count, page.host, here);
    else
      cpu_.mmu.read_physical(page.address, e.bytes + e.count, here);
    e.count = static_cast<u8>(e.count + here);
  }
  return true;
}

}  // namespace paemu
