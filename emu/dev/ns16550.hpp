// NS16550A: a serial port with 16-byte FIFOs. Source: National PC16550D data sheet, chapter "Registers".
//
// A transmitted byte leaves at once, so the transmitter is always empty. Received bytes wait in a queue in front of
// the chip, as if the other end obeyed flow control, and enter the receiver one byte time apart.
#pragma once

#include <span>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "replay/host_interfaces.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Ns16550 final : public IoDevice, public EventSink {
 public:
  static constexpr u32 kFifoSize = 16;
  static constexpr u32 kQueueSize = 4096;

  struct State {
    u8 ier = 0;               // interrupt enable
    u8 fcr = 0;               // FIFO control, as last written
    u8 lcr = 0;               // line control
    u8 mcr = 0;               // modem control
    u8 lsr_errors = 0;        // OE, PE, FE, BI, cleared by reading LSR
    u8 msr = 0;               // modem status with its delta bits
    u8 scr = 0;               // scratch
    u16 divisor = 12;         // DLM:DLL; 12 is 9600 baud
    u8 fifo[kFifoSize] = {};  // receiver: the oldest byte first
    u8 fifo_count = 0;
    bool thr_interrupt = false;  // THRE waits to be reported
    bool timeout = false;        // character timeout waits to be reported
    u8 queue[kQueueSize] = {};   // ring of bytes in front of the receiver
    u32 queue_first = 0;
    u32 queue_count = 0;
    FIELDS(ier, fcr, lcr, mcr, lsr_errors, msr, scr, divisor, fifo, fifo_count, thr_interrupt, timeout, queue,
           queue_first, queue_count)
    bool valid() const { return fifo_count <= kFifoSize && queue_first < kQueueSize && queue_count <= kQueueSize; }
  };

  // name: "serial0", for events; stream: its number among the sink's.
  Ns16550(const char* name, u32 stream, EventQueue& events, const VirtualClock& clock, SerialSink& sink);

  Line irq;

  // Bytes from outside, through the input seam. What does not fit the queue is lost.
  void receive(std::span<const u8> bytes);
  u32 queue_space() const { return kQueueSize - state_.queue_count; }

  // Eight ports, 8 bits wide.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void on_event(u32 event, Ticks now) override;

  void reset();
  State& state() { return state_; }

 private:
  enum Event : u32 { kReceive, kTimeout };

  u64 byte_time() const;  // in ticks
  u32 capacity() const;
  u32 trigger_level() const;
  void push(u8 byte);
  u8 read_receiver();
  u8 interrupt_source() const;  // IIR bits 0-3
  u8 read_iir();
  u8 read_lsr();
  u8 read_msr();
  void transmit(u8 byte);
  void write_fcr(u8 value);
  void write_mcr(u8 value);
  void update_modem_lines();
  void schedule_receive();
  void watch_timeout();
  void update_irq();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  SerialSink& sink_;
  u32 stream_;
  EventQueue::Handle receive_event_, timeout_event_;
};

}  // namespace paemu
