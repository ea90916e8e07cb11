// The boot menu: Esc, then a number.
#include "abi/fw_cfg.hpp"
#include "bios/boot_list.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/real_mode.hpp"

namespace firmware {

namespace {

constexpr u32 kDefaultWaitMs = 2500;
constexpr u8 kEsc = 0x1b;

constexpr u32 kForever = ~0u;

// The next key's character within `ms`, by the tick of 55 ms; -1: none came.
int key_within(u32 ms) {
  const auto tick = [] { return *at<volatile u32>(0x46c); };
  const u32 begin = tick(), patience = ms / 55;
  for (;;) {
    RealCall look;
    look.eax = 0x0100;
    call_interrupt(0x16, look);
    if (!look.zero()) {
      RealCall take;
      call_interrupt(0x16, take);
      return static_cast<u8>(take.eax);
    }
    if (ms != kForever && tick() - begin > patience) return -1;
    call_services(PostCall::Sleep);
  }
}

u32 wait_ms() {
  u16 ms = 0;
  FwCfgItem file = fw_cfg_file("etc/boot-menu-wait");
  if (file.size() < sizeof(ms)) return kDefaultWaitMs;
  file.read(0, &ms, sizeof(ms));
  return ms;
}

void put_drive(const char* kind, const Drive& drive) {
  put(kind);
  if (drive.model[0] == '\0') return;
  put(" ");
  put(drive.model);
}

void put_entry(const BootEntry& entry) {
  const Runtime& r = runtime();
  switch (entry.kind) {
    case BootKind::Floppy: return put("floppy");
    case BootKind::HardDisk: return put_drive("hard disk", r.hard_disks[entry.index]);
    case BootKind::Cdrom: return put_drive("CD", r.cdroms[entry.index]);
    case BootKind::Rom: return put("option ROM");
    case BootKind::None: return;
  }
}

}  // namespace

void offer_boot_menu() {
  if (fw_cfg_number(abi::fw_cfg::kBootMenu) == 0) return;
  put("Press Esc for the boot menu.\r\n");
  const u32 ms = wait_ms();
  for (;;) {
    const int key = key_within(ms);
    if (key < 0) return;
    if (key == kEsc) break;
  }
  Runtime& r = runtime();
  put("\r\nBoot from:\r\n");
  for (u32 i = 0; i < r.boot_count; ++i) {
    put(" ");
    put(i + 1);
    put(". ");
    put_entry(r.boot[i]);
    put("\r\n");
  }
  for (;;) {
    const int key = key_within(kForever);
    if (key == kEsc || key == '\r') return;
    const u32 chosen = static_cast<u32>(key - '1');
    if (chosen >= r.boot_count || chosen >= 9) continue;
    const BootEntry entry = r.boot[chosen];
    for (u32 i = chosen; i > 0; --i) r.boot[i] = r.boot[i - 1];
    r.boot[0] = entry;
    return;
  }
}

}  // namespace firmware
