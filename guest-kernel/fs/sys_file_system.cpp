#include "fs/sys_file_system.hpp"

#include "fs/virtual_tree.hpp"
#include "mm/hotplug.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

constexpr u32 kSysfsMagic = 0x62656572;

u64 section_base(u32 index) { return u64{index} << kSectionShift; }

// --- /sys/devices/system/memory/memoryN
Or<> render_state(Text& text, u32 index) {
  text.add("%s\n", section_state_name(section_at(index).state));
  return {};
}

Or<> store_state(StringView word, u32 index) {
  if (section_at(index).state == SectionState::kAbsent) return fail(Errno::kNoDev);
  if (word == "offline") {
    OfflineReport report;
    auto done = offline_memory(section_base(index), kSectionSize, report);
    if (!done.ok()) {
      char why[160];
      report.format(why, sizeof why);
      print("memory: memory%u stays online: %s\n", index, why);
    }
    return done;
  }
  if (word == "online") return online_memory(section_base(index), kSectionSize, OnlineAs::kDefault);
  if (word == "online_movable") return online_memory(section_base(index), kSectionSize, OnlineAs::kMovable);
  if (word == "online_kernel") return online_memory(section_base(index), kSectionSize, OnlineAs::kKernel);
  return fail(Errno::kInval);
}

Or<> render_removable(Text& text, u32 index) {
  text.add("%d\n", section_removable(index) ? 1 : 0);
  return {};
}
Or<> render_index(Text& text, u32 index) {
  text.add("%08x\n", index);
  return {};
}
Or<> render_device(Text& text, u32) {
  text.add("0\n");
  return {};
}
Or<> render_zones(Text& text, u32 index) {
  text.add("%s\n", section_valid_zones(index));
  return {};
}

Or<Ref<Inode>> make_section(u32 index) {
  Ref<VirtualDirectory> d = TRY(make_virtual_directory(kSysfsMagic));
  TRY(d->add_file("state", render_state, store_state, index));
  TRY(d->add_file("removable", render_removable, nullptr, index));
  TRY(d->add_file("phys_index", render_index, nullptr, index));
  TRY(d->add_file("phys_device", render_device, nullptr, index));
  TRY(d->add_file("valid_zones", render_zones, nullptr, index));
  return Ref<Inode>(d);
}

Or<> render_section_link(Text& text, u32 index) {
  text.add("../../memory/memory%u", index);
  return {};
}

bool section_is_there(u32 index) { return index < section_count() && section_at(index).state != SectionState::kAbsent; }

// A directory with a memoryN for each present section, after its fixed entries.
class SectionsDirectory final : public VirtualDirectory {
 public:
  enum class As : u8 { kDirectories, kLinks };
  explicit SectionsDirectory(As as) : VirtualDirectory(kSysfsMagic), as_(as) {}

  Or<Ref<Inode>> lookup(StringView name) override {
    u32 index;
    if (!numbered_name(name, "memory", index)) return VirtualDirectory::lookup(name);
    if (!section_is_there(index)) return fail(Errno::kNoEnt);
    if (as_ == As::kDirectories) return make_section(index);
    Ref<Inode> link(new (std::nothrow) VirtualLink(render_section_link, index));
    if (!link) return fail(Errno::kNoMem);
    return link;
  }

  Or<u64> list(u64 position, DirectorySink& sink) override {
    if (position < fixed_count()) position = TRY(VirtualDirectory::list(position, sink));
    if (position < fixed_count()) return position;
    for (u32 index = static_cast<u32>(position) - fixed_count(); index < section_count(); ++index, ++position) {
      if (!section_is_there(index)) continue;
      char name[16];
      format_to(name, sizeof name, "memory%u", index);
      if (!sink.add({name, index + 1, as_ == As::kDirectories ? mode::kDirectory : mode::kSymlink, position + 1}))
        return position;
    }
    return position;
  }

 private:
  As as_;
};

