#include "bios/mp_table.hpp"

#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "bios/layout.hpp"
#include "bios/local_apic.hpp"
#include "bios/pci_config.hpp"
#include "bios/processors.hpp"
#include "bios/strings.hpp"
#include "bios/table_area.hpp"

namespace firmware {

namespace {

constexpr u32 kMostProcessors = 8;
constexpr u32 kMostBytes = 1536;
constexpr u8 kIoApicId = 0;  // as in the MADT
constexpr u8 kPciBus = 0, kIsaBus = 1;

// Flags of interrupts (4.3.4): polarity in bits 0-1, trigger in bits 2-3; 0 as the bus has it.
constexpr u16 kAsBus = 0, kActiveHighLevel = 0x0d;
enum InterruptType : u8 { kInt = 0, kNmi = 1, kExtInt = 3 };

struct [[gnu::packed]] FloatingPointer {  // 4.1
  char signature[4] = {'_', 'M', 'P', '_'};
  u32 table = 0;
  u8 length = 1;  // paragraphs
  u8 revision = 4;
  u8 checksum = 0;
  u8 features[5] = {};  // a table is present; no IMCR
};

struct [[gnu::packed]] TableHeader {  // 4.2
  char signature[4] = {'P', 'C', 'M', 'P'};
  u16 length = 0;
  u8 revision = 4;
  u8 checksum = 0;
  char oem[8] = {'P', 'A', 'E', 'M', 'U', ' ', ' ', ' '};
  char product[12] = {'P', 'C', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  u32 oem_table = 0;
  u16 oem_size = 0;
  u16 entries = 0;
  u32 local_apic = static_cast<u32>(abi::memory_map::kLocalApic);
  u16 extended_length = 0;
  u8 extended_checksum = 0;
  u8 reserved = 0;
};

struct [[gnu::packed]] Processor {  // 4.3.1
  u8 type = 0;
  u8 apic_id = 0;
  u8 apic_version = 0x14;
  u8 flags = 1;  // usable; bit 1: the bootstrap processor
  u32 signature = 0, features = 0;
  u32 reserved[2] = {};
};

struct [[gnu::packed]] Bus {  // 4.3.2
  u8 type = 1;
  u8 id;
  char name[6];
};

struct [[gnu::packed]] IoApic {  // 4.3.3
  u8 type = 2;
  u8 id = kIoApicId;
  u8 version = 0x11;
  u8 flags = 1;  // usable
  u32 address = static_cast<u32>(abi::memory_map::kIoApic);
};

struct [[gnu::packed]] Interrupt {  // 4.3.4; type 4, a local one: 4.3.5
  u8 type;
  u8 kind;
  u16 flags;
  u8 source_bus;
  u8 source;  // ISA: the IRQ; PCI: device in bits 6-2, pin in bits 1-0
  u8 apic;
  u8 input;
};

// The table under way.
struct Builder {
  u32 next;
  TableHeader& header;

  template <class Entry>
  void add(const Entry& entry) {
    memcpy(at<u8>(next), &entry, sizeof(entry));
    next += sizeof(entry);
    header.entries = static_cast<u16>(header.entries + 1);
  }
};

void add_processors(Builder& table) {
  u32 signature, ebx, ecx, features;
  asm volatile("cpuid" : "=a"(signature), "=b"(ebx), "=c"(ecx), "=d"(features) : "a"(1), "c"(0));
  u32 ids = processor_ids();
  const u32 own = local_apic_id();
  for (u32 count = 0; ids != 0 && count < kMostProcessors; ++count, ids &= ids - 1) {
    Processor p;
    p.apic_id = static_cast<u8>(__builtin_ctz(ids));
    if (p.apic_id == own) p.flags |= 2;
    p.signature = signature, p.features = features;
    table.add(p);
  }
}

// -> the IRQs that PCI functions use, which are not ISA's then.
u16 add_pci_interrupts(Builder& table) {
  constexpr u32 kInterruptLine = 0x3c, kInterruptPin = 0x3d;
  u32 used = 0, seen = 0;  // seen: pins of the device under way
  u32 last_device = ~0u;
  each_pci_function([&](u16 function) {
    const u32 pin = pci_read8(function, kInterruptPin), line = pci_read8(function, kInterruptLine);
    const u32 device = function >> 3;
    if (device != last_device) seen = 0;
    last_device = device;
    if (pin < 1 || pin > 4 || line > 15 || (seen & 1u << pin) != 0) return false;
    seen |= 1u << pin;
    used |= 1u << line;
    table.add(Interrupt{3, kInt, kActiveHighLevel, kPciBus, static_cast<u8>(device << 2 | (pin - 1)), kIoApicId,
                        static_cast<u8>(line)});
    return false;
  });
  return static_cast<u16>(used);
}

void add_isa_interrupts(Builder& table, u16 of_pci) {
  for (u32 irq = 0; irq < 16; ++irq) {
    const bool cascade = irq == 2;
    if (cascade || (of_pci & 1u << irq) != 0) continue;
    const u16 flags = irq == abi::irq::kSci ? kActiveHighLevel : kAsBus;
    const u8 pin = static_cast<u8>(irq == abi::irq::kPit ? 2 : irq);  // the MADT's override
    table.add(Interrupt{3, kInt, flags, kIsaBus, static_cast<u8>(irq), kIoApicId, pin});
  }
}

}  // namespace

void install_mp_table() {
  if (processor_ids() == 0) return;  // without local APICs
  const u32 place = take_table_area(sizeof(FloatingPointer), 16);
  const u32 start = take_table_area(kMostBytes, 16);
  if (place == 0 || start == 0) return;

  TableHeader header;
  Builder table{start + static_cast<u32>(sizeof(header)), header};
  add_processors(table);
  table.add(Bus{.id = kPciBus, .name = {'P', 'C', 'I', ' ', ' ', ' '}});
  table.add(Bus{.id = kIsaBus, .name = {'I', 'S', 'A', ' ', ' ', ' '}});
  table.add(IoApic{});
  add_isa_interrupts(table, add_pci_interrupts(table));
  constexpr u8 kEveryApic = 0xff;
  table.add(Interrupt{4, kExtInt, kAsBus, kIsaBus, 0, kEveryApic, 0});
  table.add(Interrupt{4, kNmi, kAsBus, kIsaBus, 0, kEveryApic, 1});

  header.length = static_cast<u16>(table.next - start);
  memcpy(at<u8>(start), &header, sizeof(header));
  at<TableHeader>(start)->checksum = checksum(at<u8>(start), header.length);
  FloatingPointer pointer;
  pointer.table = start;
  pointer.checksum = checksum(&pointer, sizeof(pointer));
  memcpy(at<u8>(place), &pointer, sizeof(pointer));
}

}  // namespace firmware
