// HMP: lines to commands and texts.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "fake_control.hpp"
#include "monitor/handlers.hpp"
#include "replay/arrival.hpp"

using namespace paemu;
using namespace paemu::monitor;
using Catch::Matchers::Contains;

namespace {

std::string hmp(FakeControl& c, std::string_view line) { return run_hmp_line(c.monitor, line); }

}  // namespace

TEST_CASE("every command of the table answers, and unknown ones are refused") {
  for (const Command& command : commands()) {
    FakeControl c;
    Json arguments = Json::object();
    for (const Argument& argument : command.arguments) {
      if (argument.optional) continue;
      if (argument.type == Type::Size || argument.type == Type::Bytes)
        arguments[argument.name] = 128 * kMiB;
      else if (argument.type == Type::Integer || argument.type == Type::Signed)
        arguments[argument.name] = 1;
      else if (argument.type == Type::Any)
        arguments[argument.name] = Json::array();
      else
        arguments[argument.name] = argument.name == "id" ? "x1" : argument.type == Type::Rest ? "$esp" : "y";
    }
    INFO(usage(command));
    const Reply reply = run(command, c.monitor, arguments);
    CHECK((reply.ok() || !reply.error().sentence.empty()));
    if (reply.ok()) (void)command.printer(reply.value());
    CHECK_FALSE(command.help.empty());
  }
  FakeControl c;
  CHECK(hmp(c, "frobnicate") == "Error: unknown command 'frobnicate'; `help` lists all\n");
  CHECK(hmp(c, "dimm") == "Error: dimm what? `help dimm` lists its commands\n");
}

TEST_CASE("dimm add, list and remove work as people type them") {
  FakeControl c;
  CHECK(hmp(c, "dimm add 512M") == "dimm1: 512M in slot 0 at 0x100000000\n");
  CHECK_THAT(hmp(c, "dimm list"),
             Contains("dimm1     0    512M  0x0100000000     0  in use") && Contains("boot0     -    256M"));
  CHECK(hmp(c, "dimm remove dimm1") == "dimm1: asked the guest to release it\n");
  CHECK(c.fake.arrivals.back().kind == InputKind::DimmEjectRequest);
  CHECK_THAT(hmp(c, "dimm list"), Contains("releasing"));
  CHECK(c.monitor.backends().contains("mem-dimm1"));
  c.fake.release("dimm1");
  CHECK_FALSE(c.monitor.backends().contains("mem-dimm1"));
}

TEST_CASE("cpu selects the processor that is shown") {
  FakeControl c;
  CHECK_THAT(hmp(c, "info cpus"), Contains("* CPU #0") && Contains("  CPU #1"));
  CHECK(hmp(c, "cpu 1").empty());
  CHECK_THAT(hmp(c, "info cpus"), Contains("  CPU #0") && Contains("* CPU #1"));
  CHECK_THAT(hmp(c, "info registers"), Contains("CPU#1") && !Contains("CPU#0"));
  CHECK_THAT(hmp(c, "info registers -a"), Contains("CPU#0") && Contains("CPU#1"));
  CHECK_THAT(hmp(c, "info registers -b"), Contains("-a shows all"));
  CHECK_THAT(hmp(c, "cpu 2"), Contains("no processor 2"));
  CHECK_THAT(hmp(c, "info lapic 9"), Contains("no processor has APIC ID 9"));
}

TEST_CASE("mce reports a hardware error, and refuses what can't be one") {
  FakeControl c;
  CHECK(hmp(c, "mce 0 2 0xb200000000000005 1 0x1000 0").empty());
  const auto error = arrival::read_machine_check(c.fake.arrivals.back());
  REQUIRE(error);
  CHECK(error->bank == 2);
  CHECK(error->status == 0xb200000000000005);
  CHECK(error->address == 0x1000);
  CHECK_THAT(hmp(c, "mce 2 0 0xb200000000000005 1 0 0"), Contains("no processor 2"));
  CHECK_THAT(hmp(c, "mce 0 5 0xb200000000000005 1 0 0"), Contains("no bank 5"));
  CHECK_THAT(hmp(c, "mce 0 0 5 1 0 0"), Contains("bit 63"));
  CHECK_THAT(hmp(c, "mce 0 0"), Contains("status is missing"));
}

