#include "board/smbios_tables.hpp"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <string>

#include "abi/fw_cfg.hpp"
#include "board/byte_writer.hpp"
#include "cpu/cpuid.hpp"
#include "replay/version.hpp"

namespace paemu {

namespace {

using Strings = std::initializer_list<std::string_view>;

constexpr u16 kNoHandle = 0xffff, kNoError = 0xfffe;  // "no such structure"; "no error information is provided"

// Handles: the type in the upper byte, a number of its own in the lower. There are at most 258 DIMM sockets, so type 17
// reaches into the next block.
constexpr u16 handle_of(u8 type, u32 n = 0) { return static_cast<u16>((type << 8) + n); }

// Structures one after the other, and what the entry point says of them (5.2.1).
class StructureTable {
 public:
  // A structure (6.1.2) of `size` bytes, header included; its strings are numbered from 1 as they stand.
  template <class Body>
  void add(u8 type, u16 handle, u8 size, Strings strings, Body&& body) {
    const usize start = out_.size();
    out_.byte(type);
    out_.byte(size);
    out_.word(handle);
    body(out_);
    assert(out_.size() - start == size);
    for (std::string_view s : strings) {
      out_.text(s, s.size());
      out_.byte(0);
    }
    if (strings.size() == 0) out_.byte(0);
    out_.byte(0);
    largest_ = std::max(largest_, out_.size() - start);
    ++count_;
  }
  usize largest() const { return largest_; }
  usize count() const { return count_; }
  usize size() const { return out_.size(); }
  std::vector<u8> take() { return out_.take(); }

