#include "bios/tables.hpp"

#include "abi/fw_cfg.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/strings.hpp"
#include "bios/table_area.hpp"

namespace firmware {

namespace {

constexpr u32 kNameSize = 56;
constexpr u32 kMaxFiles = 16;
constexpr u32 kMaxFileSize = 16 << 20;

enum class Kind : u32 { Allocate = 1, AddPointer = 2, AddChecksum = 3 };

struct [[gnu::packed]] Command {
  Kind kind;
  union {
    struct [[gnu::packed]] {
      char file[kNameSize];
      u32 alignment;
      u8 zone;
    } allocate;
    struct [[gnu::packed]] {
      char file[kNameSize];
      char target[kNameSize];
      u32 offset;
      u8 size;
    } pointer;
    struct [[gnu::packed]] {
      char file[kNameSize];
      u32 offset, start, length;
    } checksum;
    u8 padding[124];
  };
};
static_assert(sizeof(Command) == 128);

constexpr u8 kZoneLow = 2;

struct Loaded {
  char name[kNameSize];
  u32 address;
  u32 size;
};

Loaded files[kMaxFiles];
u32 file_count;

Loaded& find(char* name) {
  name[kNameSize - 1] = '\0';
  for (u32 i = 0; i < file_count; ++i) {
    if (equal(files[i].name, name)) return files[i];
  }
  refuse("etc/table-loader names ", static_cast<const char*>(name), " before it is allocated");
}

void check(const Loaded& file, u32 offset, u32 count) {
  if (offset > file.size || count > file.size - offset) {
    refuse("etc/table-loader reaches beyond the end of ", static_cast<const char*>(file.name));
  }
}

void allocate(Command& c, MemoryMap& map) {
  char* name = c.allocate.file;
  name[kNameSize - 1] = '\0';
  FwCfgItem item = fw_cfg_file(name);
  const u32 alignment = c.allocate.alignment;
  if (!item.present() || item.size() > kMaxFileSize) {
    refuse("etc/table-loader allocates ", static_cast<const char*>(name), ", which is missing or too large");
  }
  if (file_count == kMaxFiles || !is_power_of_two(alignment)) refuse("etc/table-loader has a bad allocation");

  u32 address;
  if (c.allocate.zone == kZoneLow) {
    address = take_table_area(item.size(), alignment < 16 ? 16u : alignment);
    if (address == 0) refuse("the tables do not fit between 0xf0000 and 0xfffff");
  } else {
    const u32 whole_pages = align_up(item.size(), kPageSize);
    address = map.find_high(whole_pages, alignment < kPageSize ? kPageSize : alignment);
    if (address == 0) refuse("there is not enough RAM for the ACPI tables; give the machine more memory");
    map.claim(address, whole_pages, RangeType::AcpiNvs);
  }
  item.read(0, at<u8>(address), item.size());
  Loaded& file = files[file_count++];
  memcpy(file.name, name, kNameSize);
  file.address = address;
  file.size = item.size();
}

void add_pointer(Command& c) {
  const Loaded& file = find(c.pointer.file);
  const Loaded& target = find(c.pointer.target);
  const u32 size = c.pointer.size;
  if (size != 1 && size != 2 && size != 4 && size != 8) refuse("etc/table-loader has a pointer of an odd size");
  check(file, c.pointer.offset, size);
  u8* place = at<u8>(file.address + c.pointer.offset);
  u64 value = 0;
  memcpy(&value, place, size);
  value += target.address;
  memcpy(place, &value, size);
}

void add_checksum(Command& c) {
  const Loaded& file = find(c.checksum.file);
  check(file, c.checksum.offset, 1);
  check(file, c.checksum.start, c.checksum.length);
  u8* place = at<u8>(file.address + c.checksum.offset);
  const u8* bytes = at<u8>(file.address + c.checksum.start);
  *place = 0;
  u8 sum = 0;
  for (u32 i = 0; i < c.checksum.length; ++i) sum = static_cast<u8>(sum + bytes[i]);
  *place = static_cast<u8>(-sum);
}

}  // namespace

u32 rsdp_address() {
  for (u32 i = 0; i < file_count; ++i) {
    if (equal(files[i].name, abi::fw_cfg::kAcpiRsdpFile)) return files[i].address;
  }
  return 0;
}

void install_tables(MemoryMap& map) {
  FwCfgItem script = fw_cfg_file(abi::fw_cfg::kTableLoaderFile);
  // Read whole first: the commands make us select other items.
  const u32 size = script.size() < kScratchSize ? script.size() : kScratchSize;
  script.read(0, at<u8>(kScratch), size);
  for (u32 offset = 0; size - offset >= sizeof(Command); offset += sizeof(Command)) {
    Command& command = *at<Command>(kScratch + offset);
    switch (command.kind) {
      case Kind::Allocate: allocate(command, map); break;
      case Kind::AddPointer: add_pointer(command); break;
      case Kind::AddChecksum: add_checksum(command); break;
      default: break;  // kinds to come: the protocol says to skip them
    }
  }
}

}  // namespace firmware
