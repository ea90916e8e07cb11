// Registers, at 16 times the index (SDM 3A, table 11-1):
//
//   0x02 ID    0x03 version   0x08 TPR   0x09 APR   0x0a PPR   0x0b EOI   0x0d LDR   0x0e DFR   0x0f SVR
//   0x10 ISR   0x18 TMR       0x20 IRR (8 words each)          0x28 ESR   0x30 ICR low   0x31 ICR high
//   0x32 LVT timer   0x33 thermal   0x34 performance   0x35 LINT0   0x36 LINT1   0x37 error
//   0x38 timer initial count   0x39 current count   0x3e divide configuration
#include "dev/local_apic.hpp"

#include <algorithm>
#include <string>

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u32 kId = 0x02, kVersion = 0x03, kTpr = 0x08, kApr = 0x09, kPpr = 0x0a, kEoi = 0x0b, kLdr = 0x0d, kDfr = 0x0e,
              kSvr = 0x0f, kIsr = 0x10, kTmr = 0x18, kIrr = 0x20, kEsr = 0x28, kIcrLow = 0x30, kIcrHigh = 0x31,
              kLvtFirst = 0x32, kTimerInitial = 0x38, kTimerCurrent = 0x39, kTimerDivide = 0x3e;

constexpr u32 kVersionValue = 0x14 | (LocalApic::kLvtCount - 1) << 16;  // integrated, six LVT entries
constexpr u32 kSvrEnable = 1u << 8;
constexpr u32 kSvrNoFocusCheck = 1u << 9;
constexpr u32 kIdShift = 24;  // of IDs and destinations in their registers
constexpr u8 kBroadcast = 0xff;
constexpr u32 kIcrAssert = 1u << 14, kIcrLevel = 1u << 15;
constexpr u32 kLvtMask = 1u << 16;
constexpr u32 kLvtPeriodic = 1u << 17;
// Which bits of an LVT entry are there (figure 11-8): vector, delivery mode, polarity, trigger, mask, timer mode.
constexpr u32 kLvtWritable[LocalApic::kLvtCount] = {0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

// ESR bits (11.5.3).
constexpr u32 kSendIllegalVector = 1u << 5, kReceiveIllegalVector = 1u << 6, kIllegalRegister = 1u << 7;

void set_bit(u32 (&set)[8], u8 vector) { set[vector / 32] |= bit<u32>(vector % 32); }
void clear_bit(u32 (&set)[8], u8 vector) { set[vector / 32] &= ~bit<u32>(vector % 32); }
bool test_bit(const u32 (&set)[8], u8 vector) { return (set[vector / 32] & bit<u32>(vector % 32)) != 0; }

}  // namespace

LocalApic::LocalApic(const Wiring& wiring, u32 id, Callbacks callbacks)
    : events_(wiring.events),
      clock_(wiring.clock),
      bus_(wiring.bus),
      pic_(wiring.pic),
      first_id_(id << kIdShift),
      callbacks_(std::move(callbacks)),
      timer_(wiring.events.add("lapic" + (id == 0 ? "" : std::to_string(id)) + ".timer", *this)) {
  reset();
}

void LocalApic::reset() {
  state_.id = first_id_;
  state_.global_enable = true;
  init_reset();
}

void LocalApic::init_reset() {
  state_ = State{.id = state_.id, .global_enable = state_.global_enable, .nmi_line = state_.nmi_line};
  for (u32& entry : state_.lvt) entry = kLvtMask;
  // As firmware leaves the bootstrap processor: virtual wire mode (MultiProcessor Specification, 3.6.2.2).
  if (pic_ != nullptr) {
    state_.lvt[kLvtLint0] = static_cast<u32>(DeliveryMode::ExtInt) << 8;
    state_.lvt[kLvtLint1] = static_cast<u32>(DeliveryMode::Nmi) << 8;
  }
  events_.disarm(timer_);
}

void LocalApic::set_global_enable(bool enable) {
  if (enable == state_.global_enable) return;
  reset();
  state_.global_enable = enable;
}

// --- Priorities and the processor's side (11.8.3, 11.8.4).

