// The fw_cfg device: item keys, as QEMU documents them (docs/specs/fw_cfg), little-endian unless said. Includes
// nothing.
#pragma once

namespace abi::fw_cfg {

inline constexpr unsigned kSignature = 0x0000;   // "QEMU"
inline constexpr unsigned kId = 0x0001;          // u32: bit 0 traditional interface, bit 1 DMA
inline constexpr unsigned kIdDma = 2;
inline constexpr unsigned kUuid = 0x0002;        // 16 bytes, as they are printed
inline constexpr unsigned kRamSize = 0x0003;     // u64: boot RAM in bytes
inline constexpr unsigned kCpuCount = 0x0005;    // u16: processors that are there
inline constexpr unsigned kKernelSize = 0x0008;  // u32: bytes of the file given by -kernel, 0 without one
inline constexpr unsigned kInitrdSize = 0x000b;  // u32
inline constexpr unsigned kNuma = 0x000d;        // u64: nodes that follow; 0: firmware makes no SRAT of its own
inline constexpr unsigned kBootMenu = 0x000e;  // u16: 1 offers a boot menu
inline constexpr unsigned kMaxCpuCount = 0x000f;  // u16: processors that there can be
inline constexpr unsigned kKernelData = 0x0011;  // the kernel file as it is
inline constexpr unsigned kInitrdData = 0x0012;
inline constexpr unsigned kCommandLineSize = 0x0014;  // u32, with the terminating NUL
inline constexpr unsigned kCommandLineData = 0x0015;
inline constexpr unsigned kFileDirectory = 0x0019;  // u32 count (big-endian), then FileEntry each
inline constexpr unsigned kFileFirst = 0x0020;
inline constexpr unsigned kIrq0Override = 0x8002;  // u32: 1: IRQ 0 is pin 2 of the I/O APIC

// A request by DMA (docs/specs/fw_cfg, "DMA interface"): integers big-endian. Its address is written to kFwCfgDma, the
// low half last; that register reads as kDmaSignature.
struct DmaRequest {
  unsigned control;  // DmaControl; the device writes 0, or kDmaError
  unsigned length;   // bytes
  unsigned long long address;
};
enum DmaControl : unsigned {
  kDmaError = 1u << 0,
  kDmaRead = 1u << 1,
  kDmaSkip = 1u << 2,
  kDmaSelect = 1u << 3,  // the item in the upper 16 bits, first of all
  kDmaWrite = 1u << 4,
};
inline constexpr unsigned long long kDmaSignature = 0x51454d5520434647;  // "QEMU CFG", the first letter in bits 56-63

// An entry of the directory: integers big-endian.
struct FileEntry {
  unsigned size;  // bytes
  unsigned short selector;
  unsigned short reserved;
  char name[56];  // NUL-terminated
};

inline constexpr char kE820File[] = "etc/e820";  // packed {u64 base, u64 size, u32 type}
inline constexpr char kAcpiTablesFile[] = "etc/acpi/tables";
inline constexpr char kAcpiRsdpFile[] = "etc/acpi/rsdp";
inline constexpr char kTableLoaderFile[] =
    "etc/table-loader";  // 128-byte commands: allocate, add pointer, add checksum
inline constexpr char kSmbiosAnchorFile[] = "etc/smbios/smbios-anchor";  // SMBIOS 2.8 entry point, no address yet
inline constexpr char kSmbiosTablesFile[] = "etc/smbios/smbios-tables";  // its structures
inline constexpr char kBootFailWaitFile[] = "etc/boot-fail-wait";  // u32: ms until a reset when nothing boots; ~0: never
inline constexpr char kSystemStatesFile[] = "etc/system-states";   // 6 bytes: bit 7 of byte n: Sn is there
inline constexpr char kReservedMemoryEndFile[] = "etc/reserved-memory-end";  // u64: where nothing else may lie below
inline constexpr char kBootOrderFile[] = "bootorder";  // paths as Open Firmware has them, a line each, with a NUL
inline constexpr char kBootRomFile[] = "genroms/paemu-boot.bin";  // an option ROM that starts the kernel
inline constexpr char kSerialPortFile[] = "etc/sercon-port";  // u16: I/O port of the serial port to use as a console
inline constexpr char kMemorySlotsFile[] = "etc/memory-slots";  // u32: hotplug slots, for the firmware's banner

}  // namespace abi::fw_cfg
