#include "board/acpi_tables.hpp"

#include <cassert>

#include "abi/acpi.hpp"
#include "abi/fw_cfg.hpp"
#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "base/bits.hpp"
#include "board/byte_writer.hpp"
#include "board/hotplug_plan.hpp"
#include "board/slots_aml.hpp"
#include "board/table_loader.hpp"

namespace paemu {

extern const unsigned char dsdt_aml[];
extern const unsigned dsdt_aml_size;

namespace {

namespace map = abi::memory_map;
namespace pm = abi::acpi;

constexpr u32 kChecksumAt = 9;  // in a table's header

// The blob "etc/acpi/tables" with the loader commands that relocate it. Pointers hold offsets into the blob until the
// firmware knows where it lies.
class TableSet {
 public:
  ByteWriter& out() { return out_; }
  TableLoader& loader() { return loader_; }

  // Starts a table (ACPI 5.2.6); returns its offset. end() fills in what is known only then.
  u32 begin(const char* signature, u8 revision) {
    out_.align(8);
    const u32 at = static_cast<u32>(out_.size());
    out_.text(signature, 4);
    out_.dword(0);  // length
    out_.byte(revision);
    out_.byte(0);  // checksum
    out_.text("PAEMU ", 6);
    out_.text("PAEM", 4);
    out_.text(signature, 4);
    out_.dword(1);         // OEM revision
    out_.text("PAEM", 4);  // creator
    out_.dword(1);         // its revision
    return at;
  }
  void end(u32 at) {
    const u32 length = static_cast<u32>(out_.size()) - at;
    out_.patch_dword(at + 4, length);
    loader_.add_checksum(abi::fw_cfg::kAcpiTablesFile, at + kChecksumAt, at, length);
  }

  // A table that is complete but for its checksum.
  u32 add(std::span<const u8> table) {
    out_.align(8);
    const u32 at = static_cast<u32>(out_.size());
    out_.raw(table);
    loader_.add_checksum(abi::fw_cfg::kAcpiTablesFile, at + kChecksumAt, at, static_cast<u32>(table.size()));
    return at;
  }

  // A pointer to the table at `target`, of `size` bytes.
  void pointer(u32 target, u8 size) {
    loader_.add_pointer(abi::fw_cfg::kAcpiTablesFile, abi::fw_cfg::kAcpiTablesFile, static_cast<u32>(out_.size()),
                        size);
    if (size == 8)
      out_.qword(target);
    else
      out_.dword(target);
  }

