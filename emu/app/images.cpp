#include "app/images.hpp"

#include "host/file.hpp"

namespace paemu::app {
namespace {

constexpr char kFirmwareName[] = "firmware.bin";
constexpr char kKernelName[] = "guest-kernel.elf";
constexpr char kInitrdName[] = "initramfs.cpio";

// The boot RAM below 3 GiB must hold both.
constexpr u64 kLargestImage = kGiB;
constexpr char kVgaRomName[] = "vgabios.bin";
constexpr u64 kLargestOptionRom = 64 * kKiB;
constexpr u64 kLargestFirmware = 16 * kMiB;

// Multiboot 0.6.96, 3.1.1 and 3.1.2.
constexpr u32 kMultibootMagic = 0x1badb002;
constexpr u32 kMultibootAddresses = 1u << 16;
constexpr usize kMultibootSearch = 8192;

u32 read32(std::span<const u8> bytes, usize at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | static_cast<u32>(bytes[at + 3]) << 24;
}

Or<std::vector<u8>> read_image(const char* option, const std::string& path, u64 most) {
  Or<std::vector<u8>> bytes = host::read_file(path, most);
  if (!bytes) return fail(std::string(option) + ": " + bytes.error().sentence);
  if (bytes->empty()) return fail(std::string(option) + ": " + path + ": is empty");
  return bytes;
}

// ELF header, i386: 32 bits, little-endian, executable, machine 3, program headers within the file.
Or<> check_elf(std::span<const u8> kernel) {
  if (kernel.size() < 52) return fail("is an ELF file that ends within its header");
  if (kernel[4] != 1 || kernel[5] != 1 || kernel[18] != 3) return fail("is an ELF file, but not for the 32-bit i386");
  if (kernel[16] != 2) return fail("is an ELF file, but not an executable");
  const u64 table = read32(kernel, 28);
  const u64 count = kernel[44] | kernel[45] << 8;
  if (count == 0 || table + count * 32 > kernel.size())
    return fail("is an ELF file that ends before its program headers");
  for (u64 i = 0; i < count; ++i) {
    const usize header = static_cast<usize>(table + i * 32);
    constexpr u32 kLoad = 1;
    if (read32(kernel, header) == kLoad &&
        u64{read32(kernel, header + 4)} + read32(kernel, header + 16) > kernel.size())
      return fail("is an ELF file that ends before its segments do: it is truncated");
  }
  return {};
}

// Linux's boot protocol (Documentation/arch/x86/boot.rst): the setup header's signatures, version and sizes.
constexpr usize kLinuxHeaderEnd = 0x264;
constexpr u32 kLinuxSignature = 0x53726448;  // "HdrS" at 202

bool is_linux(std::span<const u8> kernel) {
  return kernel.size() >= kLinuxHeaderEnd && kernel[0x1fe] == 0x55 && kernel[0x1ff] == 0xaa &&
         read32(kernel, 0x202) == kLinuxSignature;
}

Or<> check_linux(std::span<const u8> kernel) {
  const u32 version = kernel[0x206] | kernel[0x207] << 8;
  if (version < 0x202) return fail("is a Linux kernel older than boot protocol 2.02 (Linux 2.4)");
  if ((kernel[0x211] & 1) == 0) return fail("is a Linux zImage, which loads below 640 KiB; a bzImage is needed");
  // MEMDISK's system_size, iPXE's code32_start: they have Linux's header for boot loaders, which start the setup code.
  if (read32(kernel, 0x1f4) == 0 || read32(kernel, 0x214) == 0)
    return fail("starts in real mode only, as iPXE and MEMDISK do; a boot loader on a disk or CD can start it");
  const u64 sectors = kernel[0x1f1] == 0 ? 4 : kernel[0x1f1];
  if ((sectors + 1) * 512 + u64{read32(kernel, 0x1f4)} * 16 > kernel.size() + 15)
    return fail("is a Linux kernel whose file is truncated");
  return {};
}

}  // namespace

Or<std::string> find_bundled(const std::string& name) {
  const std::string folder = host::program_folder();
  for (const std::string& place : {folder + "/" + name, folder + "/../share/paemu/" + name})
    if (host::file_exists(place)) return place;
  return fail("the bundled " + name + " is neither in " + folder + " nor in " + folder + "/../share/paemu");
}

Or<> check_kernel(std::span<const u8> kernel) {
  if (is_linux(kernel)) return check_linux(kernel);
  usize header = 0;
  const usize end = std::min(kernel.size(), kMultibootSearch);
  bool found = false;
  for (; header + 12 <= end; header += 4) {
    const u32 flags = read32(kernel, header + 4);
    found = read32(kernel, header) == kMultibootMagic && kMultibootMagic + flags + read32(kernel, header + 8) == 0;
    if (found) break;
  }
  if (!found)
    return fail("is neither a Linux bzImage nor has it a Multiboot header in its first 8 KiB, so it can't be started");
  if (kernel[0] == 0x7f && kernel[1] == 'E' && kernel[2] == 'L' && kernel[3] == 'F') return check_elf(kernel);
  if ((read32(kernel, header + 4) & kMultibootAddresses) == 0 || header + 32 > kernel.size())
    return fail("is neither an ELF file nor does its Multiboot header say where to load it");
  return {};
}

Or<Images> load_images(const Options& options) {
  Images images;
  const std::string firmware = options.bios.empty() ? TRY(find_bundled(kFirmwareName)) : options.bios;
  images.firmware = TRY(read_image("-bios", firmware, kLargestFirmware));
  if (images.firmware.size() % 4096 != 0)
    return fail("-bios: " + firmware + ": its size, " + std::to_string(images.firmware.size()) +
                " bytes, is not a multiple of 4096");
  if (options.machine.display != Display::kNone) {
    const std::string rom = TRY(find_bundled(kVgaRomName));
    images.vga_rom = TRY(read_image("-vga", rom, kLargestOptionRom));
  }
  const std::string kernel = options.bundled ? TRY(find_bundled(kKernelName)) : options.kernel;
  const std::string initrd = options.bundled ? TRY(find_bundled(kInitrdName)) : options.initrd;
  if (!kernel.empty()) {
    images.kernel = TRY(read_image("-kernel", kernel, kLargestImage));
    if (Or<> checked = check_kernel(images.kernel); !checked)
      return fail("-kernel: " + kernel + ": " + checked.error().sentence);
  }
  if (!initrd.empty()) images.initrd = TRY(read_image("-initrd", initrd, kLargestImage));
  if (images.kernel.size() + images.initrd.size() > options.machine.ram_size)
    return fail("-m: the boot RAM is smaller than kernel and initrd together");
  return images;
}

}  // namespace paemu::app