// --- /sys/devices/system/memory
Or<> render_block_size(Text& text, u32) {
  text.add("%llx\n", static_cast<unsigned long long>(kSectionSize));
  return {};
}

struct PolicyName {
  OnlinePolicy policy;
  const char* name;
};
constexpr PolicyName kPolicies[] = {
    {OnlinePolicy::kOffline, "offline"}, {OnlinePolicy::kMovable, "online_movable"}, {OnlinePolicy::kKernel, "online"}};

Or<> render_policy(Text& text, u32) {
  for (const PolicyName& p : kPolicies)
    if (p.policy == online_policy()) text.add("%s\n", p.name);
  return {};
}
Or<> store_policy(StringView word, u32) {
  for (const PolicyName& p : kPolicies)
    if (word == p.name) {
      set_online_policy(p.policy);
      return {};
    }
  return fail(Errno::kInval);
}

// --- /sys/devices/system/node/node0
Or<> render_node_meminfo(Text& text, u32 node) {
  const MemoryInfo m = memory_info();
  const auto line = [&](const char* name, u32 pages) { text.add("Node %u %-15s %8u kB\n", node, name, pages * 4); };
  line("MemTotal:", m.total_pages);
  line("MemFree:", m.free_pages);
  line("MemUsed:", m.total_pages - m.free_pages);
  line("HighTotal:", m.high_total_pages);
  line("HighFree:", m.high_free_pages);
  line("LowTotal:", m.low_total_pages);
  line("LowFree:", m.low_free_pages);
  line("AnonPages:", m.anonymous_pages);
  line("Mapped:", m.mapped_pages);
  return {};
}
Or<> render_node_list(Text& text, u32) {
  text.add("0\n");
  return {};
}

// --- /sys/devices/system/cpu: one processor.
Or<Ref<Inode>> make_processors() {
  Ref<VirtualDirectory> cpu0 = TRY(make_virtual_directory(kSysfsMagic));
  Ref<VirtualDirectory> topology = TRY(make_virtual_directory(kSysfsMagic));
  for (const char* name : {"core_id", "physical_package_id", "core_siblings_list", "thread_siblings_list"})
    TRY(topology->add_file(name, render_node_list));
  TRY(cpu0->add("topology", topology));
  Ref<VirtualDirectory> cpu = TRY(make_virtual_directory(kSysfsMagic));
  TRY(cpu->add("cpu0", cpu0));
  for (const char* name : {"online", "possible", "present"}) TRY(cpu->add_file(name, render_node_list));
  return Ref<Inode>(cpu);
}

}  // namespace

Or<Ref<Inode>> make_sys() {
  Ref<SectionsDirectory> memory(new (std::nothrow) SectionsDirectory(SectionsDirectory::As::kDirectories));
  Ref<SectionsDirectory> node0(new (std::nothrow) SectionsDirectory(SectionsDirectory::As::kLinks));
  if (!memory || !node0) return fail(Errno::kNoMem);
  TRY(memory->add_file("block_size_bytes", render_block_size));
  TRY(memory->add_file("auto_online_blocks", render_policy, store_policy));
  TRY(node0->add_file("meminfo", render_node_meminfo));
  Ref<VirtualDirectory> node = TRY(make_virtual_directory(kSysfsMagic));
  TRY(node->add_file("online", render_node_list));
  TRY(node->add_file("possible", render_node_list));
  TRY(node->add_file("has_memory", render_node_list));
  TRY(node->add("node0", node0));
  Ref<VirtualDirectory> system = TRY(make_virtual_directory(kSysfsMagic));
  TRY(system->add("memory", memory));
  TRY(system->add("node", node));
  Ref<Inode> processors = TRY(make_processors());
  TRY(system->add("cpu", processors));
  Ref<VirtualDirectory> devices = TRY(make_virtual_directory(kSysfsMagic));
  TRY(devices->add("system", system));
  Ref<VirtualDirectory> top = TRY(make_virtual_directory(kSysfsMagic));
  TRY(top->add("devices", devices));
  return Ref<Inode>(top);
}

}  // namespace ido::fs