int LocalApic::highest(const u32 (&set)[8]) const {
  for (int word = 7; word >= 0; --word) {
    if (set[word] != 0) return word * 32 + 31 - __builtin_clz(set[word]);
  }
  return -1;
}

u32 LocalApic::processor_priority() const {
  const u32 in_service = static_cast<u32>(std::max(highest(state_.isr), 0));
  return (state_.tpr >> 4) >= (in_service >> 4) ? state_.tpr : in_service & 0xf0;
}

bool LocalApic::ext_int_passes() const {
  if (!state_.global_enable) return true;
  const u32 lint0 = state_.lvt[kLvtLint0];
  return (lint0 & kLvtMask) == 0 && static_cast<DeliveryMode>(bits(lint0, 8, 3)) == DeliveryMode::ExtInt;
}

bool LocalApic::interrupt_pending() const {
  if (pic_interrupts()) return true;
  if (!state_.global_enable || !software_enabled()) return false;
  const int vector = highest(state_.irr);
  return vector >= 0 && (static_cast<u32>(vector) >> 4) > (processor_priority() >> 4);
}

u8 LocalApic::acknowledge_interrupt() {
  if (pic_interrupts()) return pic_->acknowledge_interrupt();
  const int found = highest(state_.irr);
  // The request may have sunk below the priority since the processor saw it (11.9).
  if (found < 0 || (static_cast<u32>(found) >> 4) <= (processor_priority() >> 4)) return static_cast<u8>(state_.svr);
  const u8 vector = static_cast<u8>(found);
  clear_bit(state_.irr, vector);
  set_bit(state_.isr, vector);
  return vector;
}

void LocalApic::end_of_interrupt() {
  const int found = highest(state_.isr);
  if (found < 0) return;
  const u8 vector = static_cast<u8>(found);
  clear_bit(state_.isr, vector);
  if (test_bit(state_.tmr, vector) && io_apic_ != nullptr) io_apic_->end_of_interrupt(vector);
}

// --- Accepting interrupts.

void LocalApic::error(u32 bit) {
  state_.esr_pending |= bit;
  fire(kLvtError);
}

void LocalApic::request(u8 vector, TriggerMode trigger) {
  if (vector < 16) {
    // An illegal vector of the error entry itself is not reported again.
    if (bits(state_.lvt[kLvtError], 0, 8) >= 16)
      error(kReceiveIllegalVector);
    else
      state_.esr_pending |= kReceiveIllegalVector;
    return;
  }
  set_bit(state_.irr, vector);
  if (trigger == TriggerMode::Level)
    set_bit(state_.tmr, vector);
  else
    clear_bit(state_.tmr, vector);
  callbacks_.look();
}

bool LocalApic::addressed(const ApicMessage& m) const {
  if (!state_.global_enable) return false;
  if (m.destination == kBroadcast) return true;
  if (m.destination_mode == DestinationMode::Physical) return m.destination == state_.id >> kIdShift;
  const u32 logical = state_.ldr >> 24;
  if ((state_.dfr >> 28) == 0xf) return (logical & m.destination) != 0;                      // flat model (11.6.2.2)
  return (logical >> 4) == u32{m.destination} >> 4 && (logical & m.destination & 0xf) != 0;  // cluster model
}

void LocalApic::accept(const ApicMessage& m) {
  switch (m.delivery) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority:
      if (software_enabled()) request(m.vector, m.trigger);
      break;
    // The rest comes through whether it is enabled by software or not (11.4.7.2).
    case DeliveryMode::Nmi:
      nmi.set(true);
      nmi.set(false);
      break;
    case DeliveryMode::Init: callbacks_.init(); break;
    case DeliveryMode::StartUp: callbacks_.start_up(m.vector); break;
    case DeliveryMode::Smi:            // there is no system management mode
    case DeliveryMode::ExtInt: break;  // comes by LINT0
  }
}

// The focus processor has the interrupt in service or waiting already; software may switch the check off (11.9).
bool LocalApic::is_focus(u8 vector) const {
  return (state_.svr & kSvrNoFocusCheck) == 0 && (test_bit(state_.isr, vector) || test_bit(state_.irr, vector));
}

