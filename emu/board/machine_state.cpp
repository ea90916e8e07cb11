// The façade's state: looking at it, hashing it, saving it and loading it. All of it follows from Pc::visit_state.
#include <xxhash.h>

#include <algorithm>

#include "board/hotplug_plan.hpp"
#include "board/pc_machine.hpp"
#include "replay/archive.hpp"
#include "replay/bytes.hpp"
#include "replay/checkpoint.hpp"

namespace paemu {

namespace {

std::vector<DimmSpec> specs(const DimmList& dimms, bool boot_too) {
  std::vector<DimmSpec> list;
  for (const auto& dimm : dimms) {
    if (boot_too || dimm->spec().socket == Socket::Hotplug) list.push_back(dimm->spec());
  }
  return list;
}

// What the state hash is over, apart from the contents of memory: all fields, and which DIMMs there are. -> the hash of
// each part by itself, for reports.
std::vector<PartHash> save_parts(Pc& pc, std::vector<u8>& out) {
  std::vector<PartHash> parts;
  const auto add = [&](const char* name, auto& state) {
    const usize before = out.size();
    archive::Saver(out).field(name, state);
    parts.push_back(PartHash{name, static_cast<u32>(XXH3_64bits(out.data() + before, out.size() - before))});
  };
  pc.visit_state(add);
  const std::vector<DimmSpec> dimms = specs(pc.memory.dimms(), true);
  add("dimms", dimms);
  return parts;
}

u64 combine(const std::vector<u8>& fields, u64 memory) {
  return XXH3_64bits_withSeed(fields.data(), fields.size(), memory);
}

}  // namespace

u64 PcMachine::state_hash() {
  std::vector<u8> fields;
  save_parts(*pc_, fields);
  return combine(fields, memory_hash_->update());
}

Checkpoint PcMachine::checkpoint() {
  std::vector<u8> fields;
  Checkpoint c;
  c.at = position();
  c.parts = save_parts(*pc_, fields);
  c.hash = combine(fields, memory_hash_->update());
  c.registers = registers(pc_->processors.current_index());
  c.written = memory_hash_->take_written();
  return c;
}

u64 PcMachine::schema() {
  archive::Schema schema;
  pc_->visit_state([&](const char* name, auto& state) { schema.field(name, state); });
  const std::vector<DimmSpec> dimms;
  schema.field("dimms", dimms);
  return schema.hash();
}

std::vector<u8> PcMachine::save_state() {
  std::vector<u8> fields;
  pc_->visit_state([&](const char* name, auto& state) { archive::Saver(fields).field(name, state); });
  std::vector<u8> out = archive::save(specs(pc_->memory.dimms(), false));
  ByteWriter(out).bytes(fields);
  // What a machine that loads this does not have, this one must not have either.
  pc_->processors.flush_all();
  return out;
}

void PcMachine::visit_pages(const std::function<void(Pfn, std::span<const u8>)>& visit) {
  pc_->memory.for_each_touched([&](Pfn frame, const u8* page) {
    const std::span<const u8> content(page, kPageSize);
    if (!all_zero(content)) visit(frame, content);
  });
}

Or<> PcMachine::load_state(std::span<const u8> state) {
  fresh_ = false;
  archive::Loader loader(state);
  std::vector<DimmSpec> dimms;
  loader.field("dimms", dimms);
  if (!loader.ok()) return loader.finish();
  // Each must be where a DIMM may be inserted: the list may be a stranger's.
  TRY(pc_->replace_dimms({}));
  for (const DimmSpec& spec : dimms) {
    const DimmSpec planned = TRY(plan_insert(spec));
    TRY(pc_->memory.insert(planned));
  }
  memory_hash_->forget_untouched();
  pc_->visit_state([&](const char* name, auto& part) { loader.field(name, part); });
  TRY(loader.finish());
  // A state is saved at a boundary, where no event is due; devices count on that, and on times that don't overflow.
  constexpr u64 kMaxTicks = u64{1} << 62;
  if (pc_->clock.retired >= kMaxTicks || pc_->clock.idle >= kMaxTicks) return fail("field \"clock\" is out of range");
  if (pc_->events.next_deadline() < pc_->clock.now()) return fail("field \"events\" has a deadline that has passed");
  pc_->adopt_state();
  pc_->processors.flush_all();
  return {};
}

Or<> PcMachine::load_page(Pfn frame, std::span<const u8> page) {
  if (!pc_->memory.restore_page(frame, page)) return fail("it has a page where this machine has no RAM");
  return {};
}

bool PcMachine::read_linear(u32 processor, GuestLinear address, std::span<u8> out) const {
  u32 linear = address.value;
  while (!out.empty()) {
    const usize piece = std::min<usize>(out.size(), kPageSize - (linear & kPageMask));
    const std::optional<GuestPhys> physical = pc_->processors[processor].cpu.mmu.translate(linear);
    if (!physical || !pc_->memory.read(*physical, out.first(piece))) return false;
    out = out.subspan(piece);
    linear += static_cast<u32>(piece);
  }
  return true;
}

std::string PcMachine::describe(const std::string& device) const {
  archive::Dumper dumper;
  pc_->visit_state([&](const char* name, auto& state) {
    if (device == name) dumper.field(name, state);
  });
  return dumper.text();
}

std::vector<const Drive*> PcMachine::drives() const {
  std::vector<const Drive*> list;
  for (const auto& drive : pc_->storage.drives()) list.push_back(drive.get());
  return list;
}

std::vector<std::string> PcMachine::devices() const {
  std::vector<std::string> names;
  pc_->visit_state([&](const char* name, auto&) { names.emplace_back(name); });
  return names;
}

}  // namespace paemu
