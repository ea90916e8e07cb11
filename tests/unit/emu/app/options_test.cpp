// The command line.
#include "app/options.hpp"

#include <catch2/catch.hpp>

#include "app/images.hpp"
#include "replay/host_interfaces.hpp"

using namespace paemu;
using namespace paemu::app;
using Catch::Matchers::Contains;

namespace {

Options parse(const std::vector<std::string>& arguments) {
  Or<Options> options = parse_options(arguments);
  INFO((options ? "" : options.error().sentence));
  REQUIRE(options.ok());
  return std::move(*options);
}

std::string refused(const std::vector<std::string>& arguments) {
  const Or<Options> options = parse_options(arguments);
  REQUIRE_FALSE(options.ok());
  return options.error().sentence;
}

TEST_CASE("drives get their places and ids as in QEMU, and a PC's empty ones are there") {
  const Options o =
      parse({"disk.img", "-drive", "file=a,,b.img,if=ide,index=1,snapshot=on,serial=S1", "-cdrom", "cd.iso", "-drive",
             "file=v,if=virtio,format=raw,readonly=on,cache=none", "-snapshot", "-boot", "order=dc,menu=on"});
  REQUIRE(o.drives.size() == 5);
  CHECK(o.drives[0].spec.id == "ide0-hd0");
  CHECK(o.drives[1].file == "a,b.img");
  CHECK(o.drives[1].spec.serial == "S1");
  CHECK(o.drives[1].snapshot == true);
  CHECK(o.drives[2].spec.id == "ide1-cd0");
  CHECK(o.drives[2].spec.kind == DriveKind::kCdrom);
  CHECK(o.drives[3].spec.id == "virtio0");
  CHECK(o.drives[3].read_only);
  CHECK(o.drives[4].spec.id == "floppy0");
  CHECK(o.snapshot);
  CHECK(o.machine.boot_order == "dc");
  CHECK(o.machine.boot_menu);
  CHECK_FALSE(o.bundled);
  CHECK(parse({"-drive", "media=cdrom,if=none,id=x", "-nodefaults"}).drives.size() == 1);
}

TEST_CASE("drives that can't be are refused") {
  CHECK_THAT(refused({"-hda", "a", "-drive", "file=b,index=0"}), Contains("are in the same place"));
  CHECK_THAT(refused({"-hda", "a", "-hdb", "b", "-hdc", "c", "-hdd", "d", "-drive", "file=e"}),
             Contains("places 0 to 3"));
  CHECK_THAT(refused({"-drive", "file=a,id=x", "-drive", "file=b,id=x"}), Contains("have the id \"x\""));
  CHECK_THAT(refused({"-drive", "file=a,format=qcow2"}), Contains("qemu-img convert"));
  CHECK_THAT(refused({"-drive", "if=scsi,file=a"}), Contains("if=scsi"));
  CHECK_THAT(refused({"-drive", "if=ide"}), Contains("file=PATH"));
  CHECK_THAT(refused({"-drive", "file=a,colour=red"}), Contains("\"colour\""));
  CHECK_THAT(refused({"-boot", "x"}), Contains("no boot device"));
  CHECK_THAT(refused({"-replay", "t", "-hda", "a"}), Contains("leave out"));
}

}  // namespace

TEST_CASE("a UUID is read as it is printed") {
  CHECK(parse({"-uuid", "00112233-4455-6677-8899-AAbbccddeeff"}).machine.uuid ==
        std::vector<u8>{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff});
  for (const char* bad : {"", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeefg",
                          "0011223344556677-8899-aabbccddeeff---", "00112233-4455-6677-8899-aabbccddeeff0"})
    CHECK_THAT(refused({"-uuid", bad}), Contains("is not a UUID"));
}