// The arbitration priority register (11.6.2.4): what a lowest-priority interrupt would have to wait for here.
u32 LocalApic::arbitration_priority() const {
  const u32 requested = static_cast<u32>(std::max(highest(state_.irr), 0)) >> 4;
  const u32 in_service = static_cast<u32>(std::max(highest(state_.isr), 0)) >> 4;
  const u32 task = state_.tpr >> 4;
  return task >= requested && task > in_service ? state_.tpr : std::max(task & in_service, requested) << 4;
}

void LocalApic::fire(Lvt which) {
  const u32 entry = state_.lvt[which];
  if ((entry & kLvtMask) != 0) return;
  const auto delivery =
      which == kLvtTimer || which == kLvtError ? DeliveryMode::Fixed : static_cast<DeliveryMode>(bits(entry, 8, 3));
  accept(ApicMessage{.vector = static_cast<u8>(entry), .delivery = delivery});
}

void LocalApic::set_line(u32 pin, bool level) {
  if (pin != kPinLint1Nmi) return;
  const bool rises = level && !state_.nmi_line;
  state_.nmi_line = level;
  if (!rises) return;
  if (state_.global_enable) {
    fire(kLvtLint1);
  } else {
    nmi.set(true);
    nmi.set(false);
  }
}

// Interprocessor interrupts (11.6.1). All are edges but the INIT level de-assert, which processors since the Pentium 4
// take for nothing.
void LocalApic::send(u32 icr) {
  enum Shorthand : u32 { kNone, kSelf, kAllWithSelf, kAllButSelf };
  const u32 shorthand = bits(icr, 18, 2);
  const auto delivery = static_cast<DeliveryMode>(bits(icr, 8, 3));
  const bool starts = delivery == DeliveryMode::Init || delivery == DeliveryMode::StartUp;
  const u8 vector = static_cast<u8>(icr);
  if ((delivery == DeliveryMode::Fixed || delivery == DeliveryMode::LowestPriority) && vector < 16) {
    error(kSendIllegalVector);
    return;
  }
  if (delivery == DeliveryMode::ExtInt || delivery == DeliveryMode::Smi) return;  // 11.6.1: reserved; no SMM here
  if (delivery == DeliveryMode::Init && (icr & kIcrLevel) != 0 && (icr & kIcrAssert) == 0) return;
  ApicMessage message{.vector = vector, .delivery = delivery, .destination = kBroadcast};
  switch (shorthand) {
    // Tables 11-3 and 11-4: nobody resets or starts itself. (That they allow no NMI either, no processor minds.)
    case kSelf:
      if (!starts) accept(message);
      return;
    case kAllWithSelf:
      if (starts) return;
      break;
    case kAllButSelf: message.except = this; break;
    default:
      message.destination_mode = static_cast<DestinationMode>(bits(icr, 11, 1));
      message.destination = static_cast<u8>(state_.icr_high >> kIdShift);
  }
  bus_.deliver(message);
}

// --- Registers.

u64 LocalApic::io_read(u64 offset, u32 size) {
  // 11.4.1: aligned accesses of 32 bits; the rest is undefined.
  if (size != 4 || offset % 16 != 0) return 0;
  return read_register(static_cast<u32>(offset / 16));
}

void LocalApic::io_write(u64 offset, u32 size, u64 value) {
  if (size != 4 || offset % 16 != 0) return;
  write_register(static_cast<u32>(offset / 16), static_cast<u32>(value));
}

u32 LocalApic::read_register(u32 index) {
  if (index >= kIsr && index < kIsr + 8) return state_.isr[index - kIsr];
  if (index >= kTmr && index < kTmr + 8) return state_.tmr[index - kTmr];
  if (index >= kIrr && index < kIrr + 8) return state_.irr[index - kIrr];
  if (index >= kLvtFirst && index < kLvtFirst + kLvtCount) return state_.lvt[index - kLvtFirst];
  switch (index) {
    case kId: return state_.id;
    case kVersion: return kVersionValue;
    case kTpr: return state_.tpr;
    case kApr: return arbitration_priority();
    case kPpr: return processor_priority();
    case kEoi: return 0;
    case kLdr: return state_.ldr;
    case kDfr: return state_.dfr;
    case kSvr: return state_.svr;
    case kEsr: return state_.esr;
    case kIcrLow: return state_.icr_low;
    case kIcrHigh: return state_.icr_high;
    case kTimerInitial: return state_.timer_initial;
    case kTimerCurrent: return timer_count();
    case kTimerDivide: return state_.timer_divide;
    default: error(kIllegalRegister); return 0;
  }
}

