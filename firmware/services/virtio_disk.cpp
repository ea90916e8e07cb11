// Virtio disks (OASIS Virtual I/O Device 1.1, 5.2). The device's registers lie above 1 MiB, where real mode does not
// reach; the specification has a window in configuration space for firmware (4.1.4.7), by which all goes here.
#include "bios/pci_config.hpp"
#include "services/clock.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/ide.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u32 kMaxDisks = 4;
constexpr u16 kDescriptors = 4;  // we use three at a time
constexpr u32 kRequestMs = 30'000;

// 2.6: the parts of a split queue.
struct Descriptor {
  u64 address;
  u32 length;
  u16 flags, next;
};
constexpr u16 kNext = 1, kDeviceWrites = 2;

struct alignas(16) Queue {
  Descriptor descriptors[kDescriptors];
  struct {
    u16 flags, index, ring[kDescriptors], event;
  } available;
  u16 padding;
  struct {
    u16 flags, index;
    struct {
      u32 id, length;
    } ring[kDescriptors];
    u16 event;
  } used;
};
static_assert(sizeof(Queue) <= 128);
constexpr u16 kNoInterrupts = 1;

struct Request {  // 5.2.6
  u32 type, reserved;
  u64 sector;
  u8 status;
};
constexpr u32 kRead = 0, kWrite = 1, kFlush = 4;
constexpr u32 kHeaderSize = 16;

// A structure in one of the device's base addresses (4.1.4).
struct Region {
  u8 bar;
  u32 offset;
};

struct Disk {
  u16 function;
  u8 window;  // offset of VIRTIO_PCI_CAP_PCI_CFG
  bool can_flush;
  Region common, notify, device;
  u32 notify_at;
  u16 available_index;
};

Disk disks[kMaxDisks];
Queue queues[kMaxDisks];
Request request;
u8 bounce[512];
u32 disk_count;

u32 physical(const void* data) { return firmware::kServicesData + reinterpret_cast<u32>(data); }

// --- The window.

void aim(const Disk& d, const Region& region, u32 offset, u32 size) {
  constexpr u32 kBar = 4, kOffset = 8, kLength = 12;
  firmware::pci_write8(d.function, d.window + kBar, region.bar);
  firmware::pci_write32(d.function, d.window + kOffset, region.offset + offset);
  firmware::pci_write32(d.function, d.window + kLength, size);
}
constexpr u32 kWindowData = 16;

u32 get(const Disk& d, const Region& region, u32 offset, u32 size) {
  aim(d, region, offset, size);
  const u32 at = d.window + kWindowData;
  return size == 1 ? firmware::pci_read8(d.function, at)
                   : size == 2 ? firmware::pci_read16(d.function, at) : firmware::pci_read32(d.function, at);
}
void put(const Disk& d, const Region& region, u32 offset, u32 size, u32 value) {
  aim(d, region, offset, size);
  const u32 at = d.window + kWindowData;
  if (size == 1) return firmware::pci_write8(d.function, at, static_cast<u8>(value));
  if (size == 2) return firmware::pci_write16(d.function, at, static_cast<u16>(value));
  firmware::pci_write32(d.function, at, value);
}
void put64(const Disk& d, u32 offset, u32 value) {
  put(d, d.common, offset, 4, value);
  put(d, d.common, offset + 4, 4, 0);
}

// 4.1.4.3, the common configuration.
constexpr u32 kDeviceFeatureSelect = 0x00, kDeviceFeature = 0x04, kDriverFeatureSelect = 0x08, kDriverFeature = 0x0c,
              kStatus = 0x14, kQueueSelect = 0x16, kQueueSize = 0x18, kQueueEnable = 0x1c, kNotifyOffset = 0x1e,
              kDescriptorArea = 0x20, kDriverArea = 0x28, kDeviceArea = 0x30;
constexpr u8 kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8;
constexpr u32 kReadOnlyFeature = 1u << 5, kBlockSizeFeature = 1u << 6, kFlushFeature = 1u << 9;
constexpr u32 kVersion1 = 1u << 0;  // of the second word