TEST_CASE("without options, 1 GiB, 8 slots, and serial port and monitor share stdio") {
  const Options o = parse({});
  CHECK(o.bundled);
  CHECK(o.machine.ram_size == kGiB);
  CHECK(o.machine.slots == 8);
  CHECK(o.machine.maxmem == 16 * kGiB);
  REQUIRE(o.attachments.size() == 2);
  CHECK(o.attachments[0].use == Attachment::Use::Stream);
  CHECK(o.attachments[1].use == Attachment::Use::Hmp);
  CHECK(o.attachments[0].spec.mux);
}

TEST_CASE("one dash or two, and QEMU's sizes") {
  CHECK(parse({"--m", "512"}).machine.ram_size == 512 * kMiB);
  CHECK(parse({"-m", "size=524288k,slots=8,maxmem=16777216k"}).machine.maxmem == 16 * kGiB);
  CHECK(parse({"-m", "1G"}).machine.slots == 0);
  CHECK(parse({"-kernel", "k", "-append", "a,b=c"}).machine.append == "a,b=c");
}

TEST_CASE("-cpu help lists models instead of running") {
  CHECK(parse({"-cpu", "help"}).action == Action::CpuHelp);
  CHECK(parse({"-cpu", "max32,sse3=off,phys-bits=40"}).machine.physical_bits == 40);
  CHECK_THAT(refused({"-cpu", "coreduo,-sse"}), Contains("\"sse2\" needs \"sse\""));
}

TEST_CASE("the engine is chosen by name, and does not go into the machine's configuration") {
  CHECK(parse({"-engine", "interp"}).engine.kind == EngineKind::kInterpreter);
  CHECK(refused({"-engine", "tcg"}) == "-engine: there is no engine \"tcg\"; there are interp, jit and verify");
  CHECK(parse({"-engine", "jit"}).engine.kind == EngineKind::kTranslator);
  CHECK(parse({"-engine", "verify"}).engine.kind == EngineKind::kVerify);
}

TEST_CASE("the code cache has a size within bounds, by QEMU's option too") {
  CHECK(parse({}).engine.code_cache_size == 256 * kMiB);
  CHECK(parse({"-jit-cache", "64"}).engine.code_cache_size == 64 * kMiB);
  CHECK(parse({"-jit-cache", "1G"}).engine.code_cache_size == 1 * kGiB);
  CHECK(parse({"-jit-cache", "1536K"}).engine.code_cache_size == 1536 * kKiB);
  CHECK(parse({"-accel", "tcg,thread=single,tb-size=32"}).engine.code_cache_size == 32 * kMiB);
  CHECK(parse({"-accel", "tcg,tb-size=0"}).engine.code_cache_size == 256 * kMiB);
  CHECK(refused({"-jit-cache", "1023K"}) == "-jit-cache: a code cache of 1023K can't be had; give from 1M to 1G");
  CHECK_THAT(refused({"-jit-cache", "2G"}), Contains("from 1M to 1G"));
  CHECK_THAT(refused({"-jit-cache", "much"}), Contains("is not a size"));
  CHECK_THAT(refused({"-accel", "tcg,tb-size=2048"}), Contains("-accel: tb-size: a code cache of 2G"));
}

TEST_CASE("translated code is named for perf, by QEMU's option too") {
  CHECK_FALSE(parse({}).perf_map);
  CHECK(parse({"-perf-map"}).perf_map);
  CHECK(parse({"-perfmap"}).perf_map);
}