 private:
  ByteWriter out_;
  TableLoader loader_;
};

// Generic Address Structure (ACPI 5.2.3.2): a port.
void port_address(ByteWriter& out, u32 port, u32 bytes) {
  out.byte(1);  // System I/O
  out.byte(static_cast<u8>(bytes * 8));
  out.byte(0);  // bit offset
  out.byte(bytes == 1 ? 1 : bytes == 2 ? 2 : 3);
  out.qword(port);
}

// FACS (5.2.10): 64 bytes on a 64-byte boundary; no header as the others have, no checksum.
u32 add_facs(ByteWriter& out) {
  out.align(64);
  const u32 at = static_cast<u32>(out.size());
  out.text("FACS", 4);
  out.dword(64);
  out.zeroes(24);  // hardware signature, waking vector, global lock, flags, 64-bit vector
  out.byte(1);     // version
  out.zeroes(31);
  return at;
}

// FADT (5.2.9), the 244-byte form of ACPI 2.0.
u32 add_fadt(TableSet& tables, const MachineConfig& config, u32 facs, u32 dsdt) {
  // TMR_VAL_EXT is clear: the PM timer of the PIIX4 has 24 bits.
  constexpr u32 kFlags = 1u << 0      // WBINVD works
                         | 1u << 2    // C1 on every processor
                         | 1u << 5    // no fixed sleep button
                         | 1u << 10;  // there is a reset register
  constexpr u8 kHardReset = 0x06;
  ByteWriter& out = tables.out();
  const u32 at = tables.begin("FACP", 3);
  tables.pointer(facs, 4);
  tables.pointer(dsdt, 4);
  out.byte(1);  // dual PIC, no meaning since ACPI 2.0
  out.byte(0);  // preferred profile: unspecified
  out.word(abi::irq::kSci);
  out.dword(pm::kSmiCommandPort);
  out.byte(pm::kAcpiEnableValue);
  out.byte(pm::kAcpiDisableValue);
  out.byte(0);  // no S4BIOS
  out.byte(0);  // no P-states
  out.dword(abi::port::kAcpiPmBase + pm::kPm1Status);
  out.dword(0);
  out.dword(abi::port::kAcpiPmBase + pm::kPm1Control);
  out.dword(0);
  out.dword(0);  // no PM2
  out.dword(abi::port::kAcpiPmBase + pm::kPmTimer);
  out.dword(abi::port::kGpe0);
  out.dword(0);
  out.byte(4);  // PM1 event length
  out.byte(2);  // PM1 control length
  out.byte(0);
  out.byte(4);  // PM timer length
  out.byte(pm::kGpe0Length);
  out.byte(0);
  out.byte(0);
  out.byte(0);      // no C-state command
  out.word(0xfff);  // no C2
  out.word(0xfff);  // no C3
  out.word(0);      // caches are flushed by WBINVD
  out.word(0);
  out.byte(0);  // no duty cycle
  out.byte(0);
  out.byte(0);                            // no day alarm
  out.byte(0);                            // no month alarm
  out.byte(0x32);                         // RTC century
  const bool screen = config.display != Display::kNone;
  out.word(static_cast<u16>(1u << 0 | 1u << 1 | (screen ? 0 : 1u << 2)));  // legacy devices, 8042, no VGA
  out.byte(0);
  out.dword(kFlags);
  port_address(out, abi::port::kReset, 1);
  out.byte(kHardReset);
  out.zeroes(3);
  out.qword(0);  // X_FIRMWARE_CTRL: the 32-bit field holds (only one of the two may be non-zero)
  tables.pointer(dsdt, 8);
  port_address(out, abi::port::kAcpiPmBase + pm::kPm1Status, 4);
  out.zeroes(12);
  port_address(out, abi::port::kAcpiPmBase + pm::kPm1Control, 2);
  out.zeroes(12);
  out.zeroes(12);
  port_address(out, abi::port::kAcpiPmBase + pm::kPmTimer, 4);
  port_address(out, abi::port::kGpe0, pm::kGpe0Length);
  out.zeroes(12);
  assert(out.size() - at == 244);
  tables.end(at);
  return at;
}

// MADT (5.2.12).
u32 add_madt(TableSet& tables, const Topology& topology) {
  ByteWriter& out = tables.out();
  const u32 at = tables.begin("APIC", 1);
  out.dword(static_cast<u32>(map::kLocalApic));
  out.dword(1);  // there is a pair of 8259s, too

  for (u32 n = 0; n < topology.count(); ++n) {
    out.byte(0), out.byte(8);                         // processor local APIC
    out.byte(static_cast<u8>(n));                     // processor id
    out.byte(static_cast<u8>(topology.apic_id(n)));
    out.dword(1);                                     // enabled
  }

  out.byte(1), out.byte(12);  // I/O APIC
  out.byte(0);                // its id
  out.byte(0);
  out.dword(static_cast<u32>(map::kIoApic));
  out.dword(0);  // first global interrupt

  const auto override = [&](u8 irq, u32 global, u16 flags) {
    out.byte(2), out.byte(10);
    out.byte(0);  // ISA
    out.byte(irq);
    out.dword(global);
    out.word(flags);
  };
  override(abi::irq::kPit, 2, 0);
  for (u8 irq : {5, 9, 10, 11}) override(irq, irq, 0x0d);  // the SCI and what PIRQs go to: active high, level

  out.byte(4), out.byte(6);  // local APIC NMI
  out.byte(0xff);            // every processor
  out.word(0);
  out.byte(1);  // LINT1
  tables.end(at);
  return at;
}

// HPET (IA-PC HPET specification 1.0a, 3.2.4).
u32 add_hpet(TableSet& tables) {
  constexpr u16 kLeastPeriodicTicks = 128;
  ByteWriter& out = tables.out();
  const u32 at = tables.begin("HPET", 1);
  out.dword(pm::kHpetBlockId);
  out.byte(0);   // system memory
  out.byte(64);  // bits
  out.byte(0), out.byte(0);
  out.qword(map::kHpet);
  out.byte(0);  // the first HPET
  out.word(kLeastPeriodicTicks);
  out.byte(0);  // no page protection
  tables.end(at);
  return at;
}

// SRAT (5.2.16): which memory belongs to which node, the window for DIMMs to come included.
u32 add_srat(TableSet& tables, const MachineConfig& config, std::span<const DimmSpec> dimms) {
  constexpr u32 kEnabled = 1, kHotPluggable = 2;
  ByteWriter& out = tables.out();
  const u32 at = tables.begin("SRAT", 1);
  out.dword(1);
  out.qword(0);

  for (u32 n = 0; n < config.topology.count(); ++n) {
    out.byte(0), out.byte(16);  // processor affinity
    out.byte(0);                // node, low byte
    out.byte(static_cast<u8>(config.topology.apic_id(n)));
    out.dword(kEnabled);
    out.zeroes(8);
  }

  const auto memory = [&](u32 node, u64 base, u64 size, u32 flags) {
    out.byte(1), out.byte(40);
    out.dword(node);
    out.word(0);
    out.qword(base);
    out.qword(size);
    out.dword(0);
    out.dword(flags);
    out.qword(0);
  };
  for (const DimmSpec& dimm : dimms) {
    if (dimm.socket != Socket::Boot) continue;
    u64 base = dimm.base.value, end = base + dimm.size;
    if (base < map::kExtended) {  // not the legacy hole
      memory(dimm.node, base, map::kConventionalEnd - base, kEnabled);
      base = map::kExtended;
    }
    if (base < end) memory(dimm.node, base, end - base, kEnabled);
  }
  const HotplugWindow window = hotplug_window(config);
  const u32 last_node = config.numa_nodes > 0 ? config.numa_nodes - 1 : 0;
  if (window.size > 0) memory(last_node, window.base.value, window.size, kEnabled | kHotPluggable);
  tables.end(at);
  return at;
}

u32 add_rsdt(TableSet& tables, std::span<const u32> others) {
  const u32 at = tables.begin("RSDT", 1);
  for (u32 table : others) tables.pointer(table, 4);
  tables.end(at);
  return at;
}

// RSDP (5.2.5.3), revision 0: 20 bytes.
std::vector<u8> make_rsdp(TableLoader& loader, u32 rsdt) {
  constexpr u32 kChecksum = 8, kRsdt = 16, kLength = 20;
  ByteWriter out;
  out.text("RSD PTR ", 8);
  out.byte(0);
  out.text("PAEMU ", 6);
  out.byte(0);
  out.dword(rsdt);
  loader.add_pointer(abi::fw_cfg::kAcpiRsdpFile, abi::fw_cfg::kAcpiTablesFile, kRsdt, 4);
  loader.add_checksum(abi::fw_cfg::kAcpiRsdpFile, kChecksum, 0, kLength);
  return out.take();
}

}  // namespace

std::vector<FirmwareFile> acpi_files(const MachineConfig& config, std::span<const DimmSpec> dimms) {
  TableSet tables;
  tables.loader().allocate(abi::fw_cfg::kAcpiTablesFile, 4096, TableLoader::Zone::High);
  tables.loader().allocate(abi::fw_cfg::kAcpiRsdpFile, 16, TableLoader::Zone::Low);

  const u32 facs = add_facs(tables.out());
  std::vector<u8> dsdt_bytes(dsdt_aml, dsdt_aml + dsdt_aml_size);
  dsdt_bytes[kChecksumAt] = 0;
  const u32 dsdt = tables.add(dsdt_bytes);
  std::vector<u32> listed{add_fadt(tables, config, facs, dsdt), add_madt(tables, config.topology), add_hpet(tables),
                          add_srat(tables, config, dimms)};
  if (config.slots > 0) listed.push_back(tables.add(slots_ssdt(config.slots)));
  const u32 rsdt = add_rsdt(tables, listed);
  std::vector<u8> rsdp = make_rsdp(tables.loader(), rsdt);

  std::vector<FirmwareFile> files;
  files.push_back({abi::fw_cfg::kAcpiTablesFile, tables.out().take()});
  files.push_back({abi::fw_cfg::kAcpiRsdpFile, std::move(rsdp)});
  files.push_back({abi::fw_cfg::kTableLoaderFile, tables.loader().take()});
  return files;
}

}  // namespace paemu
