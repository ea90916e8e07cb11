#include <catch2/catch.hpp>

#include "replay/arrival.hpp"
#include "replay/trace_reader.hpp"
#include "replay/trace_writer.hpp"

using namespace paemu;

namespace {

TraceConfig config_of(const Images& images) {
  TraceConfig c;
  c.program = "paemu test";
  c.schema = 99;
  c.machine.append = "console=ttyS0";
  c.machine.dimms.resize(1);
  c.machine.dimms[0].id = "dimm1";
  c.images[0] = digest(images.firmware);
  c.images[1] = digest(images.kernel);
  c.images[2] = digest(images.initrd);
  c.images[3] = digest(images.vga_rom);
  return c;
}

Images sample_images() {
  Images images;
  images.firmware.assign(128 * 1024, 0xea);
  for (u32 i = 0; i < 9000000; ++i) images.kernel.push_back(static_cast<u8>(i * 2654435761u >> 24));
  return images;
}

}  // namespace

TEST_CASE("configuration and images come back as they were written") {
  const Images images = sample_images();
  MemoryTrace file;
  auto writer = TraceWriter::start(file, config_of(images), images);
  REQUIRE(writer.ok());
  REQUIRE(writer->begin({}).ok());
  auto reader = TraceReader::open(file);
  REQUIRE(reader.ok());
  CHECK(reader->config().program == "paemu test");
  CHECK(reader->config().schema == 99);
  CHECK(reader->config().machine.append == "console=ttyS0");
  REQUIRE(reader->config().machine.dimms.size() == 1);
  CHECK(reader->config().machine.dimms[0].id == "dimm1");
  auto read = reader->images();
  REQUIRE(read.ok());
  CHECK(read->firmware == images.firmware);
  CHECK(read->kernel == images.kernel);
  CHECK(read->initrd.empty());
  CHECK(reader->cut_off());
}

TEST_CASE("arrivals come back in order with their positions") {
  MemoryTrace file;
  auto writer = TraceWriter::start(file, config_of({}), {});
  REQUIRE(writer.ok());
  REQUIRE(writer->begin({}).ok());
  Arrival a = arrival::rtc_start(1234567890);
  writer->arrival(a);
  a = arrival::dimm_eject_request("dimm1");
  a.at = Position{5'000'000'000, Ticks{9'000'000'000}};
  writer->arrival(a);
  REQUIRE(writer->flush().ok());
  REQUIRE(writer->end({}).ok());
  // The End chunk's position is 0, which lies before the arrival.
  auto reader = TraceReader::open(file);
  REQUIRE_FALSE(reader.ok());
  CHECK(reader.error().sentence.find("goes back in time") != std::string::npos);
}

TEST_CASE("a file that is no trace, or one of another version, is refused in one sentence") {
  MemoryTrace empty({}, "run.trace");
  CHECK(TraceReader::open(empty).error().sentence == "run.trace is empty, not a paemu trace");
  MemoryTrace text(std::vector<u8>(100, 'x'), "notes.txt");
  CHECK(TraceReader::open(text).error().sentence == "notes.txt is not a paemu trace");

  MemoryTrace file;
  auto writer = TraceWriter::start(file, config_of({}), {});
  REQUIRE(writer.ok());
  MemoryTrace unbegun(file.bytes(), "run.trace");
  CHECK(TraceReader::open(unbegun).error().sentence.find("cut off before the run in it begins") != std::string::npos);
}

TEST_CASE("a checkpoint's registers, parts and pages come back") {
  Checkpoint c;
  c.at = Position{10, Ticks{20}};
  c.hash = 0x123456789abcdef0;
  c.registers.cpu.eip = 0xc0100000;
  c.parts = {{"cpu", 1}, {"pic", 0xffffffff}};
  c.written = {{0, 5}, {1, 6}, {0xffffffff, 7}};
  auto read = decode_checkpoint(encode(c));
  REQUIRE(read.ok());
  CHECK(read->at.retired == 10);
  CHECK(read->hash == c.hash);
  CHECK(read->registers.cpu.eip == 0xc0100000);
  CHECK(read->parts == c.parts);
  CHECK(read->written == c.written);
}