TEST_CASE("-smp takes QEMU's forms, and refuses what does not multiply out") {
  const auto topology = [](const char* text) {
    const Topology t = parse({"-smp", text}).machine.topology;
    return std::to_string(t.sockets) + std::to_string(t.cores) + std::to_string(t.threads);
  };
  CHECK(topology("1") == "111");
  CHECK(topology("4") == "141");
  CHECK(topology("cpus=4,sockets=2") == "221");
  CHECK(topology("sockets=2") == "211");
  CHECK(topology("8,sockets=2,cores=2,threads=2,maxcpus=8") == "222");
  CHECK(topology("4,threads=2") == "122");
  CHECK(topology("6,cores=3") == "231");
  CHECK(topology("2,dies=1") == "121");
  CHECK_THAT(refused({"-smp", "0"}), Contains("from 1 to 8"));
  CHECK_THAT(refused({"-smp", "9"}), Contains("from 1 to 8"));
  CHECK_THAT(refused({"-smp", "sockets=4,cores=4"}), Contains("1 to 8 processors, not 16"));
  CHECK_THAT(refused({"-smp", "4,sockets=3"}), Contains("makes 3 processors, not 4"));
  CHECK_THAT(refused({"-smp", "2,maxcpus=4"}), Contains("none can be added later"));
  CHECK_THAT(refused({"-smp", "2,dies=2"}), Contains("dies can only be 1"));
  CHECK_THAT(refused({"-smp", "2,books=1"}), Contains("books"));
}

TEST_CASE("sizes that can't be are refused with what would be right") {
  CHECK(refused({"-m", "12Q"}) == "-m: size \"12Q\" has an unknown suffix; use K, M, G or T");
  CHECK_THAT(refused({"-m", "0"}), Contains("too little"));
  CHECK_THAT(refused({"-m", "17000001k"}), Contains("not a multiple of 1 MiB"));
  CHECK_THAT(refused({"-m", "1G,slots=2,maxmem=512M"}), Contains("less than the boot RAM"));
  CHECK_THAT(refused({"-m", "1G,slots=2,maxmem=1100M"}), Contains("not a multiple of 128 MiB"));
  CHECK_THAT(refused({"-m", "1G,slots=257,maxmem=2G"}), Contains("0 to 256"));
  CHECK_THAT(refused({"-m", "1G,maxmem=2G"}), Contains("needs slots=N"));
  CHECK_THAT(refused({"-m", "1G,slots=2"}), Contains("needs maxmem"));
  CHECK_THAT(refused({"-m", "1G,slots=2,maxmem=4096G"}), Contains("40 address bits"));
  CHECK_THAT(refused({"-m", "99999999999999999999"}), Contains("not a size"));
  CHECK(refused({"-m", ""}) == "-m: needs a size, as 1G");
  CHECK_THAT(refused({"-m", "1G,colour=red"}), Contains("no setting \"colour\""));
  CHECK_THAT(refused({"-m", "1G,slots=1,slots=2"}), Contains("given twice"));
}

TEST_CASE("as many physical address bits as the memory needs, 36 at least") {
  CHECK(parse({"-m", "1G"}).machine.physical_bits == 36);
  CHECK(parse({"-m", "1G,slots=8,maxmem=61G"}).machine.physical_bits == 36);
  CHECK(parse({"-m", "64G,slots=8,maxmem=128G"}).machine.physical_bits == 38);
  CHECK_THAT(refused({"-cpu", "coreduo,phys-bits=36", "-m", "64G"}), Contains("phys-bits=36 is too few"));
}

TEST_CASE("DIMMs of the command line need their memory") {
  const Options o = parse(
      {"-object", "memory-backend-ram,id=m1,size=512M", "-device", "pc-dimm,id=d1,memdev=m1,slot=2,addr=0x140000000"});
  REQUIRE(o.machine.dimms.size() == 1);
  CHECK(o.machine.dimms[0].size == 512 * kMiB);
  CHECK(o.machine.dimms[0].slot == 2);
  CHECK(o.machine.dimms[0].base.value == 0x140000000);
  CHECK_THAT(refused({"-device", "pc-dimm,id=d1,memdev=m1"}), Contains("no -object with id \"m1\""));
  CHECK_THAT(refused({"-device", "pc-dimm,id=d1"}), Contains("memdev=ID"));
  CHECK_THAT(refused({"-object", "memory-backend-ram,id=m1,size=0"}), Contains("size 0"));
  CHECK_THAT(refused({"-device", "virtio-net"}), Contains("no device \"virtio-net\""));
}