TEST_CASE("bad DIMM commands change nothing and say why") {
  FakeControl c;
  CHECK(hmp(c, "dimm add") ==
        "Error: size is missing; usage: dimm add SIZE[,id=ID][,slot=SLOT][,addr=ADDR][,node=NODE]\n");
  CHECK_THAT(hmp(c, "dimm add 12Q"), Contains("unknown suffix"));
  CHECK_THAT(hmp(c, "dimm add 100M"), Contains("not a multiple of 128 MiB"));
  CHECK_THAT(hmp(c, "dimm add 128M,colour=red"), Contains("no setting \"colour\""));
  CHECK_THAT(hmp(c, "dimm add 128M,id=1x"), Contains("is no id"));
  CHECK_THAT(hmp(c, "dimm add 128M,slot=256"), Contains("beyond 255"));
  CHECK(hmp(c, "dimm remove nope") == "Error: Device 'nope' not found\n");
  CHECK_THAT(hmp(c, "dimm remove boot0"), Contains("boot RAM"));
  CHECK_THAT(hmp(c, "dimm remove"), Contains("id is missing"));
  CHECK_THAT(hmp(c, "dimm list now"), Contains("too much"));
  CHECK(c.fake.arrivals.empty());
  CHECK(c.monitor.backends().empty());
}

TEST_CASE("QEMU's spellings work, and their mistakes are told apart") {
  FakeControl c;
  CHECK(hmp(c, "object_add memory-backend-ram,id=m1,size=512M").empty());
  CHECK_THAT(hmp(c, "object_add memory-backend-ram,id=m1,size=512M"), Contains("duplicate property"));
  CHECK_THAT(hmp(c, "object_add memory-backend-ram,id=m2,size=0"), Contains("doesn't take value '0'"));
  CHECK_THAT(hmp(c, "object_add rng,id=m2"), Contains("invalid object type"));
  CHECK_THAT(hmp(c, "device_add pc-dimm,id=d1"), Contains("'memdev' property is not set"));
  CHECK_THAT(hmp(c, "device_add pc-dimm,id=d1,memdev=m9"), Contains("Device 'm9' not found"));
  CHECK(hmp(c, "device_add pc-dimm,id=d1,memdev=m1").empty());
  CHECK_THAT(hmp(c, "device_add pc-dimm,id=d2,memdev=m1"), Contains("already busy memdev"));
  CHECK_THAT(hmp(c, "object_del m1"), Contains("is in use"));
  CHECK_THAT(hmp(c, "info memory-devices"), Contains("Memory device [dimm]: \"d1\"") && Contains("size: 536870912") &&
                                                Contains("memdev: /objects/m1"));
  CHECK(hmp(c, "device_del d1").empty());
  c.fake.release("d1");
  CHECK(hmp(c, "object_del m1").empty());
  CHECK_THAT(hmp(c, "object_del m1"), Contains("not found"));
}

TEST_CASE("commands that the guest would notice are refused in a replay") {
  FakeControl c;
  c.replay = true;
  for (const char* line : {"dimm add 128M", "system_reset", "system_powerdown", "nmi", "device_del x"})
    CHECK_THAT(hmp(c, line), Contains("a replay takes no input"));
  CHECK(c.fake.arrivals.empty());
  CHECK(hmp(c, "info status") == "VM status: running\n");
}

TEST_CASE("memory is shown as gdb shows it") {
  FakeControl c;
  CHECK(hmp(c, "x /2xw $esp+4") == "00001004: 0x07060504 0x0b0a0908\n");
  CHECK(hmp(c, "x/2xw $esp+4") == "00001004: 0x07060504 0x0b0a0908\n");
  CHECK(hmp(c, "xp /4xb 0x1000") == "0000001000: 0x00 0x01 0x02 0x03\n");
  CHECK_THAT(hmp(c, "x /2i 0x10"), Contains("00000010: 90") && Contains("nop"));
  CHECK_THAT(hmp(c, "x 0x9000"), Contains("nothing can be read at 0x9000"));
  CHECK_THAT(hmp(c, "x /0x 1"), Contains("the count must be"));
  CHECK_THAT(hmp(c, "x /2q 1"), Contains("'q' is no format"));
  CHECK_THAT(hmp(c, "x /2x $foo"), Contains("no register $foo"));
  CHECK(hmp(c, "p 0x10+2") == "0x12 (18)\n");
}

