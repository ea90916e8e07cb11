// ATA: a device on an IDE cable: the registers that the host sees, and how data go over the cable (ATA/ATAPI-6, T13
// 1410D, chapters 5, 7 and 9).
//
// AtaDevice keeps the task file and the protocols (PIO in, PIO out, DMA, interrupts, resets). A chip derives from it
// and gives the commands: execute() when one was written, and on_filled(), on_drained() and on_ready() as a transfer
// goes on. Controllers know AtaDevice only; it calls back by AtaCable. Each step takes virtual time: BSY until then.
#pragma once

#include <span>
#include <vector>

#include "base/fields.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

namespace ata {
// Command block registers, by their offset (7.2 on). Some have another meaning when written, or for packets.
enum Register : u32 { kData, kError, kCount, kLbaLow, kLbaMid, kLbaHigh, kDevice, kStatus };
inline constexpr u32 kFeatures = kError, kCommand = kStatus, kInterruptReason = kCount;
// Status (7.15.6).
inline constexpr u8 kErr = 1u << 0, kDrq = 1u << 3, kSeekComplete = 1u << 4, kDeviceFault = 1u << 5, kReady = 1u << 6,
                    kBusy = 1u << 7;
// Error (7.11.6).
inline constexpr u8 kAborted = 1u << 2, kIdNotFound = 1u << 4, kUncorrectable = 1u << 6, kDiagnosticPassed = 0x01;
// Device (7.10.6) and device control (7.9.6).
inline constexpr u8 kSecondDevice = 1u << 4, kLba = 1u << 6;
inline constexpr u8 kNoInterrupts = 1u << 1, kSoftReset = 1u << 2, kHighOrder = 1u << 7;
}  // namespace ata

// What the controller at the other end of the cable is told.
class AtaCable {
 public:
  virtual void on_interrupt_changed() = 0;
  virtual void on_dma_request() = 0;  // dma_in() or dma_out() has something now

 protected:
  ~AtaCable() = default;
};

class AtaDevice : public EventSink {
 public:
  enum class Phase : u8 {
    kIdle,
    kBusy,    // until the event
    kPioIn,   // the host takes the buffer
    kPioOut,  // the host fills it
    kDmaIn,   // the controller takes it
    kDmaOut,  // the controller fills it
    kReset,   // SRST is held
    kLast = kReset,
  };
  struct TaskFile {
    u8 error = 0, status = 0, command = 0, control = 0, device = 0;
    // What was written last, and before that: 48-bit commands take both (6.20).
    u8 features[2] = {}, count[2] = {}, lba_low[2] = {}, lba_mid[2] = {}, lba_high[2] = {};
    bool interrupt = false;  // INTRQ, were it not for nIEN
    Phase phase = Phase::kIdle;
    std::vector<u8> buffer;  // what this phase transfers
    u32 position = 0;        // of the next byte in it
    FIELDS(error, status, command, control, device, features, count, lba_low, lba_mid, lba_high, interrupt, phase,
           buffer, position)
    bool valid() const { return position <= buffer.size() && buffer.size() <= kLargestBuffer; }
  };
  static constexpr usize kLargestBuffer = 64 * kKiB;

  // name: of its event.
  AtaDevice(std::string name, EventQueue& events, const VirtualClock& clock)
      : events_(events), clock_(clock), step_(events.add(std::move(name), *this)) {}
  AtaDevice(const AtaDevice&) = delete;

  // unit: 0 or 1, its place on the cable.
  void connect(AtaCable& cable, u32 unit) {
    cable_ = &cable;
    unit_ = unit;
  }

  // --- The host's side. Both devices see all writes; a command is for the one that is selected.
  u8 read_register(u32 reg);  // reading kStatus takes back the interrupt
  u8 alternate_status() const { return registers_.status; }
  void write_register(u32 reg, u8 value);
  void write_control(u8 value);
  u32 read_data(u32 size);  // 1, 2 or 4 bytes
  void write_data(u32 size, u32 value);
  bool interrupt() const { return registers_.interrupt && (registers_.control & ata::kNoInterrupts) == 0; }
  bool selected() const { return ((registers_.device & ata::kSecondDevice) != 0) == (unit_ == 1); }

  // --- The controller's side of DMA: what it may take, or fill, now; empty: nothing.
  std::span<const u8> dma_in() const;
  std::span<u8> dma_out();
  void dma_done(usize bytes);  // so many of them were transferred

  void hardware_reset();
  TaskFile& registers() { return registers_; }

  void on_event(u32 event, Ticks now) override;

 protected:
  ~AtaDevice() = default;

  // --- What a chip gives.
  enum class Reset : u8 { kHardware, kSoftware };
  virtual void execute(u8 command) = 0;
  virtual void on_ready() = 0;            // the time that busy_for() asked for is over
  virtual void on_drained() = 0;          // kPioIn, kDmaIn: all of the buffer was taken
  virtual void on_filled() = 0;           // kPioOut, kDmaOut: all of it is there
  virtual void on_reset(Reset kind) = 0;  // settings go to their defaults
  virtual void put_signature() = 0;       // after a reset (9.12): what tells the host the kind of device

  // --- What a chip does with it.
  void busy_for(u64 ticks);                     // BSY, then on_ready()
  void offer(Phase in, std::vector<u8> bytes);  // kPioIn or kDmaIn
  void ask(Phase out, usize bytes);             // kPioOut or kDmaOut
  void raise_interrupt();
  void finish(u8 status = ata::kReady | ata::kSeekComplete);  // without error; raises the interrupt
  void fail(u8 error);                                        // with error; raises the interrupt
  void device_reset();                                        // DEVICE RESET: stops all and starts anew
  void set_signature(u8 mid, u8 high, u8 status);

  TaskFile registers_;
  EventQueue& events_;
  const VirtualClock& clock_;

 private:
  void reset_registers();
  void lower_interrupt();
  void advance(usize bytes);

  AtaCable* cable_ = nullptr;
  u32 unit_ = 0;
  EventQueue::Handle step_;
};

}  // namespace paemu
