// AtaDisk: a hard disk on an IDE cable. Source: ATA/ATAPI-6 (T13 1410D), chapter 8 for the commands; DATA SET
// MANAGEMENT from ATA8-ACS (T13 1699D).
//
// Mandatory features, power management, write cache, SMART as far as that all is well, 48-bit addresses, TRIM. There is
// no host protected area, and security is supported but frozen, as PC firmware leaves it.
#pragma once

#include <algorithm>
#include <string>

#include "bus/ata.hpp"
#include "replay/drive.hpp"

namespace paemu {

class AtaDisk final : public AtaDevice {
 public:
  enum class Job : u8 { kNone, kRead, kWrite, kVerify, kFlush, kTrim, kIdentify, kPlain, kLast = kPlain };
  struct State {
    Job job = Job::kNone;
    bool dma = false, wide = false;  // wide: a 48-bit command
    u64 sector = 0;                  // the next one of the job
    u32 remaining = 0;               // sectors
    u32 block = 1;                   // sectors in one piece: between two interrupts, or in the buffer for DMA
    // Settings.
    u32 heads = 0, sectors_per_track = 0;  // of the present translation; 0: the drive's own
    u32 multiple = 0;                      // sectors a block of READ MULTIPLE; 0: not set
    u8 transfer_mode = 0x22;               // SET FEATURES 03h: multiword DMA 2
    bool write_cache = true, smart = true, read_ahead = true;
    u8 power = 0xff;  // what CHECK POWER MODE tells: ffh active or idle, 00h standby
    FIELDS(job, dma, sector, remaining, block, wide, heads, sectors_per_track, multiple, transfer_mode, write_cache,
           smart, read_ahead, power)
    bool valid() const {
      return block >= 1 && block <= kLargestBuffer / kSectorSize && heads <= 16 && sectors_per_track <= 255 &&
             multiple <= kMaxMultiple;
    }
  };
  static constexpr u32 kMaxMultiple = 16;

  // drive, serial: its medium and serial number (20 characters at most).
  AtaDisk(std::string name, Drive& drive, std::string serial, EventQueue& events, const VirtualClock& clock)
      : AtaDevice(std::move(name), events, clock), drive_(drive), serial_(std::move(serial)) {}

  State& state() { return state_; }

 private:
  void execute(u8 command) override;
  void on_ready() override;
  void on_drained() override;
  void on_filled() override;
  void on_reset(Reset kind) override;
  void put_signature() override;

  // Commands.
  void transfer(Job job, bool dma, bool wide, u32 block);
  void set_features();
  void set_multiple();
  void smart();
  void trim();
  void read_native_max(bool wide);
  void offer_identify();
  void hardware_signature();
  void plain(u64 ticks);  // nothing to do but to be done after a while
  // A transfer's course.
  bool address(bool wide, u64& sector, u32& count);
  void put_address(u64 sector);
  u32 piece() const { return std::min(state_.remaining, state_.block); }
  void fetch();
  void store();
  void trim_ranges();
  void next();
  void fail_at(u64 sector, u32 count, u8 error);

  std::vector<u8> identify() const;
  u32 heads() const { return state_.heads != 0 ? state_.heads : kHeads; }
  u32 sectors_per_track() const { return state_.sectors_per_track != 0 ? state_.sectors_per_track : kSectorsPerTrack; }
  u32 cylinders() const;
  static constexpr u32 kHeads = 16, kSectorsPerTrack = 63;

  State state_;
  Drive& drive_;
  std::string serial_;
};

}  // namespace paemu
