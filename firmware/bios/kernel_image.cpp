#include "bios/kernel_image.hpp"

#include "bios/console.hpp"
#include "bios/layout.hpp"
#include "bios/strings.hpp"

namespace firmware {

namespace {

// Multiboot 3.1: the header is in the first 8192 bytes, 4-byte aligned.
constexpr u32 kSearch = 8192;
constexpr u32 kMagic = 0x1badb002;
constexpr u32 kNeedsVideo = 1u << 2;
constexpr u32 kKnownNeeds = 0x7;  // page-aligned modules, memory map, video mode
constexpr u32 kNeeds = 0xffff;    // the bits that a loader must understand
constexpr u32 kHasAddresses = 1u << 16;

struct Header {
  u32 magic, flags, checksum;
  u32 header_address, load_address, load_end, bss_end, entry;
};

struct ElfHeader {
  u8 ident[16];
  u16 type, machine;
  u32 version, entry, program_headers, section_headers, flags;
  u16 size, program_header_size, program_header_count, section_header_size, section_header_count, section_names;
};
static_assert(sizeof(ElfHeader) == 52);

struct ProgramHeader {
  u32 type, offset, virtual_address, physical_address, file_size, memory_size, flags, alignment;
};

u8 head[kSearch];  // the file's first bytes

[[noreturn]] void refuse_kernel(const char* why) { refuse("the kernel ", why); }

const Header* find_header(u32 available) {
  for (u32 i = 0; i + 12 <= available; i += 4) {
    const auto* h = reinterpret_cast<const Header*>(head + i);
    if (h->magic == kMagic && h->magic + h->flags + h->checksum == 0) return h;
  }
  return nullptr;
}

// Places [offset, offset + file_size) of the file at `address`, zeroes up to memory_size.
void place(FwCfgItem& file, const MemoryMap& map, LoadedKernel& kernel, u32 offset, u32 address, u32 file_size,
           u32 memory_size) {
  if (file_size > memory_size) refuse_kernel("has a segment that is larger in the file than in memory; build it again");
  if (offset > file.size() || file_size > file.size() - offset) refuse_kernel("file is truncated; copy it again");
  if (memory_size == 0) return;
  if (!map.usable(address, memory_size)) {
    refuse_kernel("wants to be where there is no RAM for it (1 MiB up is free); link it elsewhere or give more memory");
  }
  file.read(offset, at<u8>(address), file_size);
  fill(at<u8>(address + file_size), 0, memory_size - file_size);
  if (address < kernel.begin) kernel.begin = address;
  if (address + memory_size > kernel.end) kernel.end = address + memory_size;
}

void load_by_addresses(FwCfgItem& file, const MemoryMap& map, const Header& h, LoadedKernel& kernel) {
  const u32 header_offset = static_cast<u32>(reinterpret_cast<const u8*>(&h) - head);
  const u32 before = h.header_address - h.load_address;  // bytes between the load address and the header
  if (h.header_address < h.load_address || before > header_offset) refuse_kernel("has a bad Multiboot header");
  const u32 offset = header_offset - before;
  const u32 file_size = h.load_end == 0 ? file.size() - offset : h.load_end - h.load_address;
  const u32 memory_size = h.bss_end == 0 ? file_size : h.bss_end - h.load_address;
  place(file, map, kernel, offset, h.load_address, file_size, memory_size);
  kernel.entry = h.entry;
}

void load_elf(FwCfgItem& file, const MemoryMap& map, LoadedKernel& kernel) {
  constexpr u32 kLoad = 1;
  constexpr u16 kExecutable = 2, k386 = 3;
  const ElfHeader elf = *reinterpret_cast<const ElfHeader*>(head);
  if (!equal(elf.ident, "\177ELF", 4)) refuse_kernel("is neither an ELF file nor says where to load it");
  if (elf.ident[4] == 2) refuse_kernel("is a 64-bit ELF file, and this processor has 32; build it with -m32");
  if (elf.ident[4] != 1 || elf.ident[5] != 1 || elf.machine != k386) refuse_kernel("is not a 32-bit x86 ELF file");
  if (elf.type != kExecutable) refuse_kernel("is not a statically linked ELF executable");
  if (elf.program_header_size < sizeof(ProgramHeader) || elf.program_header_count == 0) {
    refuse_kernel("has no ELF program headers");
  }
  const u32 headers_size = static_cast<u32>(elf.program_header_size) * elf.program_header_count;
  if (elf.program_headers > file.size() || headers_size > file.size() - elf.program_headers) {
    refuse_kernel("file is truncated in its ELF program headers; copy it again");
  }
  // The entry is a physical address (Multiboot 1, 3.2); kernels that give the virtual one of their link are common, and
  // boot loaders take it.
  bool entry_inside = false, virtual_entry = false;
  for (u32 i = 0; i < elf.program_header_count; ++i) {
    ProgramHeader segment;
    file.read(elf.program_headers + i * elf.program_header_size, &segment, sizeof(segment));
    if (segment.type != kLoad) continue;
    place(file, map, kernel, segment.offset, segment.physical_address, segment.file_size, segment.memory_size);
    if (elf.entry - segment.physical_address < segment.memory_size) {
      entry_inside = true;
      kernel.entry = elf.entry;
    } else if (!entry_inside && elf.entry - segment.virtual_address < segment.memory_size) {
      virtual_entry = true;
      kernel.entry = elf.entry - segment.virtual_address + segment.physical_address;
    }
  }
  if (!entry_inside && !virtual_entry) refuse_kernel("starts outside of what it loads");
}

}  // namespace

LoadedKernel load_kernel(FwCfgItem& file, const MemoryMap& map) {
  const u32 available = file.size() < kSearch ? file.size() : kSearch;
  file.read(0, head, available);
  const Header* header = find_header(available);
  if (header == nullptr) refuse_kernel("is not a Multiboot kernel: there is no header in its first 8 KiB");
  const u32 needs = header->flags & kNeeds;
  if (needs & ~kKnownNeeds) refuse_kernel("needs something of the boot loader that Multiboot 1 does not define");
  if (needs & kNeedsVideo) say("the kernel asks for a video mode and gets none: there is no display");
  LoadedKernel kernel{0, ~0u, 0};
  if (header->flags & kHasAddresses) {
    load_by_addresses(file, map, *header, kernel);
    if (kernel.entry < kernel.begin || kernel.entry >= kernel.end) refuse_kernel("starts outside of what it loads");
  } else {
    load_elf(file, map, kernel);
  }
  return kernel;
}

}  // namespace firmware