TEST_CASE("what libvirt starts an emulator with is taken") {
  const Options o = parse({"-name",
                           "guest=t,debug-threads=on",
                           "-S",
                           "-object",
                           "secret,id=s,format=raw,file=x",
                           "-machine",
                           "pc,usb=off,dump-guest-core=off",
                           "-accel",
                           "tcg",
                           "-m",
                           "size=524288k,slots=8,maxmem=16777216k",
                           "-overcommit",
                           "mem-lock=off",
                           "-smp",
                           "1,sockets=1,cores=1,threads=1",
                           "-object",
                           "memory-backend-ram,id=ram-node0,size=536870912",
                           "-numa",
                           "node,nodeid=0,cpus=0,memdev=ram-node0",
                           "-uuid",
                           "00112233-4455-6677-8899-aabbccddeeff",
                           "-display",
                           "none",
                           "-no-user-config",
                           "-nodefaults",
                           "-chardev",
                           "socket,id=charmonitor,fd=6,server=on,wait=off",
                           "-mon",
                           "chardev=charmonitor,id=monitor,mode=control",
                           "-rtc",
                           "base=utc",
                           "-no-shutdown",
                           "-boot",
                           "strict=on",
                           "-kernel",
                           "k",
                           "-chardev",
                           "pty,id=charserial0",
                           "-device",
                           "isa-serial,chardev=charserial0,id=serial0,index=0",
                           "-msg",
                           "timestamp=on"});
  CHECK(o.name == "t");
  CHECK(o.start_paused);
  CHECK(o.stay_after_shutdown);
  CHECK(o.backends.at(0).boot);
  REQUIRE(o.attachments.size() == 2);
  CHECK(o.attachments[0].use == Attachment::Use::Qmp);
  CHECK(o.attachments[0].spec.descriptor == 6);
  CHECK(o.attachments[1].label == "charserial0");
}

TEST_CASE("unknown options and arguments that lack are refused by name") {
  CHECK_THAT(refused({"-frobnicate"}), Contains("no option -frobnicate"));
  CHECK_THAT(refused({"-ker"}), Contains("-kernel?"));
  CHECK_THAT(refused({"-"}), Contains("is no option"));
  CHECK_THAT(refused({"-kernel"}), Contains("needs an argument, FILE"));
  CHECK_THAT(refused({"-kernel", ""}), Contains("is empty"));
  CHECK_THAT(refused({"-serial", "tcp:1"}), Contains("is no device"));
  CHECK_THAT(refused({"-serial", "stdio", "-monitor", "stdio"}), Contains("more than one user"));
  CHECK_THAT(refused({"-replay", "t", "-m", "1G"}), Contains("leave out"));
  CHECK_THAT(refused({"-replay", "t", "-record", "u"}), Contains("can't be recorded"));
  CHECK_THAT(refused({"-initrd", "x"}), Contains("needs a kernel"));
  CHECK_THAT(refused({"-append", "x", "-hda", "disk.img"}), Contains("needs a kernel"));
  CHECK_THAT(refused({"-nic", "user"}), Contains("no network"));
  CHECK_THAT(refused({"-append", std::string(5000, 'x')}), Contains("longer than 4096"));
  CHECK_THAT(refused({"-rtc", "base=yesterday"}), Contains("neither utc"));
}

TEST_CASE("the RTC's start may be a date") {
  for (const char* day : {"2026-02-30", "2026-13-01", "2025-02-29", "2026-04-31T10:00:00"})
    CHECK_THAT(refused({"-rtc", std::string("base=") + day}), Contains("neither utc"));
  CHECK_THAT(refused({"-rtc", "base=1969-12-31"}), Contains("before 1970"));
  CHECK(parse({"-rtc", "base=2024-02-29"}).rtc_start == 1709164800);
  CHECK(parse({"-rtc", "base=2000-01-01"}).rtc_start == 946684800);
  CHECK(parse({"-rtc", "base=2000-01-01T00:00:01"}).rtc_start == 946684801);
  CHECK(parse({"-rtc", "base=12"}).rtc_start == 12);
  CHECK_FALSE(parse({"-rtc", "base=utc"}).rtc_start);
}

