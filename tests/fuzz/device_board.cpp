#include "device_board.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>

#include "../unit/emu/replay/memory_medium.hpp"
#include "replay/archive.hpp"

namespace paemu::fuzz {
namespace {

constexpr u32 kMostEvents = 5000;
// A guest must not stop the emulator by one access. Processor time, with the sanitizers' share of it.
constexpr double kMostSeconds = 2;

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "device-fuzz: %s\n", sentence.c_str());
  std::abort();
}

// Complains when what it lived through took too long.
class Stopwatch {
 public:
  explicit Stopwatch(const char* what) : what_(what), start_(std::clock()) {}
  ~Stopwatch() {
    const double seconds = static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC;
    if (seconds > kMostSeconds) give_up(std::string(what_) + " took " + std::to_string(seconds) + " s");
  }

 private:
  const char* what_;
  std::clock_t start_;
};

constexpr u64 kSectors = 2880;

// The media of all drives, by number from 1 on.
struct Media final : MediumStore {
  std::vector<std::unique_ptr<test::MemoryMedium>> media;
  explicit Media(usize count) {
    for (usize n = 0; n < count; ++n) media.push_back(std::make_unique<test::MemoryMedium>(kSectors));
  }
  Medium* find(u32 number) override {
    return number >= 1 && number <= media.size() ? media[number - 1].get() : nullptr;
  }
  void release(u32) override {}
};

MachineConfig configuration() {
  MachineConfig c;
  c.ram_size = 32 * kMiB;
  c.slots = 2;
  c.maxmem = 2 * kGiB;
  c.debug_console = 0x402;
  c.topology.cores = 2;
  c.virtio = {{.kind = VirtioSpec::Kind::kRng},
              {.kind = VirtioSpec::Kind::kConsole},
              {.kind = VirtioSpec::Kind::kConsole, .legacy = false}};
  const auto drive = [&](const char* id, DriveBus bus, u32 index, DriveKind kind) {
    const u32 number = static_cast<u32>(c.drives.size()) + 1;
    c.drives.push_back({.id = id, .bus = bus, .index = index, .kind = kind, .medium = {number, kSectors, false, id}});
  };
  drive("virtio", DriveBus::kVirtio, 0, DriveKind::kDisk);
  drive("disk", DriveBus::kIde, 0, DriveKind::kDisk);
  drive("cd", DriveBus::kIde, 2, DriveKind::kCdrom);
  drive("floppy", DriveBus::kFloppy, 0, DriveKind::kFloppy);
  return c;
}

// What is not zero in memory, by frame.
std::map<u32, std::vector<u8>> pages(const PhysicalMemory& memory) {
  std::map<u32, std::vector<u8>> all;
  memory.for_each_touched([&](Pfn frame, const u8* page) {
    if (std::any_of(page, page + kPageSize, [](u8 b) { return b != 0; }))
      all[frame.value].assign(page, page + kPageSize);
  });
  return all;
}

}  // namespace

DeviceBoard::DeviceBoard() {
  Images images;
  images.firmware.assign(64 * kKiB, 0xf4);
  const MachineConfig config = configuration();
  images.media = std::make_shared<Media>(config.drives.size());
  media_ = images.media;
  auto made = Pc::create(config, images, *this, *this, *this);
  if (!made) give_up(made.error().sentence);
  pc_ = std::move(*made);
  find_fixed();
  place_functions();
}

void DeviceBoard::find_fixed() {
  // Finding takes longer than an input: every board has the same.
  static std::vector<Window> ports, memory;
  if (ports.empty()) {
    const auto extend = [](std::vector<Window>& list, u64 at, u64 step) {
      if (!list.empty() && list.back().base + list.back().size == at)
        list.back().size += step;
      else
        list.push_back({at, step});
    };
    for (u32 port = 0; port < 0x10000; ++port) {
      if (!pc_->ports.free(port, 1)) extend(ports, port, 1);
    }
    for (u64 page = 0xa0000; page < 0x100000000; page += page < 0x100000 ? 0x1000 : 0x400) {
      if (page == 0x100000) page = 0xc0000000;
      if (pc_->mmio.mapped(GuestPhys{page})) extend(memory, page, page < 0x100000 ? 0x1000 : 0x400);
    }
  }
  ports_ = ports;
  memory_ = memory;
}

void DeviceBoard::place_functions() {
  u32 next_port = 0xc000, next_memory = 0xe0000000;
  for (u32 slot = 0; slot < 256; ++slot) {
    Function f{.address = 0x80000000 | slot << 8, .id = 0};
    f.id = config_read(f.address, 0, 4);
    if (f.id == ~0u) continue;
    for (u32 i = 0; i < 6; ++i) {
      config_write(f.address, 0x10 + 4 * i, 4, ~0u);
      const u32 mask = config_read(f.address, 0x10 + 4 * i, 4);
      if (mask == 0) continue;
      const bool port = (mask & 1) != 0;
      const u32 size = (~(mask & ~(port ? 3u : 15u)) + 1u) & (port ? 0xffffu : ~0u);
      u32& next = port ? next_port : next_memory;
      f.bases[i] = (next + size - 1) & ~(size - 1);
      next = f.bases[i] + size;
      config_write(f.address, 0x10 + 4 * i, 4, f.bases[i]);
      (port ? ports_ : memory_).push_back({f.bases[i], size});
    }
    config_write(f.address, 4, 2, 7);
    if (f.id == 0x71138086) {  // 82371AB data sheet, 7.1: PMBA and PMREGMISC, SMBBA and SMBHSTCFG
      config_write(f.address, 0x40, 4, kPmPorts | 1);
      config_write(f.address, 0x80, 1, 1);
      config_write(f.address, 0x90, 4, kSmbusPorts | 1);
      config_write(f.address, 0xd2, 1, 1);
      ports_.push_back({kPmPorts, 0x40});
      ports_.push_back({kSmbusPorts, 0x10});
    }
    functions_.push_back(f);
  }
}

