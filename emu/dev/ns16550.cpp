// Registers (PC16550D, table "Summary of registers"); with LCR D7 (DLAB) set, 0 and 1 are the divisor:
//
//   0 read RBR, write THR    1 IER: D0 received data, D1 THR empty, D2 line status, D3 modem status
//   2 read IIR, write FCR    3 LCR: D1-D0 word length, D2 stop bits, D3 parity, D7 DLAB
//   4 MCR: D0 DTR, D1 RTS, D2 OUT1, D3 OUT2 (gates the interrupt on a PC), D4 loop
//   5 LSR: D0 DR, D1-D4 OE PE FE BI, D5 THRE, D6 TEMT    6 MSR: D0-D3 deltas, D4 CTS, D5 DSR, D6 RI, D7 DCD    7 SCR
#include "dev/ns16550.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u8 kIerReceived = 0x01, kIerThrEmpty = 0x02, kIerLineStatus = 0x04, kIerModemStatus = 0x08;
constexpr u8 kIirNone = 0x01, kIirThrEmpty = 0x02, kIirReceived = 0x04, kIirLineStatus = 0x06, kIirTimeout = 0x0c,
             kIirModemStatus = 0x00, kIirFifos = 0xc0;
constexpr u8 kFcrEnable = 0x01, kFcrClearReceiver = 0x02;
constexpr u8 kLcrDivisor = 0x80;
constexpr u8 kMcrOut2 = 0x08, kMcrLoop = 0x10;
constexpr u8 kLsrDataReady = 0x01, kLsrOverrun = 0x02, kLsrThrEmpty = 0x20, kLsrIdle = 0x40;
constexpr u8 kMsrCts = 0x10, kMsrDsr = 0x20, kMsrRing = 0x40, kMsrCarrier = 0x80, kMsrRingDelta = 0x04;

constexpr u64 kBaudBase = 115200;  // 1.8432 MHz / 16

}  // namespace

Ns16550::Ns16550(const char* name, u32 stream, EventQueue& events, const VirtualClock& clock, SerialSink& sink)
    : events_(events),
      clock_(clock),
      sink_(sink),
      stream_(stream),
      receive_event_(events.add(std::string(name) + ".receive", *this, kReceive)),
      timeout_event_(events.add(std::string(name) + ".timeout", *this, kTimeout)) {
  reset();
}

void Ns16550::reset() {
  // Bytes on the line are the other end's: they arrive after the reset.
  State fresh;
  std::copy(std::begin(state_.queue), std::end(state_.queue), fresh.queue);
  fresh.queue_first = state_.queue_first;
  fresh.queue_count = state_.queue_count;
  state_ = fresh;
  state_.msr = kMsrCts | kMsrDsr | kMsrCarrier;  // a connected terminal
  events_.disarm(timeout_event_);
  schedule_receive();
  update_irq();
}

u64 Ns16550::byte_time() const {
  const u64 bits_on_wire = 1 + 5 + (state_.lcr & 3u) + ((state_.lcr >> 2) & 1u) + ((state_.lcr >> 3) & 1u) + 1;
  const u64 divisor = state_.divisor == 0 ? 0x10000 : state_.divisor;
  return bits_on_wire * divisor * kTicksPerSecond / kBaudBase;
}

u32 Ns16550::capacity() const { return (state_.fcr & kFcrEnable) != 0 ? kFifoSize : 1; }

u32 Ns16550::trigger_level() const {
  constexpr u8 kLevels[4] = {1, 4, 8, 14};
  return (state_.fcr & kFcrEnable) != 0 ? kLevels[state_.fcr >> 6] : 1;
}

// --- Receiver.

void Ns16550::receive(std::span<const u8> bytes) {
  for (u8 byte : bytes) {
    if (state_.queue_count == kQueueSize) break;
    state_.queue[(state_.queue_first + state_.queue_count++) % kQueueSize] = byte;
  }
  schedule_receive();
}

void Ns16550::schedule_receive() {
  const bool wanted = state_.queue_count > 0 && state_.fifo_count < capacity() && (state_.mcr & kMcrLoop) == 0;
  if (!wanted)
    events_.disarm(receive_event_);
  else if (!events_.armed(receive_event_))
    events_.arm(receive_event_, clock_.now() + byte_time());
}

void Ns16550::on_event(u32 event, Ticks) {
  if (event == kTimeout) {
    state_.timeout = state_.fifo_count > 0;
  } else if (state_.queue_count > 0 && state_.fifo_count < capacity()) {
    const u8 byte = state_.queue[state_.queue_first];
    state_.queue[state_.queue_first] = 0;
    state_.queue_first = (state_.queue_first + 1) % kQueueSize;
    --state_.queue_count;
    push(byte);
  }
  schedule_receive();
  update_irq();
}

void Ns16550::push(u8 byte) {
  if (state_.fifo_count >= capacity()) {
    // Only the loop gets here. Without FIFOs the new byte replaces the old one, with them it is lost.
    state_.lsr_errors |= kLsrOverrun;
    if (capacity() == 1) state_.fifo[0] = byte;
  } else {
    state_.fifo[state_.fifo_count++] = byte;
  }
  watch_timeout();
}

// Character timeout: bytes below the trigger level for four byte times without a read or an arrival ("FIFO interrupt
// mode operation").
void Ns16550::watch_timeout() {
  state_.timeout = false;
  if ((state_.fcr & kFcrEnable) != 0 && state_.fifo_count > 0) {
    events_.arm(timeout_event_, clock_.now() + 4 * byte_time());
  } else {
    events_.disarm(timeout_event_);
  }
}