TEST_CASE("every option is in the help and in the man page") {
  for (const char* name : {"-kernel FILE", "-record FILE", "-S\n", "Ctrl-A x leaves"})
    CHECK_THAT(help_text(), Contains(name));
  CHECK_THAT(man_page(), Contains(".B \\-kernel") && Contains(".SH EXIT STATUS"));
}

TEST_CASE("random command lines end in options or in a sentence") {
  const std::vector<std::string> words = {"-m",       "1G",
                                          "-kernel",  "x",
                                          "-device",  "pc-dimm,id=a,memdev=b",
                                          "-object",  "memory-backend-ram,id=b,size=1G",
                                          "-serial",  "unix:x,server=on",
                                          "-cpu",     "coreduo,phys-bits=40",
                                          ",,,",      "=",
                                          "-chardev", "pty,id=q",
                                          "-mon",     "chardev=q",
                                          "-numa",    "node,memdev=b",
                                          "\xff\x01", "-rtc",
                                          "base=1",   "-smp",
                                          "-",        "--"};
  u32 seed = 3;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223, seed >> 16; };
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::string> line;
    for (u32 k = next() % 8; k > 0; --k) line.push_back(words[next() % words.size()]);
    const Or<Options> options = parse_options(line);
    if (!options) CHECK_FALSE(options.error().sentence.empty());
  }
}

TEST_CASE("a Linux kernel is looked at before anything starts") {
  std::vector<u8> kernel(5 * 512 + 16);  // a boot sector, 4 sectors of setup, a paragraph
  const auto put = [&](usize at, std::initializer_list<u8> bytes) {
    std::copy(bytes.begin(), bytes.end(), &kernel[at]);
  };
  put(0x1fe, {0x55, 0xaa, 0xeb, 0x6a, 'H', 'd', 'r', 'S', 0x0f, 0x02});
  put(0x1f4, {1, 0, 0, 0});
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("zImage"));
  kernel[0x211] = 1;
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("real mode only"));
  put(0x214, {0, 0, 0x10, 0});
  CHECK(check_kernel(kernel).ok());
  kernel.pop_back();
  CHECK(check_kernel(kernel).ok());  // the last paragraph need not be whole
  kernel.resize(5 * 512);
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("truncated"));
  put(0x206, {0x01, 0x02});
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("older than boot protocol 2.02"));
}

TEST_CASE("a kernel is looked at before anything starts") {
  std::vector<u8> kernel(256);
  const auto put = [&](usize at, u32 value) {
    for (int i = 0; i < 4; ++i) kernel[at + static_cast<usize>(i)] = static_cast<u8>(value >> (8 * i));
  };
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("nor has it a Multiboot header"));
  CHECK_FALSE(check_kernel({}).ok());
  put(64, 0x1badb002), put(68, 0), put(72, 0u - 0x1badb002);
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("neither an ELF file"));
  put(0, 0x464c457f), put(4, 0x00010101);
  CHECK_THAT(check_kernel(kernel).error().sentence, Contains("not for the 32-bit i386"));
  kernel[16] = 2, kernel[18] = 3, put(28, 52), kernel[44] = 1;
  put(100, 0);
  put(52, 1), put(56, 128), put(68, 128);
  CHECK(check_kernel(kernel).ok() == false);  // the segment's size lies over the header's magic
  put(64, 0x1badb002), put(68, 0), put(72, 0u - 0x1badb002);
  CHECK(check_kernel(kernel).ok());
  kernel.resize(120);
  CHECK(check_kernel(kernel).error().sentence.find("truncated") != std::string::npos);
}