u32 DeviceBoard::config_read(u32 address, u32 offset, u32 size) {
  access(false, true, 0xcf8, 4, address | (offset & 0xfc));
  return static_cast<u32>(access(false, false, 0xcfc + (offset & 3), size, 0));
}

void DeviceBoard::config_write(u32 address, u32 offset, u32 size, u32 value) {
  access(false, true, 0xcf8, 4, address | (offset & 0xfc));
  access(false, true, 0xcfc + (offset & 3), size, value);
}

u64 DeviceBoard::access(bool memory, bool write, u64 address, u32 size, u64 value) {
  if (stopped_) return 0;
  u64 result = 0;
  {
    const Stopwatch watch("an access");
    const u32 port = static_cast<u32>(address & 0xffff);
    if (memory && write)
      pc_->mmio.write(GuestPhys{address}, size, value);
    else if (memory)
      result = pc_->mmio.read(GuestPhys{address}, size);
    else if (write)
      pc_->ports.write(port, size, static_cast<u32>(value));
    else
      result = pc_->ports.read(port, size);
  }
  seen_ = seen_ * 0x100000001b3 ^ result;
  settle();
  return result;
}

void DeviceBoard::put(u64 address, u64 value, u32 size) {
  u8 bytes[8];
  for (u32 i = 0; i < 8; ++i) bytes[i] = static_cast<u8>(value >> (8 * i));
  pc_->memory.write(GuestPhys{address}, {bytes, size});
}

void DeviceBoard::pass(u64 ticks) {
  const Stopwatch watch("passing time");
  const Ticks end = pc_->clock.now() + ticks;
  for (u32 n = 0; n < kMostEvents && !stopped_ && pc_->events.next_deadline() <= end; ++n) {
    if (pc_->events.next_deadline() > pc_->clock.now())
      pc_->clock.idle += pc_->events.next_deadline() - pc_->clock.now();
    pc_->events.run_due(pc_->clock.now());
    settle();
  }
  if (pc_->events.next_deadline() > end && end > pc_->clock.now()) pc_->clock.idle += end - pc_->clock.now();
}

// What the run loop does at the next boundary.
void DeviceBoard::settle() {
  for (u32 n = 0; n < pc_->processors.count(); ++n) {
    InterruptController& interrupts = *pc_->processors[n].cpu.interrupts;
    while (interrupts.interrupt_pending()) interrupts.acknowledge_interrupt();
  }
  if (!reset_requested_) return;
  reset_requested_ = false;
  pc_->reset();
  functions_.clear();
  ports_.clear();
  memory_.clear();
  find_fixed();
  place_functions();
}

void DeviceBoard::spoil(u32 drive, u64 sector) {
  auto& media = static_cast<Media&>(*media_).media;
  media[drive % media.size()]->failing_sector = sector % kSectors;
}

bool DeviceBoard::copy_to(DeviceBoard& other) {
  pass(0);
  Pc &from = *pc_, &to = *other.pc_;
  if (stopped_ || from.events.next_deadline() < from.clock.now()) return false;
  std::vector<DimmSpec> dimms;
  for (const auto& dimm : from.memory.dimms()) {
    if (dimm->spec().socket == Socket::Hotplug) dimms.push_back(dimm->spec());
  }
  if (!to.replace_dimms(dimms)) give_up("the DIMMs don't load");
  std::vector<u8> fields;
  from.visit_state([&](const char* name, auto& part) { archive::Saver(fields).field(name, part); });
  archive::Loader loader(fields);
  to.visit_state([&](const char* name, auto& part) { loader.field(name, part); });
  if (const Or<> loaded = loader.finish(); !loaded) give_up("what was saved does not load: " + loaded.error().sentence);
  to.adopt_state();
  from.memory.for_each_touched([&](Pfn frame, const u8* page) {
    if (!to.memory.restore_page(frame, {page, kPageSize})) give_up("a saved page does not load");
  });
  const auto& media = static_cast<Media&>(*media_).media;
  for (usize n = 0; n < media.size(); ++n) *static_cast<Media&>(*other.media_).media[n] = *media[n];
  other.functions_ = functions_;
  other.ports_ = ports_;
  other.memory_ = memory_;
  other.seen_ = seen_;
  return true;
}

void DeviceBoard::require_same(DeviceBoard& other) {
  if (stopped_ != other.stopped_ || seen_ != other.seen_)
    give_up("a board that was saved and loaded is read differently");
  std::map<std::string, std::vector<u8>> parts;
  pc_->visit_state([&](const char* name, auto& part) { archive::Saver(parts[name]).field(name, part); });
  other.pc_->visit_state([&](const char* name, auto& part) {
    std::vector<u8> bytes;
    archive::Saver(bytes).field(name, part);
    if (bytes != parts[name]) give_up(std::string("after loading it went on differently: ") + name);
  });
  if (pages(pc_->memory) != pages(other.pc_->memory)) give_up("after loading it wrote other memory");
  const auto& media = static_cast<Media&>(*media_).media;
  for (usize n = 0; n < media.size(); ++n) {
    if (media[n]->bytes != static_cast<Media&>(*other.media_).media[n]->bytes)
      give_up("after loading it wrote other sectors");
  }
}

}  // namespace paemu::fuzz
