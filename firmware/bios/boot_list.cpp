#include "bios/boot_list.hpp"

#include "abi/ports.hpp"
#include "base/port_io.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/real_mode.hpp"
#include "bios/strings.hpp"

namespace firmware {

namespace {

constexpr u32 kMaxRoms = 4;
BootEntry roms[kMaxRoms];
u32 rom_count;

void add(BootEntry entry) {
  Runtime& r = runtime();
  for (u32 i = 0; i < r.boot_count; ++i) {
    if (r.boot[i].kind == entry.kind && r.boot[i].index == entry.index) return;
  }
  if (r.boot_count < kMaxBootEntries) r.boot[r.boot_count++] = entry;
}

void add_all(BootKind kind, u32 count) {
  for (u32 i = 0; i < count; ++i) add({kind, static_cast<u8>(i), 0, 0});
}

void add_roms() {
  for (u32 i = 0; i < rom_count; ++i) add(roms[i]);
}

// --- By the paths of "bootorder", one a line, first the first (QEMU: docs/bootindex).

bool take_text(const char*& at, const char* text) {
  const char* from = at;
  for (; *text != '\0'; ++from, ++text) {
    if (*from != *text) return false;
  }
  at = from;
  return true;
}

bool take_hex(const char*& at, u32& value) {
  value = 0;
  const char* begin = at;
  for (;; ++at) {
    const char c = *at;
    const u32 digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16u;
    if (digit == 16) return at != begin;
    value = value << 4 | digit;
  }
}

// "@device[,function]"
bool take_place(const char*& at, u32& device, u32& function) {
  function = 0;
  return take_text(at, "@") && take_hex(at, device) && (!take_text(at, ",") || take_hex(at, function));
}

void add_ide(const char* at) {
  u32 device, function, channel, unit;
  if (!take_place(at, device, function) || !take_text(at, "/drive@") || !take_hex(at, channel) ||
      !take_text(at, "/disk@") || !take_hex(at, unit))
    return;
  const Runtime& r = runtime();
  auto fits = [&](const Drive& d) {
    return d.pci_device == device && d.pci_function == function && d.channel == channel && d.unit == unit;
  };
  for (u32 i = 0; i < r.hard_disk_count; ++i) {
    if (r.hard_disks[i].kind == DriveKind::Ata && fits(r.hard_disks[i])) add({BootKind::HardDisk, static_cast<u8>(i), 0, 0});
  }
  for (u32 i = 0; i < r.cdrom_count; ++i) {
    if (fits(r.cdroms[i])) add({BootKind::Cdrom, static_cast<u8>(i), 0, 0});
  }
}

void add_virtio(const char* at) {
  u32 device, function;
  if (!take_place(at, device, function)) return;
  const Runtime& r = runtime();
  for (u32 i = 0; i < r.hard_disk_count; ++i) {
    const Drive& d = r.hard_disks[i];
    if (d.kind == DriveKind::Virtio && d.pci_device == device && d.pci_function == function)
      add({BootKind::HardDisk, static_cast<u8>(i), 0, 0});
  }
}

void add_floppy(const char* at) {
  u32 unit;
  if (take_hex(at, unit) && unit < runtime().floppy_count) add({BootKind::Floppy, static_cast<u8>(unit), 0, 0});
}

// -> nothing else is to be tried: the line HALT (-boot strict=on).
bool add_by_paths() {
  char text[2048];
  FwCfgItem file = fw_cfg_file("bootorder");
  if (!file.present()) return false;
  const u32 size = file.size() < sizeof(text) - 1 ? file.size() : sizeof(text) - 1;
  file.read(0, text, size);
  text[size] = '\0';
  bool strict = false;
  for (const char* at = text; *at != '\0';) {
    const char* line = at;
    if (take_text(line, "HALT")) strict = true;
    if (take_text(line, "/pci@i0cf8/ide")) {
      add_ide(line);
    } else if (take_text(line, "/pci@i0cf8/scsi")) {
      add_virtio(line);
    } else if (take_text(line, "/pci@i0cf8/isa")) {
      u32 device, function;
      if (take_place(line, device, function) && take_text(line, "/fdc@03f0/floppy@")) add_floppy(line);
    } else if (take_text(line, "/rom@")) {
      add_roms();
    }
    while (*at != '\0' && *at != '\n') ++at;
    if (*at == '\n') ++at;
  }
  return strict;
}

// --- By kinds: three nibbles of CMOS memory, as -boot order= sets them.

void add_kind(u32 nibble) {
  const Runtime& r = runtime();
  switch (nibble) {
    case 1: return add_all(BootKind::Floppy, r.floppy_count);
    case 2: return add_all(BootKind::HardDisk, r.hard_disk_count);
    case 3: return add_all(BootKind::Cdrom, r.cdrom_count);
    case 4: return add_roms();
    default: return;
  }
}

u8 cmos(u8 index) {
  out8(abi::port::kRtc, index);
  return in8(abi::port::kRtc + 1);
}

}  // namespace

void add_boot_rom(u16 segment, u16 offset) {
  if (rom_count < kMaxRoms) roms[rom_count] = {BootKind::Rom, static_cast<u8>(rom_count), segment, offset}, ++rom_count;
}

void make_boot_list() {
  constexpr u8 kFirstTwo = 0x3d, kThird = 0x38;
  if (add_by_paths()) return;
  add_kind(cmos(kFirstTwo) & 15);
  add_kind(cmos(kFirstTwo) >> 4);
  add_kind(cmos(kThird) >> 4);
  constexpr u8 kWhateverWasNotNamed[] = {2, 3, 1, 4};
  for (u8 kind : kWhateverWasNotNamed) add_kind(kind);
}

}  // namespace firmware