void LocalApic::write_register(u32 index, u32 value) {
  if (index >= kLvtFirst && index < kLvtFirst + kLvtCount) {
    const u32 which = index - kLvtFirst;
    state_.lvt[which] = value & kLvtWritable[which];
    if (!software_enabled()) state_.lvt[which] |= kLvtMask;
    if (which == kLvtTimer) schedule_timer();
    return;
  }
  switch (index) {
    case kId: state_.id = value & 0xff000000; break;
    case kTpr: state_.tpr = value & 0xff; break;
    case kEoi: end_of_interrupt(); break;
    case kLdr: state_.ldr = value & 0xff000000; break;
    case kDfr: state_.dfr = value | 0x0fffffff; break;
    case kSvr:
      // Software disable masks all local vectors (11.4.7.2).
      if (software_enabled() && (value & kSvrEnable) == 0) {
        for (u32& entry : state_.lvt) entry |= kLvtMask;
        schedule_timer();
      }
      state_.svr = value & 0x3ff;
      break;
    case kEsr:
      state_.esr = state_.esr_pending;
      state_.esr_pending = 0;
      break;
    case kIcrLow:
      state_.icr_low = value & 0x000ccfff;
      send(state_.icr_low);
      break;
    case kIcrHigh: state_.icr_high = value & 0xff000000; break;
    case kTimerInitial:
      state_.timer_initial = value;
      state_.timer_start = clock_.now();
      schedule_timer();
      break;
    case kTimerDivide: {
      // The count goes on from where it is, at the new pace.
      const u32 count = timer_count();
      state_.timer_divide = value & 0xb;
      // May lie before tick 0: then it wraps, and so do the differences that are taken with it.
      state_.timer_start = clock_.now() - u64{state_.timer_initial - count} * timer_divider() * kTicksPerBusClock;
      schedule_timer();
      break;
    }
    case kVersion:
    case kApr:
    case kPpr:
    case kTimerCurrent: break;  // read only
    default:
      if (index >= kIsr && index < kIsr + 24) break;
      error(kIllegalRegister);
  }
}

// --- Timer (11.5.4).

u64 LocalApic::timer_divider() const {
  const u32 code = (state_.timer_divide & 3) | (state_.timer_divide >> 1 & 4);
  return code == 7 ? 1 : u64{2} << code;
}

u32 LocalApic::timer_count() const {
  if (state_.timer_initial == 0) return 0;
  const u64 clocks = (clock_.now() - state_.timer_start) / (timer_divider() * kTicksPerBusClock);
  if (clocks < state_.timer_initial) return static_cast<u32>(state_.timer_initial - clocks);
  if ((state_.lvt[kLvtTimer] & kLvtPeriodic) == 0) return 0;
  return static_cast<u32>(state_.timer_initial - clocks % state_.timer_initial);
}

// The fastest period is ten ticks, so the guest always comes to run between two events.
void LocalApic::schedule_timer() {
  const bool masked = (state_.lvt[kLvtTimer] & kLvtMask) != 0;
  if (state_.timer_initial == 0 || masked) {
    events_.disarm(timer_);
    return;
  }
  const u64 period = u64{state_.timer_initial} * timer_divider() * kTicksPerBusClock;
  const u64 elapsed = clock_.now() - state_.timer_start;
  if ((state_.lvt[kLvtTimer] & kLvtPeriodic) != 0)
    events_.arm(timer_, state_.timer_start + (elapsed / period + 1) * period);
  else if (elapsed < period)
    events_.arm(timer_, state_.timer_start + period);
  else
    events_.disarm(timer_);
}

void LocalApic::on_event(u32, Ticks) {
  fire(kLvtTimer);
  schedule_timer();
}

}  // namespace paemu
