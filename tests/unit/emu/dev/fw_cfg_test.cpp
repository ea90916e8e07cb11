// Firmware items, byte by byte and by DMA.
#include "dev/fw_cfg.hpp"

#include <catch2/catch.hpp>

#include "abi/fw_cfg.hpp"

using namespace paemu;

namespace {

std::vector<u8> item(FwCfg& f, u16 key, u32 count) {
  f.io_write(0, 2, key);
  std::vector<u8> bytes;
  for (u32 i = 0; i < count; ++i) bytes.push_back(static_cast<u8>(f.io_read(1, 1)));
  return bytes;
}

// A device whose requests are at kRequest, in 16 MiB of RAM.
struct Dma {
  static constexpr u64 kRequest = 0x1000, kBuffer = 0x2000, kRam = 16 * kMiB;
  PhysicalMemory memory{32};
  FwCfg f{memory};

  Dma() {
    REQUIRE(memory.insert(DimmSpec{.id = "ram", .size = kRam}).ok());
    f.add(0x100, {1, 2, 3, 4, 5, 6});
  }
  // -> the control field afterwards.
  u32 request(u32 control, u32 length, u64 address, u64 at = kRequest) {
    u8 bytes[16];
    for (u32 i = 0; i < 4; ++i) bytes[i] = static_cast<u8>(control >> (24 - 8 * i));
    for (u32 i = 0; i < 4; ++i) bytes[4 + i] = static_cast<u8>(length >> (24 - 8 * i));
    for (u32 i = 0; i < 8; ++i) bytes[8 + i] = static_cast<u8>(address >> (56 - 8 * i));
    memory.write(GuestPhys{at}, bytes);
    f.dma_ports().io_write(0, 4, __builtin_bswap32(static_cast<u32>(at >> 32)));
    f.dma_ports().io_write(4, 4, __builtin_bswap32(static_cast<u32>(at)));
    u32 answer = 0;
    memory.read(GuestPhys{at}, {reinterpret_cast<u8*>(&answer), 4});
    return __builtin_bswap32(answer);
  }
  std::vector<u8> buffer(u32 size) {
    std::vector<u8> bytes(size);
    REQUIRE(memory.read(GuestPhys{kBuffer}, bytes));
    return bytes;
  }
};

constexpr u32 kSelect100 = 0x100u << 16 | abi::fw_cfg::kDmaSelect;

}  // namespace

TEST_CASE("fw_cfg: items are read byte by byte, and zeroes follow") {
  PhysicalMemory memory{32};
  FwCfg f{memory};
  CHECK(item(f, abi::fw_cfg::kSignature, 5) == std::vector<u8>{'Q', 'E', 'M', 'U', 0});
  f.add_u32(abi::fw_cfg::kKernelSize, 0x12345678);
  CHECK(item(f, abi::fw_cfg::kKernelSize, 4) == std::vector<u8>{0x78, 0x56, 0x34, 0x12});
  CHECK(item(f, 0x7777, 2) == std::vector<u8>{0, 0});
}

TEST_CASE("fw_cfg: the directory lists the files by name, big-endian") {
  PhysicalMemory memory{32};
  FwCfg f{memory};
  f.add_file("b", {1, 2, 3});
  f.add_file("a", {4});
  const auto directory = item(f, abi::fw_cfg::kFileDirectory, 4 + 2 * 64);
  CHECK(directory[3] == 2);
  CHECK(directory[4 + 3] == 1);  // size of "a"
  CHECK(directory[4 + 8] == 'a');
  CHECK(directory[68 + 3] == 3);
  CHECK(directory[68 + 8] == 'b');
  const u16 key = static_cast<u16>(directory[68 + 4] << 8 | directory[68 + 5]);
  CHECK(item(f, key, 3) == std::vector<u8>{1, 2, 3});
}

TEST_CASE("fw_cfg: DMA says that it is there") {
  Dma d;
  CHECK(item(d.f, abi::fw_cfg::kId, 1) == std::vector<u8>{3});
  CHECK(d.f.dma_ports().io_read(0, 4) == 0x554d4551);  // "QEMU" as a little-endian processor reads it
  CHECK(d.f.dma_ports().io_read(4, 4) == 0x47464320);  // " CFG"
  CHECK(d.f.dma_ports().io_read(7, 1) == 'G');
}

TEST_CASE("fw_cfg: DMA selects, reads on and skips; past the end there are zeroes") {
  Dma d;
  CHECK(d.request(kSelect100 | abi::fw_cfg::kDmaRead, 2, Dma::kBuffer) == 0);
  CHECK(d.buffer(3) == std::vector<u8>{1, 2, 0});
  CHECK(d.request(abi::fw_cfg::kDmaSkip, 1, 0) == 0);
  CHECK(d.request(abi::fw_cfg::kDmaRead, 5, Dma::kBuffer) == 0);
  CHECK(d.buffer(5) == std::vector<u8>{4, 5, 6, 0, 0});
  CHECK(d.request(abi::fw_cfg::kDmaRead, 2, Dma::kBuffer) == 0);
  CHECK(d.buffer(2) == std::vector<u8>{0, 0});
}

TEST_CASE("fw_cfg: DMA to where there is no RAM, of too much, or that writes is an error") {
  Dma d;
  CHECK(d.request(kSelect100 | abi::fw_cfg::kDmaRead, 4, Dma::kRam - 2) == abi::fw_cfg::kDmaError);
  CHECK(d.request(kSelect100 | abi::fw_cfg::kDmaRead, ~0u, Dma::kBuffer) == abi::fw_cfg::kDmaError);
  CHECK(d.request(kSelect100 | abi::fw_cfg::kDmaRead, 6, ~u64{0} - 2) == abi::fw_cfg::kDmaError);
  CHECK(d.request(kSelect100 | abi::fw_cfg::kDmaWrite, 1, Dma::kBuffer) == abi::fw_cfg::kDmaError);
  CHECK(d.request(abi::fw_cfg::kDmaSkip, ~0u, 0) == 0);
  d.request(kSelect100 | abi::fw_cfg::kDmaRead, 1, Dma::kBuffer, Dma::kRam - 8);  // itself not in RAM: nothing happens
  d.request(kSelect100 | abi::fw_cfg::kDmaRead, 1, Dma::kBuffer, ~u64{0} - 7);
}