// Walks the capabilities. False: not a device by version 1.
bool find_regions(Disk& d, u32& notify_multiplier) {
  constexpr u32 kStatusRegister = 0x06, kCapabilities = 0x34;
  constexpr u8 kVendor = 0x09;
  enum : u8 { kCommon = 1, kNotify = 2, kDeviceConfig = 4, kWindow = 5 };
  constexpr u16 kHasCapabilities = 0x10;
  if (!(firmware::pci_read16(d.function, kStatusRegister) & kHasCapabilities)) return false;
  u32 seen = 0;
  u8 at = firmware::pci_read8(d.function, kCapabilities) & 0xfc;
  for (u32 patience = 0; at != 0 && patience < 48; ++patience) {
    if (firmware::pci_read8(d.function, at) == kVendor) {
      const u8 type = firmware::pci_read8(d.function, at + 3u);
      const Region region{firmware::pci_read8(d.function, at + 4u), firmware::pci_read32(d.function, at + 8u)};
      const bool first = !(seen & 1u << type);
      if (type == kCommon && first) d.common = region;
      if (type == kNotify && first) d.notify = region, notify_multiplier = firmware::pci_read32(d.function, at + 16u);
      if (type == kDeviceConfig && first) d.device = region;
      if (type == kWindow && first) d.window = at;
      if (type < 32) seen |= 1u << type;
    }
    at = firmware::pci_read8(d.function, at + 1u) & 0xfc;
  }
  constexpr u32 kAll = 1u << kCommon | 1u << kNotify | 1u << kDeviceConfig | 1u << kWindow;
  return (seen & kAll) == kAll;
}

// 3.1.1, driver initialization.
bool start(Disk& d, Queue& queue, u32 notify_multiplier, Drive& drive) {
  const Region& c = d.common;
  put(d, c, kStatus, 1, 0);
  for (Deadline deadline = Deadline::after_ms(100); get(d, c, kStatus, 1) != 0;) {
    if (deadline.passed()) return false;
  }
  put(d, c, kStatus, 1, kAcknowledge | kDriver);
  put(d, c, kDeviceFeatureSelect, 4, 0);
  const u32 offered = get(d, c, kDeviceFeature, 4);
  const u32 taken = offered & (kReadOnlyFeature | kBlockSizeFeature | kFlushFeature);
  put(d, c, kDriverFeatureSelect, 4, 0);
  put(d, c, kDriverFeature, 4, taken);
  put(d, c, kDriverFeatureSelect, 4, 1);
  put(d, c, kDriverFeature, 4, kVersion1);
  put(d, c, kStatus, 1, kAcknowledge | kDriver | kFeaturesOk);
  if (!(get(d, c, kStatus, 1) & kFeaturesOk)) return false;
  d.can_flush = taken & kFlushFeature;
  drive.read_only = taken & kReadOnlyFeature;

  put(d, c, kQueueSelect, 2, 0);
  if (get(d, c, kQueueSize, 2) < kDescriptors) return false;
  put(d, c, kQueueSize, 2, kDescriptors);
  queue = {};
  queue.available.flags = kNoInterrupts;
  put64(d, kDescriptorArea, physical(&queue.descriptors));
  put64(d, kDriverArea, physical(&queue.available));
  put64(d, kDeviceArea, physical(&queue.used));
  d.notify_at = get(d, c, kNotifyOffset, 2) * notify_multiplier;
  put(d, c, kQueueEnable, 2, 1);
  put(d, c, kStatus, 1, kAcknowledge | kDriver | kFeaturesOk | kDriverOk);

  constexpr u32 kCapacity = 0, kBlockSize = 20;
  drive.total_sectors = get(d, d.device, kCapacity, 4) | static_cast<u64>(get(d, d.device, kCapacity + 4, 4)) << 32;
  const u32 block = taken & kBlockSizeFeature ? get(d, d.device, kBlockSize, 4) : 512;
  drive.sector_size = 512;
  return drive.total_sectors != 0 && block == 512;  // INT 13h's hard disks have sectors of 512 bytes
}

