// INT 19h: starts what the boot list names, one after the other. INT 18h: the one that was started has nothing, the next.
#include "services/disk_service.hpp"
#include "services/entry.hpp"
#include "services/serial_console.hpp"

namespace services {

namespace {

using firmware::BootEntry;
using firmware::BootKind;

constexpr u32 kBootAddress = 0x7c00;

// On the screen by INT 10h, and on COM1 unless that is the screen already.
void say(const char* text) {
  for (; *text != '\0'; ++text) {
    CallRegisters r{};
    r.a.x = static_cast<u16>(0x0e00 | static_cast<u8>(*text));
    r.b.x = 0x0007;
    call_interrupt(0x10, r);
    if (runtime.serial_console == 0) serial_put(static_cast<u8>(*text));
  }
}

const char* name(BootKind kind) {
  switch (kind) {
    case BootKind::Floppy: return "floppy";
    case BootKind::HardDisk: return "hard disk";
    case BootKind::Cdrom: return "CD";
    case BootKind::Rom: return "option ROM";
    case BootKind::None: break;
  }
  return "nothing";
}

const char* boot_disk(u8 number) {
  CallRegisters r{};
  r.a.x = 0x0201;
  r.b.x = kBootAddress;
  r.c.x = 0x0001;
  r.d.x = number;
  call_interrupt(0x13, r);
  if (r.carry()) return number < kFirstHardDisk ? "no readable disk" : "an unreadable boot sector";
  // A hard disk says that it is meant to be booted; old floppies don't, so what is plainly no program is refused.
  const bool marked = far_read16(0, kBootAddress + 510) == 0xaa55;
  if (!marked && (number >= kFirstHardDisk || far_read16(0, kBootAddress) == 0)) return "no boot sector";
  start_boot_sector(kBootAddress, number);
}

void boot_rom(const BootEntry& entry) {
  // Boot Connection Vectors and BEVs return when they have nothing (BIOS Boot Specification 1.01, 3.3): by INT 18h or a
  // far return, which comes to that.
  start_boot_sector(static_cast<u32>(entry.rom_segment) << 16 | entry.rom_offset, 0);
}

const char* start(const BootEntry& entry) {
  switch (entry.kind) {
    case BootKind::Floppy: return boot_disk(entry.index);
    case BootKind::HardDisk: return boot_disk(static_cast<u8>(kFirstHardDisk + entry.index));
    case BootKind::Cdrom: return boot_cdrom(entry.index);
    case BootKind::Rom: boot_rom(entry); break;
    case BootKind::None: break;
  }
  return "nothing";
}

[[noreturn]] void boot_next() {
  while (runtime.boot_next < runtime.boot_count) {
    const BootEntry& entry = runtime.boot[runtime.boot_next++];
    say("Booting from ");
    say(name(entry.kind));
    say("...\r\n");
    const char* why = start(entry);
    say("This ");
    say(name(entry.kind));
    say(" does not boot: ");
    say(why);
    say(".\r\n");
    emulation = {};
  }
  say("Nothing to boot: give a disk (-hda), a CD (-cdrom) or a kernel (-kernel).\r\n");
  idle();
}

}  // namespace

extern "C" void int18(Frame&) {
  emulation = {};
  stacks_used = 0;
  boot_next();
}

extern "C" void int19(Frame&) {
  runtime.boot_next = 0;
  emulation = {};
  stacks_used = 0;
  boot_next();
}

}  // namespace services
