// I82077: the floppy disk controller with its drives. Source: Intel 82077AA data sheet (290166), chapters 2
// (registers), 4 (phases), 5 and 6 (commands and status).
//
// Reads and writes sectors of 512 bytes in the formats from 160 KiB to 2.88 MiB, which the size of the image tells.
// Sectors take far less time than on a real drive, but they do take some.
#pragma once

#include <array>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/isa_dma.hpp"
#include "bus/line.hpp"
#include "replay/drive.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class I82077 final : public IoDevice, public EventSink {
 public:
  static constexpr u32 kDrives = 2, kDmaChannel = 2;
  enum class Phase : u8 { kCommand, kExecution, kResult, kLast = kResult };
  struct DriveState {
    u8 cylinder = 0;       // where the heads are
    bool changed = true;   // DSKCHG: until the next step with a diskette in
    bool seeking = false;  // DRV BUSY; the event ends it
    u8 target = 0;         // of the seek
    FIELDS(cylinder, changed, seeking, target)
    bool valid() const { return cylinder < 128 && target < 128; }
  };
  struct State {
    u8 output = 0;  // DOR
    u8 rate = 2;    // of DSR or CCR, 0 to 3
    u8 tape = 0;    // TDR
    Phase phase = Phase::kCommand;
    std::array<u8, 16> bytes{};  // of the command, then of the result
    u32 count = 0;               // how many of the command are there; of the result, how many there are
    u32 taken = 0;               // of the result
    bool interrupt = false;
    u8 resets_to_tell = 0;            // SENSE INTERRUPT STATUS has this many drives to tell of after a reset
    std::array<u8, 4> seek_result{};  // ST0 of a seek that ended, by drive; 0: none
    std::array<DriveState, kDrives> drives;
    // SPECIFY, CONFIGURE, PERPENDICULAR MODE, LOCK.
    u8 step_rate = 0, head_load = 0, configuration = 0, precompensation = 0, perpendicular = 0;
    bool non_dma = false, locked = false;
    // Execution of a command on sectors.
    u8 cylinder = 0, head = 0, sector = 1, size_code = 2;
    u32 done = 0;                // sectors
    std::array<u8, 512> data{};  // without DMA: the present sector
    u32 data_at = 0;
    bool data_ready = false;  // the host may move it
    FIELDS(output, rate, tape, phase, bytes, count, taken, interrupt, resets_to_tell, seek_result, drives, step_rate,
           head_load, configuration, precompensation, perpendicular, non_dma, locked, cylinder, head, sector, size_code,
           done, data, data_at, data_ready)
    bool valid() const { return count <= 16 && taken <= count && data_at <= 512 && resets_to_tell <= 4 && rate < 4; }
  };

  I82077(EventQueue& events, const VirtualClock& clock, IsaDma& dma);

  Line irq;

  void attach(u32 number, Drive& drive);
  // What the BIOS keeps in CMOS 0x10: 0 no drive, 2 1.2M, 4 1.44M, 5 2.88M.
  u8 cmos_type(u32 number) const;

  IoDevice& change_port() { return change_port_; }  // 0x3f7: DIR, CCR
  // Ports 0x3f0 to 0x3f5.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void on_event(u32 event, Ticks now) override;

  void reset();
  State& state() { return state_; }

 private:
  enum Event : u32 { kStep, kSeek0, kSeek1, kResetDone };
  // A diskette's format.
  struct Format {
    u32 sectors;  // in all
    u8 cylinders, heads, track;
    u8 rates;  // bit n: can be read at rate n
  };
  struct ChangeListener final : DriveListener {
    void on_medium_changed() override { owner->state_.drives[number].changed = true; }
    void on_eject_requested() override {}
    I82077* owner = nullptr;
    u32 number = 0;
  };
  struct ChangePort final : IoDevice {
    explicit ChangePort(I82077& f) : fdc(f) {}
    u64 io_read(u64, u32) override;
    void io_write(u64, u32, u64 value) override { fdc.state_.rate = value & 3; }
    I82077& fdc;
  };
  static const Format kFormats[];

  // Registers.
  u8 main_status() const;
  u8 read_fifo();
  void write_fifo(u8 value);
  void write_output(u8 value);
  void controller_reset();
  void raise();
  void lower();

  // Commands.
  u32 command_length(u8 command) const;
  void execute();
  void results(std::initializer_list<u8> bytes);
  void sense_interrupt();
  void seek(u32 number, u8 target);
  void start_sectors();
  void step();
  void next_sector();
  void finish_sectors(u8 st0, u8 st1, u8 st2);
  void read_id();
  void format_track();
  bool moves_to_host() const;
  bool at_end() const;
  Drive* selected() const;
  const Format* format(const Drive& drive) const;
  bool address_ok(const Format& f) const;
  u64 address(const Format& f) const;

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  IsaDma& dma_;
  std::array<Drive*, kDrives> drives_{};
  std::array<ChangeListener, kDrives> listeners_;
  ChangePort change_port_;
  EventQueue::Handle step_, seeks_[kDrives], reset_done_;
};

}  // namespace paemu
