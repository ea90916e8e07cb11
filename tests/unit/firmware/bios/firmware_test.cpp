// The firmware on the real machine: what it says, what a kernel is told, and what it refuses.

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "../../emu/board/test_machine.hpp"

namespace paemu {
extern const unsigned char firmware_image[];
extern const unsigned firmware_image_size;
extern const unsigned char told_kernel[];
extern const unsigned told_kernel_size;
}  // namespace paemu

using namespace paemu;

namespace {

std::vector<u8> told() { return {told_kernel, told_kernel + told_kernel_size}; }

struct Boot {
  std::string said;
  StopReason reason;
  // Halted for good: nothing else stopped it, while chips may still tick.
  bool halted() const { return reason == StopReason::None || reason == StopReason::Deadlock; }
};

Boot boot(std::vector<u8> kernel, std::string initrd = "", u64 ram = 128 * kMiB, std::string append = "") {
  MachineConfig config = TestMachine::small();
  config.ram_size = ram;
  config.maxmem = ram + kGiB;
  config.append = std::move(append);
  Images images;
  images.firmware.assign(firmware_image, firmware_image + firmware_image_size);
  images.kernel = std::move(kernel);
  images.initrd.assign(initrd.begin(), initrd.end());
  TestMachine test(config, std::move(images));
  TimedInput input;
  const StopReason reason = test.run_to(input, 200'000'000);
  return {test.serial.text, reason};
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// An image with the u32 at `offset` changed.
std::vector<u8> changed(usize offset, u32 value, std::vector<u8> image = told()) {
  std::memcpy(&image.at(offset), &value, 4);
  return image;
}

u32 word_at(const std::vector<u8>& image, usize offset) {
  u32 value;
  std::memcpy(&value, &image.at(offset), 4);
  return value;
}

usize program_header() { return word_at(told(), 28); }
usize multiboot_header() {
  const std::vector<u8> image = told();
  for (usize i = 0; i + 4 <= image.size(); i += 4) {
    if (word_at(image, i) == 0x1badb002) return i;
  }
  return 0;
}

}  // namespace

TEST_CASE("without a kernel the firmware says what it found and what to do, and stops") {
  const Boot result = boot({});
  CHECK(result.said ==
        "paemu firmware: 128 MiB in 1 DIMM, 4 slots\r\n"
        "Nothing to boot: give a disk (-hda), a CD (-cdrom) or a kernel (-kernel).\r\n");
  CHECK(result.halted());
}

TEST_CASE("a Multiboot kernel is told everything and finds the ACPI tables") {
  const Boot result = boot(told(), "the initrd", 128 * kMiB, "one two=3");
  INFO(result.said);
  CHECK(result.reason == StopReason::DebugExit);
  for (const char* line :
       {"magic=2badb002", "flags=24d", "command=one two=3", "loader=paemu firmware", "module=the initrd",
        "module_size=a", "module_aligned=yes", "bss=zero", "lower=27f", "map=0 9fc00 1", "map=9fc00 400 2",
        "map=e0000 20000 2", "map=fffe0000 20000 2", "rsdp=good", "FACP=good", "APIC=good", "SRAT=good", "SSDT=good"}) {
    INFO(line);
    CHECK(has_line(result.said, line));
  }
}

TEST_CASE("RAM beyond 3 GiB is told at 4 GiB, and modules stay below") {
  const Boot result = boot(told(), "x", 5 * kGiB);
  INFO(result.said);
  CHECK(result.said.find("5120 MiB in 2 DIMMs") != std::string::npos);
  CHECK(has_line(result.said, "map=100000000 80000000 1"));
  CHECK(has_line(result.said, "module=x"));
}

TEST_CASE("a kernel by the address fields of its header is loaded as they say") {
  // The file from its Multiboot header on, loaded to 2 MiB; it is "cli; hlt" behind an output of one byte.
  std::vector<u8> image(48, 0);
  const u32 base = 0x200000;
  const u32 words[] = {0x1badb002, 0x10000, 0u - 0x1badb002 - 0x10000, base, base, base + 48, base + 0x1000, base + 32};
  std::memcpy(image.data(), words, sizeof(words));
  const u8 code[] = {0x66, 0xba, 0xf8, 0x03, 0xb0,
                     'K',  0xee, 0xfa, 0xf4};  // mov dx,3f8; mov al,'K'; out dx,al; cli; hlt
  std::memcpy(image.data() + 32, code, sizeof(code));
  const Boot result = boot(image);
  CHECK(result.said.back() == 'K');
}

namespace {

// A bzImage of protocol `version` whose 32-bit code writes what it was told to COM1: initrd, command line, loader type.
std::vector<u8> linux_kernel(u16 version, u32 alignment = 0x200000, u64 preferred = 0x1000000, u32 needed = 0x100000) {
  const auto code = std::to_array<u8>({
      0x66, 0xba, 0xf8, 0x03,                    // mov $0x3f8, %dx
      0x0f, 0xb6, 0x86, 0x10, 0x02, 0x00, 0x00,  // movzbl 0x210(%esi), %eax: the loader's type
      0xee,                                      // out %al, %dx
      0xe8, 0x00, 0x00, 0x00, 0x00,              // call next
      0x58,                                      // next: pop %eax
      0xc1, 0xe8, 0x14,                          // shr $20, %eax
      0x04, 0x30,                                // add $'0', %al: the MiB where it runs
      0xee,                                      // out %al, %dx
      0x8b, 0x8e, 0x1c, 0x02, 0x00, 0x00,        // mov 0x21c(%esi), %ecx: the initrd
      0x8b, 0x9e, 0x18, 0x02, 0x00, 0x00,        // mov 0x218(%esi), %ebx
      0x87, 0xf3,                                // xchg %esi, %ebx
      0xf3, 0x6e,                                // rep outsb
      0x8b, 0xb3, 0x28, 0x02, 0x00, 0x00,        // mov 0x228(%ebx), %esi: the command line
      0xac,                                      // again: lodsb
      0x84, 0xc0,                                // test %al, %al
      0x74, 0x03,                                // jz end
      0xee,                                      // out %al, %dx
      0xeb, 0xf8,                                // jmp again
      0x8b, 0x73, 0x70,                          // end: mov 0x70(%ebx), %esi: the RSDP
      0xb9, 0x07, 0x00, 0x00, 0x00,              // mov $7, %ecx
      0xf3, 0x6e,                                // rep outsb
      0xfa, 0xf4,                                // cli; hlt
  });
  std::vector<u8> image(2 * 512 + 128);
  const auto put = [&](usize at, u64 value, usize size) { std::memcpy(&image.at(at), &value, size); };
  put(0x1f1, 1, 1);
  put(0x1f4, 128 / 16, 4);
  put(0x1fe, 0x66ebaa55, 4);
  put(0x202, 0x53726448, 4);
  put(0x206, version, 2);
  put(0x211, 1, 1);
  put(0x22c, 0x7fffffff, 4);
  put(0x230, alignment, 4);
  put(0x234, 1, 1);
  put(0x238, 20, 4);
  put(0x258, preferred, 8);
  put(0x260, needed, 4);
  std::copy(code.begin(), code.end(), image.begin() + 2 * 512);
  return image;
}

}  // namespace

TEST_CASE("a Linux kernel is told initrd, command line and RSDP, and runs where it prefers to be") {
  const Boot result = boot(linux_kernel(0x20f), "the initrd", 128 * kMiB, " one two=3 ");
  INFO(result.said);
  CHECK(result.said.find("\xff@the initrd one two=3 RSD PTR") != std::string::npos);
  CHECK(boot(linux_kernel(0x20f), "x", 5 * kGiB).said.find("@xRSD PTR") != std::string::npos);
}

TEST_CASE("a Linux kernel that can't be where it prefers goes to its first aligned address") {
  CHECK(boot(linux_kernel(0x20f, 0x400000, 0x8000000))
            .said.find("\xff"
                       "4RSD PTR") != std::string::npos);
  CHECK(boot(linux_kernel(0x202))
            .said.find("\xff"
                       "1RSD PTR") != std::string::npos);  // no such fields yet
}

TEST_CASE("a Linux kernel that can't be loaded is refused with one sentence") {
  CHECK(boot(linux_kernel(0x20f, 1, 0x1000000, 0x8000000)).said.find("does not fit into RAM") != std::string::npos);
  CHECK(boot(linux_kernel(0x201)).said.find("older than boot protocol 2.02") != std::string::npos);
  CHECK(boot(linux_kernel(0x20f), "", 128 * kMiB, std::string(21, 'x')).said.find("it takes 20 bytes") !=
        std::string::npos);
  std::vector<u8> cut = linux_kernel(0x20f);
  cut.resize(2 * 512);
  CHECK(boot(cut).said.find("truncated") != std::string::npos);
  std::vector<u8> zimage = linux_kernel(0x20f);
  zimage[0x211] = 0;
  CHECK(boot(zimage).said.find("build a bzImage") != std::string::npos);
}

TEST_CASE("what can't be loaded is refused with one sentence") {
  const usize phdr = program_header(), header = multiboot_header();
  const u32 flags_needing_unknown = 0x8003;
  struct Case {
    const char* what;
    std::vector<u8> image;
    const char* sentence;
  };
  std::vector<u8> truncated = told();
  truncated.resize(word_at(truncated, phdr + 4) + word_at(truncated, phdr + 16) - 1);
  std::vector<u8> unknown = changed(header + 4, flags_needing_unknown);
  const std::vector<Case> cases = {
      {"no header", changed(header, 0), "not a Multiboot kernel"},
      {"text", std::vector<u8>(100, 'x'), "not a Multiboot kernel"},
      {"one byte", {0}, "not a Multiboot kernel"},
      {"unknown needs", changed(header + 8, 0u - 0x1badb002 - flags_needing_unknown, unknown), "does not define"},
      {"no ELF", changed(0, 0x12345678), "neither an ELF file"},
      {"64-bit", changed(4, 0x00010102), "64-bit"},
      {"big-endian", changed(4, 0x00010201), "not a 32-bit x86"},
      {"shared object", changed(16, 0x00030003), "not a statically linked"},
      {"no program headers", changed(42, 0x00280000), "no ELF program headers"},
      {"program headers beyond the file", changed(28, 0x7ffffff0), "truncated in its ELF program headers"},
      {"truncated segment", truncated, "truncated"},
      {"segment offset beyond the file", changed(phdr + 4, 0xfffffff0), "truncated"},
      {"file size above memory size", changed(phdr + 20, 1), "larger in the file"},
      {"over the firmware's variables", changed(phdr + 12, 0x8000), "no RAM for it"},
      {"over the firmware", changed(phdr + 12, 0xe0000), "no RAM for it"},
      {"beyond RAM", changed(phdr + 12, 128 * kMiB), "no RAM for it"},
      {"over the ACPI tables", changed(phdr + 12, 128 * kMiB - 0x1000), "no RAM for it"},
      {"wraps around", changed(phdr + 20, 0xffffffff), "no RAM for it"},
      {"entry outside", changed(24, 0x50), "starts outside"},
  };
  for (const Case& c : cases) {
    const Boot result = boot(c.image);
    INFO(c.what << ": " << result.said);
    CHECK(result.said.find(c.sentence) != std::string::npos);
    CHECK(result.halted());
  }
}

TEST_CASE("an initrd that does not fit is refused") {
  const Boot result = boot(told(), std::string(20 * kMiB, 'i'), 16 * kMiB);
  CHECK(result.said.find("does not fit") != std::string::npos);
}

TEST_CASE("a kernel that is cut anywhere is refused, or boots when all of it is there") {
  const usize whole = told().size();
  for (usize size = 1; size < whole; size += 1 + size / 3) {
    std::vector<u8> image = told();
    image.resize(size);
    const Boot result = boot(image);
    INFO(size << ": " << result.said);
    CHECK((result.halted() || result.reason == StopReason::DebugExit));
    CHECK(result.said.find("paemu firmware: ", 10) != std::string::npos);
  }
}
