// The local APIC of a processor (SDM 3A, chapter 11 "Advanced programmable interrupt controller").
//
// It stands between the processor and the 8259A: while it is globally disabled, or LINT0 is unmasked as ExtINT (the
// virtual wire mode that firmware leaves, MultiProcessor Specification 3.6.2.2), interrupts of the 8259A pass through.
#pragma once

#include <functional>

#include "base/fields.hpp"
#include "bus/apic_bus.hpp"
#include "bus/interrupt_controller.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class LocalApic final : public IoDevice,
                        public InterruptController,
                        public ApicReceiver,
                        public LineInput,
                        public EventSink {
 public:
  static constexpr u64 kSize = 0x1000;
  // The timer counts the bus clock, 100 MHz, through its divider.
  static constexpr u64 kTicksPerBusClock = 10;

  enum Lvt : u32 { kLvtTimer, kLvtThermal, kLvtPerformance, kLvtLint0, kLvtLint1, kLvtError, kLvtCount };
  enum Pin : u32 { kPinLint1Nmi = 1 };  // set_line(): the NMI input; LINT0 is the 8259A's INTR

  // What it tells its processor beside interrupts.
  struct Callbacks {
    std::function<void()> init;                // an INIT: the processor will call init_reset()
    std::function<void(u8 vector)> start_up;   // a start-up IPI
    std::function<void()> look = [] {};        // something came: there may be an interrupt
  };

  struct State {
    u32 id = 0;           // bits 24-31 of the register
    u32 tpr = 0;          // task priority
    u32 ldr = 0;          // logical destination
    u32 dfr = ~0u;        // destination format
    u32 svr = 0xff;       // spurious vector, bit 8 software enable
    u32 esr = 0;          // error status, as the last write latched it
    u32 esr_pending = 0;  // errors since then
    u32 icr_low = 0, icr_high = 0;
    u32 lvt[kLvtCount] = {};
    u32 timer_initial = 0;
    u32 timer_divide = 0;  // divide configuration
    Ticks timer_start;     // when the running count was loaded
    u32 irr[8] = {}, isr[8] = {}, tmr[8] = {};
    bool global_enable = true;  // IA32_APIC_BASE bit 11
    bool nmi_line = false;
    FIELDS(id, tpr, ldr, dfr, svr, esr, esr_pending, icr_low, icr_high, lvt, timer_initial, timer_divide, timer_start,
           irr, isr, tmr, global_enable, nmi_line)
  };

  struct Wiring {
    EventQueue& events;
    const VirtualClock& clock;
    ApicMessageSink& bus;
    InterruptController* pic = nullptr;  // the 8259A's INTR and INTA, at the bootstrap processor; nullptr: not wired
  };
  // id: at reset, 0 to 254.
  LocalApic(const Wiring& wiring, u32 id, Callbacks callbacks);

  Line nmi;  // pulses to the processor's NMI input
  void connect_io_apic(ApicEoiSink& io_apic) { io_apic_ = &io_apic; }

  // Registers of 32 bits at multiples of 16. Other accesses read as zero and are ignored.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;

  bool interrupt_pending() const override;
  u8 acknowledge_interrupt() override;
  void set_line(u32 pin, bool level) override;
  void on_event(u32 event, Ticks now) override;

  // --- ApicReceiver.
  bool addressed(const ApicMessage& message) const override;
  bool arbitrates() const override { return state_.global_enable && software_enabled(); }
  bool is_focus(u8 vector) const override;
  u32 arbitration_priority() const override;
  void accept(const ApicMessage& message) override;

  // IA32_APIC_BASE bit 11 was written. Disabling forgets all but the identity (SDM 3A, 11.4.3).
  void set_global_enable(bool enable);

  void reset();
  // What an INIT does to it: all but its ID and the global enable (SDM 3A, 11.4.7.3).
  void init_reset();
  State& state() { return state_; }

 private:
  u32 read_register(u32 index);
  void write_register(u32 index, u32 value);
  bool software_enabled() const { return (state_.svr >> 8) & 1; }
  bool ext_int_passes() const;
  u32 processor_priority() const;
  int highest(const u32 (&set)[8]) const;
  bool pic_interrupts() const { return pic_ != nullptr && ext_int_passes() && pic_->interrupt_pending(); }
  void request(u8 vector, TriggerMode trigger);
  void end_of_interrupt();
  void send(u32 icr_low);
  void error(u32 bit);
  void fire(Lvt which);
  u64 timer_divider() const;
  u32 timer_count() const;
  void schedule_timer();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  ApicMessageSink& bus_;
  InterruptController* pic_;
  const u32 first_id_;
  Callbacks callbacks_;
  ApicEoiSink* io_apic_ = nullptr;
  EventQueue::Handle timer_;
};

}  // namespace paemu
