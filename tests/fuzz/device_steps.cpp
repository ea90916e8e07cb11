#include "device_steps.hpp"

namespace paemu::fuzz {

u64 dma_address(FuzzInput& in) {
  const u8 which = in.byte();
  static constexpr u64 kOdd[] = {0,          0xa0000,    0xc0000,    0xf0000,  0x1ffffff,   0x2000000,    0xfec00000,
                                 0xfee00000, 0xe0000000, 0xfffff000, kHotDimm, ~u64{0} - 3, u64{1} << 36, kArena};
  if (which < 0xc0) return kBuffers + u64{which} * 0x400;
  if (which < 0xf0) return kOdd[which % std::size(kOdd)] + (which & 0x20 ? in.byte() : 0);
  return in.dword() | u64{in.dword()} << 32;
}

u32 dma_size(FuzzInput& in) {
  const u8 which = in.byte();
  if (which < 0x80) return which;
  if (which < 0xf0) return 512u * (which & 0x1f);
  return in.dword();
}

namespace {

// Base address `index` of the n-th virtio function, or 0.
u32 virtio_base(DeviceBoard& board, u32 n, u32 index) {
  std::vector<u32> bases;
  for (const DeviceBoard::Function& f : board.functions()) {
    if ((f.id & 0xffff) == 0x1af4) bases.push_back(f.bases[index]);
  }
  return bases.empty() ? 0 : bases[n % bases.size()];
}

constexpr u64 kTable = 0x0000, kAvailable = 0x1000, kUsed = 0x2000, kIndirect = 0x3000, kPerQueue = 0x4000;
constexpr u32 kEntries = 8;

u64 rings_of(u32 queue) { return kArena + kPerQueue * queue; }

// Virtual I/O Device 1.1, 3.1.1: up to a device that runs with two queues.
void start_virtio(DeviceBoard& board, FuzzInput& in) {
  const u32 base = virtio_base(board, in.byte(), 4);
  if (base == 0) return;
  const auto write = [&](u32 offset, u32 size, u64 value) { board.access(true, true, base + offset, size, value); };
  write(20, 1, 0);
  write(20, 1, 3);
  const u32 features = in.byte();
  write(8, 4, 0);
  write(12, 4, (features & 1) << 28 | (features & 2) << 28 | (features & 0x80 ? in.dword() : 0));
  write(8, 4, 1);
  write(12, 4, 1);
  write(20, 1, 11);
  for (u32 queue = 0; queue < 2; ++queue) {
    write(22, 2, queue);
    write(24, 2, kEntries);
    const u8 odd = in.byte();
    write(32, 8, odd == 1 ? dma_address(in) : rings_of(queue) + kTable);
    write(40, 8, odd == 2 ? dma_address(in) : rings_of(queue) + kAvailable);
    write(48, 8, odd == 3 ? dma_address(in) : rings_of(queue) + kUsed);
    write(26, 2, odd & 0x10 ? queue : 0xffff);
    write(28, 2, 1);
    board.put(rings_of(queue) + kAvailable, 0, 8);
  }
  write(20, 1, 15);
}

// A chain of a few descriptors, offered and notified.
void offer_chain(DeviceBoard& board, FuzzInput& in) {
  const u32 which = in.byte(), queue = in.below(2), count = 1 + in.below(6);
  const u8 how = in.byte();
  const u64 table = rings_of(queue) + (how & 1 ? kIndirect : kTable);
  for (u32 i = 0; i < count; ++i) {
    const u8 flags = in.byte();
    u32 next = i + 1u < count ? 1 : 0;
    if (flags & 0x20) next ^= 1;
    board.put(table + 16 * i, dma_address(in), 8);
    board.put(table + 16 * i + 8, dma_size(in), 4);
    board.put(table + 16 * i + 12, (flags & 0xc0) == 0x40 ? flags & 7u : (flags & 2u) | next, 2);
    board.put(table + 16 * i + 14, flags & 0x10 ? in.byte() : i + 1, 2);
  }
  if (how & 1) {
    board.put(rings_of(queue) + kTable, table, 8);
    board.put(rings_of(queue) + kTable + 8, how & 2 ? dma_size(in) : 16 * count, 4);
    board.put(rings_of(queue) + kTable + 12, 4, 4);
  }
  // What devices read first: the header of a disk request.
  if (how & 4) {
    board.put(kBuffers, in.below(16), 8);
    board.put(kBuffers + 8, how & 8 ? in.dword() : in.byte(), 8);
  }
  u8 index_bytes[2] = {};
  board.pc().memory.read(GuestPhys{rings_of(queue) + kAvailable + 2}, index_bytes);
  const u32 index = index_bytes[0] | index_bytes[1] << 8;
  board.put(rings_of(queue) + kAvailable + 4 + 2 * (index % kEntries), how & 0x10 ? in.byte() : 0, 2);
  board.put(rings_of(queue) + kAvailable + 2, index + (how & 0x20 ? in.byte() : 1), 2);
  const u32 base = virtio_base(board, which, 4);
  if (base != 0) board.access(true, true, base + 0x3000 + 4 * queue, 2, queue);
  board.pass(u64{1} << in.below(22));
}

// Virtual I/O Device 1.1, 4.1.4.8, by a legacy driver.
void start_legacy_virtio(DeviceBoard& board, FuzzInput& in) {
  const u32 base = virtio_base(board, in.byte(), 0);
  if (base == 0) return;
  const auto write = [&](u32 offset, u32 size, u32 value) { board.access(false, true, base + offset, size, value); };
  write(18, 1, 0);
  write(18, 1, 3);
  write(4, 4, in.dword());
  write(14, 2, in.below(3));
  write(8, 4, in.byte() < 0xf0 ? static_cast<u32>(kArena >> 12) : in.dword());
  write(18, 1, 7);
  write(16, 2, in.below(4));
  board.pass(100'000);
}

// An MSI-X table with vectors open or masked, and MSI-X on.
void open_vectors(DeviceBoard& board, FuzzInput& in) {
  const u32 which = in.byte();
  const u32 base = virtio_base(board, which, 1);
  if (base == 0) return;
  for (u32 vector = 0; vector < 3; ++vector) {
    board.access(true, true, base + 16 * vector, 8,
                 in.byte() < 0xe0 ? 0xfee00000 + in.byte() * 0x100u : dma_address(in));
    board.access(true, true, base + 16 * vector + 8, 4, in.word());
    board.access(true, true, base + 16 * vector + 12, 4, in.byte() & 1);
  }
  for (const DeviceBoard::Function& f : board.functions()) {
    if ((f.id & 0xffff) == 0x1af4) board.config_write(f.address, 0x9a, 2, u32{in.byte()} << 8);
  }
}

// docs/specs/fw_cfg, "DMA interface".
void firmware_request(DeviceBoard& board, FuzzInput& in) {
  const u32 control = u32{in.byte()} << 16 | in.byte(), size = dma_size(in);
  const u64 address = dma_address(in);
  const auto swapped = [](u32 v) { return __builtin_bswap32(v); };
  board.put(kArena, swapped(control) | u64{swapped(size)} << 32, 8);
  board.put(kArena + 8, __builtin_bswap64(address), 8);
  const u64 at = in.byte() < 0xf0 ? kArena : dma_address(in);
  board.access(false, true, 0x514, 4, swapped(static_cast<u32>(at >> 32)));
  board.access(false, true, 0x518, 4, swapped(static_cast<u32>(at)));
}

// ATA/ATAPI-6, 7.2 and 9: the command block of a channel, then data in or out by the processor.
void ata_command(DeviceBoard& board, FuzzInput& in) {
  const u8 how = in.byte();
  const u32 base = how & 1 ? 0x170 : 0x1f0;
  static constexpr u8 kCommands[] = {0x20, 0x24, 0x25, 0x30, 0x34, 0x35, 0xc4, 0xc5, 0xc6, 0xc8,
                                     0xca, 0xe7, 0xea, 0xec, 0xa1, 0xa0, 0xef, 0x90, 0x91, 0x10,
                                     0x08, 0x06, 0xe0, 0xe5, 0x40, 0x42, 0xf8, 0x27};
  const auto write = [&](u32 port, u8 value) { board.access(false, true, port, 1, value); };
  write(base + 6, static_cast<u8>(0xe0 | (how & 2 ? 0x10 : 0) | (in.byte() & 0x4f)));
  // Twice: the registers of 48-bit commands are two deep.
  for (u32 n = 0; n < (how & 4 ? 2u : 1u); ++n) {
    for (u32 reg = 1; reg <= 5; ++reg) write(base + reg, how & 8 ? in.byte() : in.byte() & 3);
  }
  write(base + 0x206, how & 0x10 ? 2 : 0);
  write(base + 7, how & 0x20 ? in.byte() : kCommands[in.byte() % std::size(kCommands)]);
  board.pass(u64{1} << in.below(26));
  const u32 words = how & 0x40 ? in.word() % 1024 : 0;
  for (u32 n = 0; n < words; ++n) board.access(false, (how & 0x80) != 0, base, n & 1 ? 4 : 2, n * 0x1234567);
  board.pass(1'000'000);
}

// PACKET to the CD drive (MMC-5, SPC-3), and its data.
void packet_command(DeviceBoard& board, FuzzInput& in) {
  static constexpr u8 kOpcodes[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2b, 0x3c, 0x42, 0x43, 0x44,
                                    0x46, 0x4a, 0x51, 0x52, 0x55, 0x5a, 0xa8, 0xad, 0xb9, 0xbb, 0xbd, 0xbe};
  const u8 how = in.byte();
  const auto write = [&](u32 port, u32 value, u32 size = 1) { board.access(false, true, port, size, value); };
  write(0x176, 0xa0);
  write(0x171, how & 1);  // by DMA
  write(0x174, in.byte());
  write(0x175, in.byte());
  write(0x177, 0xa0);
  board.pass(1'000'000);
  u8 packet[12] = {how & 2 ? in.byte() : kOpcodes[in.byte() % std::size(kOpcodes)]};
  for (u32 n = 1; n < sizeof packet; ++n) packet[n] = how & 4 ? in.byte() : n == 5 || n == 8 ? in.byte() & 15 : 0;
  for (u32 n = 0; n < sizeof packet; n += 2) write(0x170, packet[n] | packet[n + 1] << 8, 2);
  board.pass(u64{1} << in.below(28));
  const u32 words = how & 8 ? in.word() % 4096 : 0;
  for (u32 n = 0; n < words; ++n) board.access(false, false, 0x170, 2, 0);
  board.pass(1'000'000);
}

// PIIX3 data sheet, 2.7: the descriptor table of a channel's bus master, and its start.
void bus_master(DeviceBoard& board, FuzzInput& in) {
  for (const DeviceBoard::Function& f : board.functions()) {
    if (f.id != 0x70108086 || f.bases[4] == 0) continue;
    const u32 base = f.bases[4] + (in.byte() & 1 ? 8 : 0), count = 1 + in.below(8);
    for (u32 n = 0; n < count; ++n) {
      board.put(kArena + 0x8000 + 8 * n, dma_address(in), 4);
      board.put(kArena + 0x8004 + 8 * n, dma_size(in) & 0xffff, 4);
      if (n + 1 == count) board.put(kArena + 0x8007 + 8 * n, in.byte() < 0xe0 ? 0x80 : 0, 1);
    }
    board.access(false, true, base + 4, 4, in.byte() < 0xe0 ? kArena + 0x8000 : in.dword());
    board.access(false, true, base + 2, 1, 6);
    board.access(false, true, base, 1, in.byte() & 9u);
    board.pass(u64{1} << in.below(26));
  }
}

}  // namespace

void scripted(DeviceBoard& board, FuzzInput& in) {
  switch (in.below(14)) {
    case 0: return start_virtio(board, in);
    case 1:
    case 2:
    case 3: return offer_chain(board, in);
    case 4: return start_legacy_virtio(board, in);
    case 5: return open_vectors(board, in);
    case 6: return firmware_request(board, in);
    case 7:
    case 8: return ata_command(board, in);
    case 9:
    case 10: return packet_command(board, in);
    case 11:
    case 12: return bus_master(board, in);
    default: return board.pass(u64{in.word()} << 8);
  }
}

}  // namespace paemu::fuzz
