// What a disk tells of itself: IDENTIFY DEVICE (ATA/ATAPI-6, 8.15, table 26), 256 words.
#include <string_view>

#include "dev/ata_disk.hpp"

namespace paemu {

namespace {

constexpr char kFirmwareRevision[] = "1.0", kModel[] = "PAEMU HARDDISK";

class Words {
 public:
  Words() : bytes_(512) {}
  void set(u32 word, u32 value) {
    bytes_[2 * word] = static_cast<u8>(value);
    bytes_[2 * word + 1] = static_cast<u8>(value >> 8);
  }
  void set32(u32 word, u64 value) {
    set(word, static_cast<u32>(value & 0xffff));
    set(word + 1, static_cast<u32>(value >> 16 & 0xffff));
  }
  // ASCII, the first of two characters in the high byte, padded with spaces.
  void text(u32 word, u32 words, std::string_view text) {
    for (u32 i = 0; i < 2 * words; ++i) bytes_[2 * word + (i ^ 1)] = static_cast<u8>(i < text.size() ? text[i] : ' ');
  }
  // Word 255: the sum of all bytes is 0.
  std::vector<u8> finish() {
    set(255, 0x00a5);
    u8 sum = 0;
    for (const u8 b : bytes_) sum = static_cast<u8>(sum + b);
    bytes_[511] = static_cast<u8>(-sum);
    return std::move(bytes_);
  }

 private:
  std::vector<u8> bytes_;
};

}  // namespace

std::vector<u8> AtaDisk::identify() const {
  const u64 sectors = drive_.sectors();
  const u32 chs = cylinders() * heads() * sectors_per_track();
  const u32 native_cylinders = static_cast<u32>(std::min<u64>(sectors / (kHeads * kSectorsPerTrack), 16383));
  Words w;
  w.set(0, 0x0040);  // fixed
  w.set(1, native_cylinders);
  w.set(3, kHeads);
  w.set(6, kSectorsPerTrack);
  w.text(10, 10, serial_);
  w.text(23, 4, kFirmwareRevision);
  w.text(27, 20, kModel);
  w.set(47, 0x8000 | kMaxMultiple);
  w.set(49, 0x0f00);  // LBA, DMA, IORDY
  w.set(50, 0x4000);
  w.set(51, 0x0200), w.set(52, 0x0200);  // of old: PIO and DMA timing mode
  w.set(53, 0x0007);                     // words 54-58, 64-70 and 88 are valid
  w.set(54, cylinders()), w.set(55, heads()), w.set(56, sectors_per_track());
  w.set32(57, chs);
  w.set(59, state_.multiple != 0 ? 0x0100 | state_.multiple : 0);
  w.set32(60, std::min<u64>(sectors, 0x0fffffff));
  const u8 mode = state_.transfer_mode;
  w.set(63, 0x0007 | ((mode & 0xf8) == 0x20 ? 0x0100u << (mode & 7) : 0));  // multiword DMA 0 to 2
  w.set(64, 0x0003);                                                        // PIO 3 and 4
  for (u32 cycle = 65; cycle <= 68; ++cycle) w.set(cycle, 120);             // ns
  w.set(69, 0x4020);                                                        // what was trimmed reads as zeroes
  w.set(80, 0x00f0);                                                        // ATA/ATAPI-4 to 7
  w.set(81, 0x0016);
  // 82-84 what there is, 85-87 what is on: write cache, read-ahead, power management, security, SMART, NOP;
  // FLUSH CACHE (EXT), 48-bit addresses; FUA.
  w.set(82, 0x406b);
  w.set(83, 0x7400);
  w.set(84, 0x4040);
  w.set(85, 0x4008u | (state_.smart ? 0x01 : 0) | (state_.write_cache ? 0x20 : 0) | (state_.read_ahead ? 0x40 : 0));
  w.set(86, 0x3400);
  w.set(87, 0x4040);
  w.set(88, 0x003f | ((mode & 0xf8) == 0x40 ? 0x0100u << (mode & 7) : 0));     // Ultra DMA 0 to 5
  w.set(93, (registers_.device & ata::kSecondDevice) == 0 ? 0x600b : 0x6b00);  // 80 wires; how the number was found
  w.set32(100, sectors), w.set32(102, sectors >> 32);
  w.set(105, 1);       // sectors of ranges that a TRIM may bring
  w.set(128, 0x0009);  // security: supported, frozen
  w.set(169, 0x0001);  // TRIM
  w.set(217, 0x0001);  // does not rotate
  return w.finish();
}

}  // namespace paemu
