#include <cassert>
#include <cstdio>
#include <string>
#include <vector>

#include "interp/block_cache.hpp"
#include "interp/forms.hpp"

namespace paemu {
namespace {

std::vector<Pick> join() {
  std::vector<Pick> all;
  for (const Picks& part :
       {integer_picks(), control_picks(), system_picks(), simd_picks(), simd_float_picks(), fpu_picks()}) {
    all.insert(all.end(), part.first, part.first + part.count);
  }
  assert(all.size() == isa::rows().size());  // every part of isa/x86.inc has its handlers_*.cpp
  return all;
}

// Says once for each encoding what was undefined, with its bytes: an instruction may be missing in our table.
void report_undefined(Cpu& c, u32 eip) {
  u8 bytes[8] = {};
  u32 count = 0;
  while (count < sizeof(bytes)) {
    const auto address = c.mmu.translate(c.state.segment[isa::kCs].base + eip + count);
    if (!address) break;
    // Not through the bus: a look at a device's register could change it.
    if (!c.memory.read(*address, {&bytes[count], 1})) break;
    ++count;
  }
  char key[40] = "undefined ", text[120];
  std::string dump;
  for (u32 n = 0; n < count; ++n) {
    char hex[4];
    std::snprintf(hex, sizeof(hex), " %02x", bytes[n]);
    dump += hex;
  }
  // The same for every occurrence of the first three bytes.
  std::snprintf(key, sizeof(key), "undefined %02x%02x%02x", bytes[0], bytes[1], bytes[2]);
  std::snprintf(text, sizeof(text), "cpu: undefined instruction at %04x:%08x:%s", c.state.segment[isa::kCs].selector,
                eip, dump.c_str());
  c.log.once(key, text);
}

const Insn* undefined(Cpu& c, const Insn* i) {
  c.settle_fpu();
  report_undefined(c, eip_of(c, i));
  c.undefined();
  return leave_faulted(c, i);
}

const Insn* too_long(Cpu& c, const Insn* i) {
  c.general_protection();
  return leave_faulted(c, i);
}

const Insn* end_of_block(Cpu& c, const Insn* i) {
  const u32 eip = eip_of(c, i);
  const u64 retired = retired_before(c, i);
  if (c.attention) return leave(c, eip, retired);
  const bool fast = fast_mode(c.mode_key);
  // Runs off its page: what follows is whatever is mapped there now, so that no link may be made.
  if (((c.state.segment[isa::kCs].base + eip) & kPageMask) == 0) [[unlikely]]
    return fast ? dispatch(c, eip, retired) : leave(c, eip, retired);
  return fast ? follow(c, i, eip, retired) : follow_in_segment(c, i, eip, retired);
}

}  // namespace

Handler select_handler(const Insn& i, Speed speed) {
  static const std::vector<Pick> kPicks = join();
  return kPicks[i.row](i, speed);
}

void set_handler(Insn& insn, u8 mode_key, const CpuModel& model) {
  const Handler h = model.has_row(insn.row) ? select_handler(insn, fast_mode(mode_key) ? Speed::kFast : Speed::kSlow)
                                            : undefined_handler();
  insn.handler = reinterpret_cast<void (*)()>(h);
}
Handler undefined_handler() { return &undefined; }
Handler too_long_handler() { return &too_long; }
Handler end_of_block_handler() { return &end_of_block; }

bool keeps_link(const Insn& insn) {
  const isa::Operand first = isa::rows()[insn.row].operands[0];
  return first == isa::Operand::Jb || first == isa::Operand::Jz;
}

bool ends_block(const Insn& insn) {
  const u16 attributes = isa::rows()[insn.row].attributes;
  const bool repeated = insn.flags & (isa::insn_flag::kRep | isa::insn_flag::kRepne);
  return (attributes & isa::attribute::kEndsBlock) || ((attributes & isa::attribute::kString) && repeated);
}

}  // namespace paemu
