#include "proc/elf.hpp"

#include "base/bits.hpp"
#include "fs/permission.hpp"
#include "lib/string.hpp"
#include "mm/backing.hpp"
#include "mm/uaccess.hpp"

namespace ido {

namespace {

struct ElfHeader {
  u8 identification[16];
  u16 type, machine;
  u32 version, entry, program_headers, section_headers, flags;
  u16 size, program_header_size, program_header_count, section_header_size, section_header_count, names;
};
static_assert(sizeof(ElfHeader) == kElfHeaderSize);

struct ProgramHeader {
  u32 type, offset, address, physical_address, file_size, memory_size, flags, alignment;
};
static_assert(sizeof(ProgramHeader) == kProgramHeaderSize);

constexpr u16 kExecutable = 2, kDynamic = 3, kMachine386 = 3;
constexpr u32 kLoad = 1, kInterpreter = 3, kHeaders = 6;
constexpr u32 kExecute = 1, kWrite = 2, kRead = 4;
constexpr u32 kMostHeaders = 32;
constexpr u32 kProgramBias = 0x56555000, kInterpreterBias = 0xb7f00000;  // where position-independent ones go
constexpr u32 kPathMax = 256;

struct Image {
  ElfHeader header;
  ProgramHeader programs[kMostHeaders];
  u32 count() const { return header.program_header_count; }
};

Or<> read_exactly(fs::Inode& file, u64 position, void* to, u32 size) {
  fs::Buffer buffer = fs::Buffer::kernel(to, size);
  const u32 got = TRY(file.read(position, buffer));
  if (got != size) return fail(Errno::kNoExec);
  return {};
}

Or<> read_image(fs::Inode& file, Image& image) {
  TRY(read_exactly(file, 0, &image.header, sizeof image.header));
  const ElfHeader& h = image.header;
  // ELFCLASS32, ELFDATA2LSB, version 1.
  if (memcmp(h.identification,
             "\x7f"
             "ELF\1\1\1",
             7) != 0)
    return fail(Errno::kNoExec);
  if ((h.type != kExecutable && h.type != kDynamic) || h.machine != kMachine386) return fail(Errno::kNoExec);
  if (h.program_header_size != sizeof(ProgramHeader) || h.program_header_count == 0 ||
      h.program_header_count > kMostHeaders)
    return fail(Errno::kNoExec);
  return read_exactly(file, h.program_headers, image.programs,
                      h.program_header_count * static_cast<u32>(sizeof(ProgramHeader)));
}

u8 protection_of(u32 flags) {
  return static_cast<u8>((flags & kRead ? protection::kRead : 0) | (flags & kWrite ? protection::kWrite : 0) |
                         (flags & kExecute ? protection::kExecute : 0));
}

// One PT_LOAD: the file's pages, then zeros. The tail of the last file page is zero too where the segment goes on.
Or<> map_segment(Mm& mm, fs::Inode& file, const ProgramHeader& p, u32 bias) {
  const u64 first = u64{p.address} + bias;
  const u64 last = first + p.memory_size;
  if (p.memory_size == 0) return {};
  if (last > layout::kUserEnd || first < kPageSize || p.file_size > p.memory_size || (p.address ^ p.offset) & kPageMask)
    return fail(Errno::kNoExec);
  const u32 start = align_down<u32>(static_cast<u32>(first), kPageSize);
  const u32 file_end = static_cast<u32>(first) + p.file_size;
  const u32 file_pages_end = p.file_size == 0 ? start : align_up<u32>(file_end, kPageSize);
  const u32 end = align_up<u32>(static_cast<u32>(last), kPageSize);
  const u8 rights = protection_of(p.flags);
  if (file_pages_end > start)
    TRY(mm.map({.address = start,
                .size = file_pages_end - start,
                .protection = rights,
                .placement = Placement::kFixed,
                .backing = file.backing(),
                .first_index = p.offset >> kPageShift}));
  if (end > file_pages_end)
    TRY(mm.map({.address = file_pages_end,
                .size = end - file_pages_end,
                .protection = rights,
                .placement = Placement::kFixed}));
  if (p.memory_size > p.file_size && p.file_size != 0 && (rights & protection::kWrite) && file_pages_end > file_end)
    TRY(zero_user(mm, file_end, file_pages_end - file_end));
  return {};
}

struct Extent {
  u32 headers = 0, end = 0, code_start = ~0u, code_end = 0;
};

Or<Extent> map_image(Mm& mm, fs::Inode& file, const Image& image, u32 bias) {
  if (file.backing() == nullptr) return fail(Errno::kNoExec);
  Extent extent;
  for (u32 i = 0; i < image.count(); ++i) {
    const ProgramHeader& p = image.programs[i];
    if (p.type == kHeaders) extent.headers = p.address + bias;
    if (p.type != kLoad) continue;
    TRY(map_segment(mm, file, p, bias));
    const u32 start = p.address + bias, end = start + p.memory_size;
    if (end > extent.end) extent.end = end;
    if ((p.flags & kExecute) && start < extent.code_start) extent.code_start = start;
    if ((p.flags & kExecute) && end > extent.code_end) extent.code_end = end;
    // Without PT_PHDR the headers are where the file's start is mapped.
    if (extent.headers == 0 && p.offset == 0) extent.headers = start + image.header.program_headers;
  }
  if (extent.end == 0) return fail(Errno::kNoExec);
  return extent;
}

Or<Ref<fs::Inode>> find_interpreter(fs::Inode& file, const Image& image) {
  for (u32 i = 0; i < image.count(); ++i) {
    const ProgramHeader& p = image.programs[i];
    if (p.type != kInterpreter) continue;
    char path[kPathMax];
    if (p.file_size == 0 || p.file_size > sizeof path) return fail(Errno::kNoExec);
    TRY(read_exactly(file, p.offset, path, p.file_size));
    path[p.file_size - 1] = 0;
    Ref<fs::Dentry> dentry = TRY(fs::lookup(fs::current_root(), path));
    if (!dentry->inode->is_regular()) return fail(Errno::kAcces);
    TRY(fs::permit(*dentry->inode, fs::want::kExecute));
    dentry->inode->opened_as(path);
    return dentry->inode;
  }
  return Ref<fs::Inode>{};
}

}  // namespace

Or<LoadedProgram> load_elf(Mm& mm, fs::Inode& file) {
  Image image;
  TRY(read_image(file, image));
  const u32 bias = image.header.type == kDynamic ? kProgramBias : 0;
  const Extent extent = TRY(map_image(mm, file, image, bias));

  LoadedProgram program;
  program.entry = program.start = image.header.entry + bias;
  program.headers = extent.headers;
  program.header_count = image.count();
  program.break_start = align_up<u32>(extent.end, kPageSize);
  program.code_start = extent.code_start;
  program.code_end = extent.code_end;

  Ref<fs::Inode> interpreter = TRY(find_interpreter(file, image));
  if (interpreter) {
    TRY(read_image(*interpreter, image));
    const u32 interpreter_bias = image.header.type == kDynamic ? kInterpreterBias : 0;
    (void)TRY(map_image(mm, *interpreter, image, interpreter_bias));
    program.interpreter_base = interpreter_bias;
    program.start = image.header.entry + interpreter_bias;
  }
  return program;
}

}  // namespace ido
