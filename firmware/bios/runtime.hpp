// What POST (firmware/bios, 32-bit code) and the interrupt services (firmware/services, 16-bit code) agree on. POST fills
// it once; afterwards it belongs to the services. It begins the services' data segment, see kServices in layout.hpp.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

inline constexpr u32 kServicesSegment = 0xec00;               // CS, DS and SS of all services
inline constexpr u32 kServicesData = kServicesSegment << 4;   // 16 KiB of RAM: this, variables, stacks
inline constexpr u32 kServicesCode = 0xf0000;                 // read-only: code and constants, up to 0xfbfff
inline constexpr u32 kTablesBegin = 0xfc000;                  // read-only later: tables that systems look for here
inline constexpr u32 kTablesEnd = 0xfe000;

inline constexpr u16 kEbdaSegment = 0x9fc0;  // the last KiB below 640 KiB

// A drive as the services found it.
enum class DriveKind : u8 { None, Ata, Atapi, Virtio, Floppy };
struct Drive {
  DriveKind kind;
  u8 pci_device, pci_function;  // of the controller
  u8 channel, unit;             // IDE: 0 or 1 each; floppy: unit
  bool lba48;
  u8 floppy_type;               // CMOS 10h's nibble: 4 = 1.44 MiB, 5 = 2.88 MiB
  bool read_only;
  u16 command_port, control_port;  // IDE
  u16 sector_size;                 // bytes
  u16 cylinders, heads, sectors;   // as int 13h reports them
  u16 own_cylinders, own_heads, own_sectors;  // as the drive does
  u64 total_sectors;
  u32 virtio_slot;                 // index of its queue, virtio
  char model[41];                  // NUL-terminated
};

enum class BootKind : u8 { None, Floppy, HardDisk, Cdrom, Rom };
struct BootEntry {
  BootKind kind;
  u8 index;           // among the drives of its kind; hard disks: 0 is drive 80h
  u16 rom_segment, rom_offset;  // Rom: its bootstrap entry vector
};

struct MapEntry {  // as int 15h, E820 returns it
  u64 base, size;
  u32 type;
};
static_assert(sizeof(MapEntry) == 20);

inline constexpr u32 kMaxHardDisks = 8, kMaxCdroms = 4, kMaxFloppies = 2;
inline constexpr u32 kMaxBootEntries = 16, kMaxMapEntries = 96;

struct Runtime {
  u8 has_screen;       // a video ROM answers int 10h
  u8 serial_console;   // int 10h goes to COM1 and its input to int 16h
  u8 map_count;
  u8 boot_count;
  u8 boot_next;        // the entry that int 19h tries next
  u8 hard_disk_count, cdrom_count, floppy_count;
  u16 pm_timer_port;   // ACPI timer, 3.58 MHz
  u8 last_pci_bus;
  Drive hard_disks[kMaxHardDisks];
  Drive cdroms[kMaxCdroms];
  Drive floppies[kMaxFloppies];
  BootEntry boot[kMaxBootEntries];
  MapEntry map[kMaxMapEntries];
};

// What POST asks of the services (AL) at kPostEntry, which is called as an interrupt is.
enum class PostCall : u8 { DataAreas = 0, Keyboard = 1, Drives = 2, Sleep = 3 };  // Sleep: until an interrupt
inline constexpr u16 kPostEntry = 0x4000;  // offset in kServicesSegment

}  // namespace firmware
