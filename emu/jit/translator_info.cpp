// What the translator tells people: counts that it has anyway, which blocks ran most, and their names for profilers.
#include <algorithm>
#include <cstdio>

#include "isa/table.hpp"
#include "jit/disassembly.hpp"
#include "jit/host_code_text.hpp"
#include "jit/translator.hpp"

namespace paemu {

using namespace jit;

namespace {

// Mnemonic and opcode as the manual prints them: "invlpg 0f 01 /7".
std::string name_of(const isa::Row& row) {
  static constexpr const char* kPrefixes[] = {"", "", "66 ", "f3 ", "f2 "};  // by isa::Prefix
  char code[24];
  const char* const map = row.map == isa::Map::k0F ? "0f " : "";
  std::snprintf(code, sizeof code, " %s%s%02x", kPrefixes[static_cast<usize>(row.prefix)], map, row.opcode);
  std::string name = std::string(row.mnemonic) + code;
  if (row.modrm.reg != isa::Modrm::kFree) name += " /" + std::to_string(row.modrm.reg);
  return name;
}

}  // namespace

// Code was left because the time was up: the block that it stands before is noted as one that was found running. Since
// time is counted in instructions, a block is found as often as its share of them says. Exits of the same kind before
// the time is up say nothing of what runs.
void Translator::sample() {
  const Context& x = *context_;
  const JumpCache& jumps = x.jumps[cpu_.user() ? 1 : 0];
  const u32 n = JumpCache::index_of(x.exit_eip);
  if (jumps.eip[n] != 0u - x.exit_eip) return;
  // In the order of their code.
  const auto found = std::ranges::lower_bound(translations_, jumps.code[n], {}, &Translation::code);
  if (found == translations_.end() || found->code != jumps.code[n] || found->block == nullptr) return;
  if (x.left >= static_cast<i32>(found->count)) return;
  ++found->samples;
  ++samples_;
  consider_window(*found);
  if (found->block != nullptr) consider_path(*found);
}

// Of a path it is in several places.
static std::vector<std::string> guest_code(const Translation& t) {
  if (!t.checked.empty()) return disassemble(t.checked, t.eip, Machine::kGuest);
  const Block& code = t.code_block();
  const u32 base = t.path != nullptr ? t.eip & ~kPageMask : t.eip;
  std::vector<std::string> lines;
  for (u32 n = 0; n < t.count; ++n) {
    const Insn& i = code.insns[n];
    const auto text = disassemble({code.host + i.offset, i.length}, base + i.offset, Machine::kGuest);
    lines.insert(lines.end(), text.begin(), text.end());
  }
  return lines;
}

HotBlock Translator::describe(const Translation& t) const {
  const Block& block = *t.block;
  HotBlock hot;
  hot.processor = cpu_.place.index;
  hot.eip = t.eip;
  hot.user = (block.mode & mode::kUser) != 0;
  hot.samples = t.samples;
  hot.instructions = t.count;
  hot.joined = t.path != nullptr ? static_cast<u32>(t.path->parts()) : 1;
  hot.guest_bytes = t.code_block().bytes;
  hot.host_bytes = t.code_size;
  hot.guest_code = guest_code(t);
  hot.host_code = host_code_text(t, cpu_, *cache_, thunks_);
  return hot;
}

std::vector<std::string> Translator::last_host_code() const {
  return host_code_text(*last_alone_, cpu_, *cache_, thunks_);
}

bool Translator::add_translator_info(TranslatorInfo& info, u32 hottest) const {
  info.cache_size += cache_->size();
  info.cache_used += cache_->used();
  info.decoded_size += blocks().size();
  info.decoded_used += blocks().used();
  info.flushes += cache_->generation();
  info.flushes_when_full += flushes_when_full_ + blocks().flushes_when_full();
  info.translated += translated_;
  info.dropped += dropped_;
  if (info.handler_calls.empty()) {
    for (const isa::Row& row : isa::rows()) info.handler_calls.push_back({name_of(row), 0});
  }
  for (usize n = 0; n < handler_calls_.size(); ++n) info.handler_calls[n].calls += handler_calls_[n];
  info.exits.unlinked += exits_.unlinked;
  info.exits.indirect += exits_.indirect;
  info.exits.budget += exits_.budget;
  info.exits.apart += exits_.apart;
  info.exits.faults += exits_.faults;
  info.exits.attention += exits_.attention;
  info.exits.continued += exits_.continued;
  info.exits.other += exits_.other;
  info.samples += samples_;
  info.window_faults += window_faults_;
  info.window_pages += cpu_.mmu.counters.shown;

  std::vector<const Translation*> alive;
  for (const Translation& t : translations_) {
    if (t.block == nullptr || t.block->host == nullptr) continue;
    alive.push_back(&t);
    ++info.blocks;
    if (t.path != nullptr) ++info.paths;
    if (t.window) ++info.window_blocks;
    info.guest_bytes += t.block->bytes;
    info.host_bytes += t.code_size;
    info.links_all += t.outgoing.size();
    for (const Link* l : t.outgoing) {
      if (l->to == nullptr) continue;
      ++info.links;
      if (l->across_pages()) ++info.links_across_pages;
    }
  }
  const usize count = std::min<usize>(hottest, alive.size());
  std::ranges::partial_sort(alive, alive.begin() + static_cast<std::ptrdiff_t>(count), std::greater{},
                            &Translation::samples);
  for (usize n = 0; n < count && alive[n]->samples != 0; ++n) info.hottest.push_back(describe(*alive[n]));
  return true;
}

// --- Names for profilers.

void Translator::tell(CodeNames& names) {
  names_ = &names;
  const u8* const first = cache_->fleeting().data();
  names.add(first - cache_->used(), cache_->used(), "translated_code_entry");
}

void Translator::name_block(const Translation& t) {
  char name[32];
  std::snprintf(name, sizeof name, "guest_%08x%s", t.eip, t.block->mode & mode::kUser ? "_user" : "");
  names_->add(t.code, t.code_size, name);
}

}  // namespace paemu