 private:
  ByteWriter out_;
  usize largest_ = 0;
  usize count_ = 0;
};

// 7.2: the first three fields of a UUID are little-endian.
void put_uuid(ByteWriter& out, const std::vector<u8>& uuid) {
  constexpr u8 kOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  for (u8 at : kOrder) out.byte(uuid.empty() ? 0 : uuid[at]);
}

void add_system(StructureTable& table, const MachineConfig& config) {
  table.add(1, handle_of(1), 0x1b, {"paemu", "PC (i440FX + PIIX4)", kNameAndVersion}, [&](ByteWriter& out) {
    out.byte(1), out.byte(2), out.byte(3);
    out.byte(0);  // no serial number
    put_uuid(out, config.uuid);
    out.byte(6);  // woken by the power switch
    out.byte(0), out.byte(0);
  });
}

void add_chassis(StructureTable& table) {
  table.add(3, handle_of(3), 0x16, {"paemu"}, [](ByteWriter& out) {
    out.byte(1);  // manufacturer
    out.byte(3);  // desktop
    out.zeroes(3);
    out.byte(3), out.byte(3), out.byte(3);  // booted, power, heat: all is safe
    out.byte(2);                            // security: unknown
    out.dword(0);
    out.byte(0), out.byte(0);  // height and power cords are not specified
    out.zeroes(3);             // no contained elements, no SKU
  });
}

void add_processor(StructureTable& table, const CpuModel& model, u32 n) {
  constexpr u16 kMhz = 1000;  // a tick a nanosecond (emu/time/ticks.hpp)
  std::string brand;
  for (u32 leaf = 0x80000002; leaf <= 0x80000004; ++leaf) {
    const CpuidResult r = model.cpuid(leaf, 0, {});
    if (model.cpuid(0x80000000, 0, {}).eax < leaf) break;
    for (u32 word : {r.eax, r.ebx, r.ecx, r.edx})
      for (u32 i = 0; i < 4; ++i) brand += static_cast<char>(word >> (8 * i));
  }
  brand = brand.c_str();  // up to its NUL
  if (brand.empty()) brand = "Intel Pentium III";
  const CpuidResult id = model.cpuid(1, 0, {});
  table.add(4, handle_of(4, n), 0x2a, {"CPU " + std::to_string(n), "GenuineIntel", brand}, [&](ByteWriter& out) {
    out.byte(1);
    out.byte(3);  // central processor
    out.byte(1);  // family: other
    out.byte(2);
    out.dword(id.eax), out.dword(id.edx);
    out.byte(3);
    out.byte(0);  // voltage
    out.word(0);  // external clock: unknown
    out.word(kMhz), out.word(kMhz);
    out.byte(0x41);  // socket populated, processor enabled
    out.byte(1);     // upgrade: other
    for (u32 level = 1; level <= 3; ++level) out.word(kNoHandle);
    out.zeroes(3);                          // no serial number, asset tag, part number
    out.byte(1), out.byte(1), out.byte(1);  // cores, those enabled, threads
    out.word(0);                            // characteristics: not even 64 bits
    out.word(1);                            // family 2: other
  });
}

// A place for a DIMM, and what sits in it.
struct DimmSocket {
  std::string locator;
  const DimmSpec* dimm;  // nullptr: empty
};

std::vector<DimmSocket> sockets(const MachineConfig& config, std::span<const DimmSpec> dimms) {
  std::vector<DimmSocket> all;
  for (const DimmSpec& d : dimms) {
    if (d.socket == Socket::Boot) all.push_back({"BOOT " + std::to_string(all.size()), &d});
  }
  for (u32 slot = 0; slot < config.slots; ++slot) {
    const auto found = std::find_if(dimms.begin(), dimms.end(),
                                    [&](const DimmSpec& d) { return d.socket == Socket::Hotplug && d.slot == slot; });
    all.push_back({"DIMM " + std::to_string(slot), found == dimms.end() ? nullptr : &*found});
  }
  return all;
}

// Type 16 (7.17).
void add_memory_array(StructureTable& table, const MachineConfig& config, usize socket_count) {
  constexpr u64 kTooLarge = 0x80000000;  // in KiB: see the extended field
  const u64 most = std::max(config.maxmem, config.ram_size);
  table.add(16, handle_of(16), 0x17, {}, [&](ByteWriter& out) {
    out.byte(3);  // on the system board
    out.byte(3);  // system memory
    out.byte(3);  // no error correction
    out.dword(static_cast<u32>(std::min(most / kKiB, kTooLarge)));
    out.word(kNoError);
    out.word(static_cast<u16>(socket_count));
    out.qword(most / kKiB >= kTooLarge ? most : 0);
  });
}

// Type 17 (7.18). The speed is what the SPD says (emu/board/spd.cpp).
void add_memory_device(StructureTable& table, const DimmSocket& socket, u32 n) {
  constexpr u16 kUnknown = 0xffff, kSeeExtendedSize = 0x7fff;
  constexpr u16 kSpeed = 1066, kMillivolts = 1500;
  const DimmSpec* dimm = socket.dimm;
  const u64 mib = dimm == nullptr ? 0 : dimm->size / kMiB;
  const std::string serial = std::to_string(n + 1);
  const auto body = [&](ByteWriter& out) {
    out.word(handle_of(16));
    out.word(kNoError);
    out.word(dimm != nullptr ? 64 : kUnknown);  // widths in bits
    out.word(dimm != nullptr ? 64 : kUnknown);
    out.word(mib < kSeeExtendedSize ? static_cast<u16>(mib) : kSeeExtendedSize);
    out.byte(9);  // DIMM
    out.byte(0);  // not one of a set
    out.byte(1), out.byte(0);
    out.byte(dimm != nullptr ? 0x18 : 2);                   // DDR3; unknown
    out.word(dimm != nullptr ? 1u << 7 : 1u << 2);          // synchronous; unknown
    out.word(dimm != nullptr ? kSpeed : 0);                 // MHz as this version says it: megatransfers a second
    for (u8 s : {2, 3}) out.byte(dimm != nullptr ? s : 0);  // manufacturer, serial number
    out.byte(0);                                            // no asset tag
    out.byte(dimm != nullptr ? 4 : 0);                      // part number
    out.byte(dimm != nullptr ? 1 : 0);                      // ranks
    out.dword(mib < kSeeExtendedSize ? 0 : static_cast<u32>(mib));
    out.word(dimm != nullptr ? kSpeed : 0);
    for (u32 i = 0; i < 3; ++i) out.word(dimm != nullptr ? kMillivolts : 0);  // least, most, set
  };
  if (dimm != nullptr)
    table.add(17, handle_of(17, n), 0x28, {socket.locator, "paemu", serial, dimm->id.empty() ? "DIMM" : dimm->id},
              body);
  else
    table.add(17, handle_of(17, n), 0x28, {socket.locator}, body);
}

// Type 19 (7.20): the addresses that a DIMM has.
void add_mapped_address(StructureTable& table, const DimmSpec& dimm, u32 n) {
  constexpr u32 kSeeExtended = 0xffffffff;
  const u64 first = dimm.base.value / kKiB, last = (dimm.base.value + dimm.size) / kKiB - 1;
  const bool fits = last < kSeeExtended;
  table.add(19, handle_of(19, n), 0x1f, {}, [&](ByteWriter& out) {
    out.dword(fits ? static_cast<u32>(first) : kSeeExtended);
    out.dword(fits ? static_cast<u32>(last) : kSeeExtended);
    out.word(handle_of(16));
    out.byte(1);  // partition width: one device a row
    out.qword(fits ? 0 : dimm.base.value);
    out.qword(fits ? 0 : dimm.base.value + dimm.size - 1);
  });
}

// 5.2.1: the address and the checksums are the firmware's to fill in.
std::vector<u8> anchor(const StructureTable& table) {
  ByteWriter out;
  out.text("_SM_", 4);
  out.byte(0);
  out.byte(0x1f);
  out.byte(2), out.byte(8);
  out.word(static_cast<u16>(table.largest()));
  out.byte(0);
  out.zeroes(5);
  out.text("_DMI_", 5);
  out.byte(0);
  out.word(static_cast<u16>(table.size()));
  out.dword(0);
  out.word(static_cast<u16>(table.count()));
  out.byte(0x28);
  return out.take();
}

}  // namespace

std::vector<FirmwareFile> smbios_files(const MachineConfig& config, std::span<const DimmSpec> dimms) {
  StructureTable table;
  add_system(table, config);
  add_chassis(table);
  const Or<CpuModel> model = CpuModel::parse(config.cpu_model, config.physical_bits);
  assert(model.ok());  // the board has been built with it
  for (u32 n = 0; n < config.topology.count(); ++n) add_processor(table, *model, n);
  const std::vector<DimmSocket> places = sockets(config, dimms);
  add_memory_array(table, config, places.size());
  for (u32 n = 0; n < places.size(); ++n) add_memory_device(table, places[n], n);
  for (u32 n = 0; n < dimms.size(); ++n) add_mapped_address(table, dimms[n], n);
  table.add(32, handle_of(32), 0x0b, {}, [](ByteWriter& out) { out.zeroes(7); });  // booted without an error
  table.add(127, handle_of(127), 4, {}, [](ByteWriter&) {});
  assert(table.size() <= 0xffff);

  std::vector<FirmwareFile> files;
  files.push_back({abi::fw_cfg::kSmbiosAnchorFile, anchor(table)});
  files.push_back({abi::fw_cfg::kSmbiosTablesFile, table.take()});
  return files;
}

}  // namespace paemu