u8 Ns16550::read_receiver() {
  const u8 byte = state_.fifo[0];
  if (state_.fifo_count > 0) {
    --state_.fifo_count;
    // The register keeps its last byte when it runs empty.
    for (u32 i = 0; i < state_.fifo_count; ++i) state_.fifo[i] = state_.fifo[i + 1];
  }
  watch_timeout();
  schedule_receive();
  update_irq();
  return byte;
}

// --- Transmitter.

void Ns16550::transmit(u8 byte) {
  // The register fills and empties at once: the interrupt falls and rises again, so that an edge is seen.
  state_.thr_interrupt = false;
  update_irq();
  if ((state_.mcr & kMcrLoop) != 0)
    push(byte);
  else
    sink_.transmit(stream_, std::span<const u8>(&byte, 1));
  state_.thr_interrupt = true;
  update_irq();
}

// --- Interrupts, highest priority first (table "Interrupt control functions").

u8 Ns16550::interrupt_source() const {
  if ((state_.ier & kIerLineStatus) != 0 && state_.lsr_errors != 0) return kIirLineStatus;
  if ((state_.ier & kIerReceived) != 0 && state_.fifo_count >= trigger_level()) return kIirReceived;
  if ((state_.ier & kIerReceived) != 0 && state_.timeout) return kIirTimeout;
  if ((state_.ier & kIerThrEmpty) != 0 && state_.thr_interrupt) return kIirThrEmpty;
  if ((state_.ier & kIerModemStatus) != 0 && (state_.msr & 0x0f) != 0) return kIirModemStatus;
  return kIirNone;
}

void Ns16550::update_irq() {
  // OUT2 opens the buffer between chip and bus on a PC; in the loop it is disconnected from the pin.
  const bool open = (state_.mcr & kMcrOut2) != 0 && (state_.mcr & kMcrLoop) == 0;
  irq.set(open && interrupt_source() != kIirNone);
}

u8 Ns16550::read_iir() {
  const u8 source = interrupt_source();
  if (source == kIirThrEmpty) {
    state_.thr_interrupt = false;
    update_irq();
  }
  return static_cast<u8>(source | ((state_.fcr & kFcrEnable) != 0 ? kIirFifos : 0));
}

u8 Ns16550::read_lsr() {
  const u8 value =
      static_cast<u8>(kLsrThrEmpty | kLsrIdle | state_.lsr_errors | (state_.fifo_count > 0 ? kLsrDataReady : 0));
  state_.lsr_errors = 0;
  update_irq();
  return value;
}

u8 Ns16550::read_msr() {
  const u8 value = state_.msr;
  state_.msr &= 0xf0;
  update_irq();
  return value;
}

void Ns16550::write_fcr(u8 value) {
  const bool toggled = ((value ^ state_.fcr) & kFcrEnable) != 0;
  state_.fcr = (value & kFcrEnable) != 0 ? value & 0xc9 : 0;
  if (toggled || (value & kFcrClearReceiver) != 0) state_.fifo_count = 0;
  watch_timeout();
  schedule_receive();
  update_irq();
}

void Ns16550::write_mcr(u8 value) {
  state_.mcr = value & 0x1f;
  update_modem_lines();
  schedule_receive();
  update_irq();
}

// In the loop the modem inputs are the modem outputs: CTS is RTS, DSR is DTR, RI is OUT1, DCD is OUT2 ("Modem control
// register", bit 4).
void Ns16550::update_modem_lines() {
  u8 lines = kMsrCts | kMsrDsr | kMsrCarrier;
  if ((state_.mcr & kMcrLoop) != 0) {
    lines = static_cast<u8>((state_.mcr & 0x02) << 3 | (state_.mcr & 0x01) << 5 | (state_.mcr & 0x04) << 4 |
                            (state_.mcr & 0x08) << 4);
  }
  const u8 before = state_.msr & 0xf0;
  u8 deltas = static_cast<u8>((before ^ lines) >> 4);
  // RI tells of its trailing edge only.
  if ((before & kMsrRing) == 0 || (lines & kMsrRing) != 0) deltas &= static_cast<u8>(~kMsrRingDelta);
  state_.msr = static_cast<u8>(lines | (state_.msr & 0x0f) | deltas);
}

// --- Ports.

u64 Ns16550::io_read(u64 offset, u32) {
  const bool divisor = (state_.lcr & kLcrDivisor) != 0;
  switch (offset) {
    case 0: return divisor ? state_.divisor & 0xffu : read_receiver();
    case 1: return divisor ? state_.divisor >> 8 : state_.ier;
    case 2: return read_iir();
    case 3: return state_.lcr;
    case 4: return state_.mcr;
    case 5: return read_lsr();
    case 6: return read_msr();
    default: return state_.scr;
  }
}

void Ns16550::io_write(u64 offset, u32, u64 value) {
  const u8 byte = static_cast<u8>(value);
  const bool divisor = (state_.lcr & kLcrDivisor) != 0;
  switch (offset) {
    case 0:
      if (divisor)
        state_.divisor = static_cast<u16>((state_.divisor & 0xff00) | byte);
      else
        transmit(byte);
      break;
    case 1:
      if (divisor) {
        state_.divisor = static_cast<u16>(byte << 8 | (state_.divisor & 0xff));
      } else {
        // Enabling the interrupt of an empty transmitter raises it.
        if ((byte & kIerThrEmpty) != 0 && (state_.ier & kIerThrEmpty) == 0) state_.thr_interrupt = true;
        state_.ier = byte & 0x0f;
        update_irq();
      }
      break;
    case 2: write_fcr(byte); break;
    case 3: state_.lcr = byte; break;
    case 4: write_mcr(byte); break;
    case 7: state_.scr = byte; break;
    default: break;  // LSR and MSR are read only
  }
}

}  // namespace paemu
