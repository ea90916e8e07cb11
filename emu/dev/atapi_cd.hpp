// AtapiCd: a CD/DVD drive on an IDE cable. Sources: ATA/ATAPI-6 (T13 1410D), chapter 9.8 for packets on the cable;
// MMC-3 (T10 1363D) for the commands, SPC-2 (T10 1236D) for sense data.
//
// Reads discs of 2048-byte blocks, one data track. What the medium holds beyond its last whole block is not seen.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "bus/ata.hpp"
#include "replay/drive.hpp"

namespace paemu {

class AtapiCd final : public AtaDevice, private DriveListener {
 public:
  enum class Job : u8 { kNone, kPlain, kIdentify, kPacket, kCommand, kReply, kParameters, kDone, kLast = kDone };
  // What GET EVENT STATUS NOTIFICATION tells of the medium (MMC-3, table 74).
  enum class MediaEvent : u8 { kNone, kEjectRequest, kNewMedia, kRemoval, kLast = kRemoval };
  struct State {
    Job job = Job::kNone;
    bool dma = false;
    std::array<u8, 12> packet{};
    std::vector<u8> reply;  // what the host has still to get of it begins at reply_at
    u32 reply_at = 0;
    u32 limit = 0;                                    // bytes a burst, as the host asked
    u32 block = 0;                                    // the next one of a read
    u32 blocks_left = 0;                              // not in `reply` yet
    bool raw = false;                                 // READ CD: whole sectors of 2352 bytes
    u8 sense_key = 0, additional = 0, qualifier = 0;  // what REQUEST SENSE tells
    u8 attention = 0;  // additional sense code of a unit attention that nobody heard of yet; 0: none
    MediaEvent event = MediaEvent::kNone;
    u8 transfer_mode = 0x22;  // SET FEATURES 03h: multiword DMA 2
    FIELDS(job, dma, packet, reply, reply_at, limit, block, blocks_left, raw, sense_key, additional, qualifier,
           attention, event, transfer_mode)
    bool valid() const { return reply_at <= reply.size() && reply.size() <= kLargestBuffer; }
  };

  AtapiCd(std::string name, Drive& drive, std::string serial, EventQueue& events, const VirtualClock& clock)
      : AtaDevice(std::move(name), events, clock), drive_(drive), serial_(std::move(serial)) {
    drive_.set_listener(this);
  }

  State& state() { return state_; }

 private:
  struct Sense {
    u8 key, additional, qualifier = 0;
  };

  void execute(u8 command) override;
  void on_ready() override;
  void on_drained() override;
  void on_filled() override;
  void on_reset(Reset kind) override;
  void put_signature() override;
  void on_medium_changed() override;
  void on_eject_requested() override { state_.event = MediaEvent::kEjectRequest; }

  // The cable's side of a packet.
  void burst();
  void complete();
  void check_condition(Sense sense);
  void reply(std::vector<u8> bytes, usize allocated);
  void plain();

  // Commands.
  void command();
  bool ready();
  void read(u32 block, u32 count, bool raw);
  bool refill();
  void read_cd(u32 block, u32 count);
  void request_sense();
  void inquiry();
  void start_stop();
  void read_toc();
  void mode_sense(bool ten);
  void mode_select(bool ten);
  void event_status();
  void configuration();
  void disc_information();
  void mechanism_status();
  void sub_channel();
  void read_dvd_structure();

  std::vector<u8> identify() const;
  u32 blocks() const { return static_cast<u32>(std::min<u64>(drive_.sectors() / kSectorsPerBlock, 0xffffffff)); }
  u32 be16(u32 at) const { return state_.packet[at] * 256u + state_.packet[at + 1]; }
  u32 be24(u32 at) const { return be16(at) * 256 + state_.packet[at + 2]; }
  u32 be32(u32 at) const { return be16(at) << 16 | be16(at + 2); }
  static constexpr u32 kBlockSize = 2048, kSectorsPerBlock = kBlockSize / kSectorSize, kRawSize = 2352;

  State state_;
  Drive& drive_;
  std::string serial_;
};

}  // namespace paemu
