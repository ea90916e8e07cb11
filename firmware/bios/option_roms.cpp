#include "bios/option_roms.hpp"

#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "bios/boot_list.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/pci_config.hpp"
#include "bios/real_mode.hpp"
#include "bios/strings.hpp"

namespace firmware {

namespace {

constexpr u32 kFirst = static_cast<u32>(abi::memory_map::kOptionRoms);
constexpr u32 kLast = static_cast<u32>(abi::memory_map::kBiosShadow);
constexpr u32 kStep = 2048;  // ROMs begin at such addresses
constexpr u32 kVideoClass = 0x03;

u32 next;  // bytes used from kFirst on
bool started_video;
u16 video_function;

// PCI 2.1, 6.3.1.
struct [[gnu::packed]] RomHeader {
  u16 signature;  // aa55
  u8 blocks;      // of 512 bytes
  u8 entry[3];
  u8 reserved[18];
  u16 pci_data;
  u16 expansion;  // PnP header
};
static_assert(sizeof(RomHeader) == 28);
constexpr u16 kSignature = 0xaa55;

struct [[gnu::packed]] PnpHeader {
  char signature[4];
  u8 revision, length;
  u16 next;
  u8 reserved, checksum;
  u32 identifier;
  u16 manufacturer, product;
  u8 type[3], indicators;
  u16 boot_connection, disconnect, bootstrap, reserved2, resources;
};

// One that the machine brings, at `address` with at most `room` bytes, is whole.
bool valid(const u8* rom, u32 room) {
  const auto* header = reinterpret_cast<const RomHeader*>(rom);
  if (room < 512 || header->signature != kSignature || header->blocks == 0 || header->blocks * 512u > room) return false;
  u8 sum = 0;
  for (u32 i = 0; i < header->blocks * 512u; ++i) sum = static_cast<u8>(sum + rom[i]);
  return sum == 0;
}

void note_bootstrap(u16 segment, u32 address) {
  const auto* header = at<RomHeader>(address);
  for (u32 offset = header->expansion; offset != 0 && offset + sizeof(PnpHeader) <= header->blocks * 512u;) {
    const auto* pnp = at<PnpHeader>(address + offset);
    if (!equal(pnp->signature, "$PnP", 4)) return;
    if (pnp->bootstrap != 0) add_boot_rom(segment, pnp->bootstrap);
    if (pnp->next <= offset) return;  // the chain goes forward only
    offset = pnp->next;
  }
}

// Initialises the ROM at kFirst + next and keeps what it leaves of itself.
void start(u16 pci_function) {
  const u32 address = kFirst + next;
  const u16 segment = static_cast<u16>(address >> 4);
  RealCall r;
  r.eax = pci_function;
  r.ebx = r.edx = 0xffff;  // no PnP card
  call_far(segment, 3, r);
  const auto* header = at<RomHeader>(address);
  if (header->signature != kSignature) return;  // it has removed itself
  note_bootstrap(segment, address);
  next = align_up(next + header->blocks * 512u, kStep);
}

// The image for PCs among those in a PCI ROM at `rom`; nullptr: none.
const u8* pc_image(const u8* rom, u32 size) {
  for (u32 offset = 0; offset + 512 <= size;) {
    const auto* header = reinterpret_cast<const RomHeader*>(rom + offset);
    if (header->signature != kSignature || header->pci_data + 24u > size - offset) return nullptr;
    const u8* data = rom + offset + header->pci_data;
    constexpr u8 kPcAt = 0, kLastImage = 0x80;
    if (!equal(data, "PCIR", 4)) return nullptr;
    if (data[0x14] == kPcAt && valid(rom + offset, size - offset)) return rom + offset;
    const u32 length = (data[0x10] | data[0x11] << 8) * 512u;
    if (length == 0 || (data[0x15] & kLastImage)) return nullptr;
    offset += length;
  }
  return nullptr;
}

bool fits(u32 size) {
  if (size <= kLast - kFirst - next) return true;
  say("no room for an option ROM of ", size >> 10, " KiB");
  return false;
}

// Maps a function's ROM for a moment where PCI memory begins to be free: at the end of the space below the I/O APIC.
bool start_pci_rom(u16 function) {
  constexpr u32 kCommand = 0x04, kHeaderType = 0x0e, kRomAddress = 0x30, kWindow = 0xfe000000, kMostSize = 0x400000;
  constexpr u32 kEnable = 1;
  constexpr u16 kMemory = 0x02;
  if ((pci_read8(function, kHeaderType) & 0x7f) != 0) return false;
  pci_write32(function, kRomAddress, 0xfffff800);
  const u32 mask = pci_read32(function, kRomAddress) & 0xfffff800;
  pci_write32(function, kRomAddress, 0);
  const u32 size = ~mask + 1;
  if (mask == 0 || size > kMostSize) return false;
  const u16 command = pci_read16(function, kCommand);
  pci_write32(function, kRomAddress, kWindow | kEnable);
  pci_write16(function, kCommand, command | kMemory);
  const u8* image = pc_image(at<u8>(kWindow), size);
  bool copied = false;
  if (image != nullptr) {
    const u32 bytes = image[2] * 512u;
    copied = fits(bytes);
    if (copied) memcpy(at<u8>(kFirst + next), image, bytes);
  }
  pci_write32(function, kRomAddress, 0);
  pci_write16(function, kCommand, command);
  if (copied) start(function);
  return copied;
}

bool start_file(FwCfgItem file) {
  if (!file.present() || !fits(file.size())) return false;
  file.read(0, at<u8>(kFirst + next), file.size());
  if (!valid(at<u8>(kFirst + next), file.size())) return false;
  start(0);
  return true;
}

bool is_video(u16 function) { return pci_read8(function, 0x0b) == kVideoClass; }

}  // namespace

bool start_video_rom() {
  started_video = each_pci_function([](u16 function) {
    video_function = function;
    return is_video(function) && start_pci_rom(function);
  });
  if (!started_video) each_fw_cfg_file("vgaroms/", [](FwCfgItem file) { started_video = start_file(file) || started_video; });
  return started_video;
}

void start_option_roms() {
  each_pci_function([](u16 function) {
    if (!is_video(function)) start_pci_rom(function);
    return false;
  });
  each_fw_cfg_file("genroms/", [](FwCfgItem file) { start_file(file); });
}

u32 option_roms_end() { return kFirst + next; }

}  // namespace firmware