TEST_CASE("a refused removal is told with its reason") {
  const MachineEvent event{.kind = MachineEvent::Kind::AcpiDeviceOst,
                           .device = "dimm1",
                           .source = 3,
                           .status = 0x80,
                           .message = "frame 0x123 is the kernel's"};
  CHECK(event_text(event) ==
        "dimm1: the guest refused to release it, 0x80 (in use by an application): frame 0x123 is the kernel's");
  FakeControl c;
  hmp(c, "dimm add 128M");
  hmp(c, "dimm remove dimm1");
  c.fake.tell(event);
  CHECK_THAT(hmp(c, "dimm list"), Contains("refused: frame 0x123 is the kernel's"));
}

TEST_CASE("completion offers commands, then what their arguments may be") {
  FakeControl c;
  hmp(c, "dimm add 128M");
  CHECK(complete(c.monitor, "dim") == std::vector<std::string>{"dimm"});
  CHECK(complete(c.monitor, "dimm ") == std::vector<std::string>{"add", "list", "pull", "remove"});
  CHECK(complete(c.monitor, "dimm remove d") == std::vector<std::string>{"dimm1"});
  CHECK(complete(c.monitor, "info device p") == std::vector<std::string>{"pic"});
  CHECK(complete(c.monitor, "dimm add 1G,no") == std::vector<std::string>{"1G,node="});
  CHECK(complete(c.monitor, "nonsense ").empty());
}

TEST_CASE("random bytes never do worse than an error") {
  FakeControl c;
  u32 seed = 1;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223, seed >> 16; };
  const std::string alphabet = "abdeimnoprtx ,=/$+-0123456789KMG\"\\{}[]:\x01\xff";
  for (int i = 0; i < 20000; ++i) {
    std::string line = next() % 2 ? "dimm add " : next() % 2 ? "x /" : "device_add pc-dimm,";
    for (u32 k = next() % 24; k > 0; --k) line.push_back(alphabet[next() % alphabet.size()]);
    (void)hmp(c, line);
    (void)complete(c.monitor, line);
    if (c.fake.dimms().size() > 4) c.fake.release(c.fake.dimms().back()->spec().id);
  }
  CHECK(c.fake.dimms().size() >= 1);
}

TEST_CASE("info jit tells of the translator, and its hottest blocks with their code") {
  FakeControl c;
  CHECK_THAT(hmp(c, "info jit"), Contains("Error: the guest is interpreted; there is a translator with -engine jit"));
  TranslatorInfo info;
  info.cache_size = 64 * kMiB;
  info.cache_used = 16 * kMiB;
  info.blocks = 2;
  info.links = 3;
  info.links_all = 4;
  info.flushes = 5;
  info.handler_calls = {{"inc 40", 0}, {"iret cf", 1}, {"mov 0f 22", 3}};
  info.exits.faults = 6;
  info.samples = 10;
  info.paths = 8;
  info.window_blocks = 7;
  info.window_faults = 99;
  info.window_pages = 98;
  info.hottest.push_back({1, 0xc0100000, false, 9, 2, 1, 5, 60, {"c0100000  inc eax"}, {"  inc eax"}});
  info.hottest.push_back({0, 0x08048000, true, 1, 2, 3, 5, 60, {"08048000  dec ecx"}, {"  dec r9d"}});
  c.fake.translator = info;
  const std::string text = hmp(c, "info jit 1");
  INFO(text);
  CHECK_THAT(text, Contains("cache used          16777216 bytes (25.0%)"));
  CHECK_THAT(text, Contains("blocks              2 "));
  CHECK_THAT(text, Contains("links               3 of 4 "));
  CHECK_THAT(text, Contains("flushes             5 "));
  CHECK_THAT(text, Contains("window              7 blocks of programs reach memory by it; 98 pages were shown, 99 times the host faulted\n"));
  CHECK_THAT(text, Contains("paths               8 blocks go on "));
  CHECK_THAT(text, Contains("handler calls       4 "));
  CHECK_THAT(text, Contains("  mov 0f 22         3 (75.0%)\n  iret cf           1 (25.0%)\nexits"));
  CHECK_THAT(text, Contains("  fault             6\n"));
  CHECK_THAT(text, Contains(" 90.00%  c0100000 kernel, CPU 1  2 instructions, 5 bytes; 60 bytes of host code\n"));
  CHECK_THAT(text, Contains("guest code\n  c0100000  inc eax\nhost code\n    inc eax\n"));
  CHECK_THAT(text, Contains(" 10.00%  08048000 user, CPU 0  2 instructions of 3 blocks, 5 bytes; "));
  CHECK(text.find("dec r9d") == std::string::npos);
  CHECK_THAT(hmp(c, "info jit 1001"), Contains("Error: ") && Contains("up to 1000"));
}