TEST_CASE("-serial twice makes both ports, a third is refused") {
  const Options o = parse({"-serial", "null", "-serial", "file:log", "-monitor", "none"});
  REQUIRE(o.attachments.size() == 2);
  CHECK(o.attachments[0].stream == 0);
  CHECK(o.attachments[1].stream == 1);
  CHECK(o.attachments[1].label == "serial1");
  CHECK_THAT(refused({"-serial", "null", "-serial", "null", "-serial", "null"}), Contains("two serial ports"));
}

TEST_CASE("virtio devices by QEMU's names and settings") {
  const Options o = parse({"-object", "rng-builtin,id=r", "-device", "virtio-rng-pci,rng=r,id=x,addr=0x5", "-device",
                           "virtio-rng", "-device", "virtio-serial-pci-non-transitional", "-chardev", "null,id=c",
                           "-device", "virtconsole,chardev=c", "-device", "virtio-blk-pci,drive=d,disable-modern=on"});
  const auto& virtio = o.machine.virtio;
  REQUIRE(virtio.size() == 4);
  CHECK(virtio[0].id == "x");
  CHECK(virtio[0].device == 5);
  CHECK(virtio[1].device == kAnyPciDevice);
  CHECK((virtio[2].kind == VirtioSpec::Kind::kConsole && !virtio[2].legacy && virtio[2].modern));
  CHECK((virtio[3].drive == "d" && virtio[3].legacy && !virtio[3].modern));
  CHECK(o.attachments[0].stream == stream::kVirtioConsoles);
  CHECK_THAT(refused({"-device", "virtio-rng-pci,rng=r"}), Contains("no -object with id \"r\""));
  CHECK_THAT(refused({"-device", "virtio-rng-pci,addr=0x20"}), Contains("no PCI slot"));
  CHECK_THAT(refused({"-device", "virtio-rng-pci,bus=pci.1"}), Contains("there is pci.0"));
  CHECK_THAT(refused({"-device", "virtio-rng-pci,color=red"}), Contains("no setting \"color\""));
  CHECK_THAT(refused({"-device", "virtio-rng-pci,disable-legacy=on,disable-modern=on"}), Contains("no driver"));
  CHECK_THAT(refused({"-device", "virtio-blk-pci"}), Contains("drive=ID"));
  CHECK_THAT(refused({"-chardev", "null,id=c", "-device", "virtconsole,chardev=c"}), Contains("virtio-serial-pci"));
  CHECK_THAT(refused({"-device", "virtio-net-pci"}), Contains("-device help"));
  CHECK(parse({"-device", "help"}).action == Action::DeviceHelp);
  CHECK(parse({"-seed", "42"}).seed == 42);
  CHECK_THAT(refused({"-seed", "x"}), Contains("-seed: "));
}

TEST_CASE("the debugging devices are where QEMU's options put them") {
  CHECK(parse({"-debugcon", "null"}).machine.debug_console == 0xe9);
  CHECK(parse({"-debugcon", "null", "-global", "isa-debugcon.iobase=0x402"}).machine.debug_console == 0x402);
  CHECK(parse({"-chardev", "null,id=c", "-device", "isa-debugcon,iobase=0x402,chardev=c"}).machine.debug_console ==
        0x402);
  const Options o = parse({"-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"});
  CHECK(o.machine.debug_exit == 0xf4);
  CHECK(o.machine.debug_exit_ports == 4);
  CHECK(parse({}).machine.debug_console == 0);
  CHECK_THAT(refused({"-device", "isa-debug-exit,iosize=3"}), Contains("1, 2 or 4"));
  CHECK_THAT(refused({"-debugcon", "null", "-debugcon", "null"}), Contains("one debug console"));
  CHECK_THAT(refused({"-global", "kvm-pit.lost_tick_policy=delay"}), Contains("isa-debugcon"));
}