void find_one(u16 function) {
  constexpr u32 kCommand = 0x04;
  constexpr u16 kMemoryAndMaster = 0x06;
  if (disk_count == kMaxDisks || runtime.hard_disk_count == firmware::kMaxHardDisks) return;
  Disk& d = disks[disk_count];
  d = {};
  d.function = function;
  u32 multiplier = 0;
  if (!find_regions(d, multiplier)) return;
  firmware::pci_write16(function, kCommand, firmware::pci_read16(function, kCommand) | kMemoryAndMaster);
  Drive drive{};
  drive.kind = DriveKind::Virtio;
  drive.pci_device = static_cast<u8>(function >> 3 & 31), drive.pci_function = static_cast<u8>(function & 7);
  drive.virtio_slot = disk_count;
  if (!start(d, queues[disk_count], multiplier, drive)) return;
  constexpr char kName[] = "virtio disk";
  for (u32 i = 0; i < sizeof(kName); ++i) drive.model[i] = kName[i];
  set_geometry(drive, 0, 0, 0);
  drive.own_cylinders = 0;
  ++disk_count;
  runtime.hard_disks[runtime.hard_disk_count++] = drive;
}

DiskStatus perform(Disk& d, Queue& q, u32 type, u64 sector, u32 buffer, u32 bytes) {
  request = {type, 0, sector, 0xff};
  const bool read = type == kRead;
  const u16 status_descriptor = bytes != 0 ? 2 : 1;
  q.descriptors[0] = {physical(&request), kHeaderSize, kNext, 1};
  if (bytes != 0) q.descriptors[1] = {buffer, bytes, static_cast<u16>(read ? kNext | kDeviceWrites : kNext), 2};
  q.descriptors[status_descriptor] = {physical(&request.status), 1, kDeviceWrites, 0};
  q.available.ring[d.available_index % kDescriptors] = 0;
  ++d.available_index;
  asm volatile("" : : : "memory");
  q.available.index = d.available_index;
  asm volatile("" : : : "memory");
  put(d, d.notify, d.notify_at, 2, 0);
  for (Deadline deadline = Deadline::after_ms(kRequestMs);
       *static_cast<volatile u16*>(&q.used.index) != d.available_index;) {
    if (deadline.passed()) return DiskStatus::Timeout;
    let_interrupts_in();
  }
  asm volatile("" : : : "memory");
  return request.status == 0 ? DiskStatus::Ok : DiskStatus::DataError;
}

bool in_protected_mode() {
  u32 msw;
  asm("smsw %0" : "=r"(msw));
  return msw & 1;
}

}  // namespace

void find_virtio_disks() {
  constexpr u32 kModern = 0x10421af4, kTransitional = 0x10011af4;
  disk_count = 0;
  firmware::each_pci_function([](u16 function) {
    const u32 id = firmware::pci_read32(function, 0x00);
    if (id == kModern || id == kTransitional) find_one(function);
    return false;
  });
}

DiskStatus virtio_transfer(Drive& drive, Transfer& t) {
  Disk& d = disks[drive.virtio_slot];
  Queue& q = queues[drive.virtio_slot];
  if (t.action == Action::Verify) {
    t.done = t.count;
    return DiskStatus::Ok;
  }
  const bool write = t.action == Action::Write;
  if (!in_protected_mode()) {
    const DiskStatus status = perform(d, q, write ? kWrite : kRead, t.lba, t.buffer.linear(), t.count * 512);
    if (status != DiskStatus::Ok) return status;
    t.done = t.count;
  } else {  // virtual-8086 mode: only our own memory is where it seems to be
    for (; t.done < t.count; ++t.done) {
      const Far at = (t.buffer + t.done * 512).normal();
      if (write) copy_from_far(bounce, at, 512);
      const DiskStatus status = perform(d, q, write ? kWrite : kRead, t.lba + t.done, physical(bounce), 512);
      if (status != DiskStatus::Ok) return status;
      if (!write) copy_to_far(at, bounce, 512);
    }
  }
  return write && d.can_flush ? perform(d, q, kFlush, 0, 0, 0) : DiskStatus::Ok;
}

}  // namespace services
