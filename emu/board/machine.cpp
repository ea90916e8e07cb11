// The façade's life: making it, the run loop, and what goes in and out of it.
#include "board/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "board/hotplug_plan.hpp"
#include "board/pc_machine.hpp"
#include "cpu/machine_check.hpp"
#include "replay/arrival.hpp"

namespace paemu {

namespace {

// _OST source events (ACPI 6.x, table 6-214) and status codes (tables 6-215 and 6-217).
constexpr u32 kOstEjectRequest = 0x03;
constexpr u32 kOstEjectByOspm = 0x103;
constexpr u32 kOstSuccess = 0x00;
constexpr u32 kOstFailure = 0x01;
constexpr u32 kOstEjectNotSupported = 0x80, kOstEjectDependencyBusy = 0x83;  // and what lies between: refusals
constexpr u32 kOstEjectInProgress = 0x84;

// Clients take these statuses of a removal for a refusal; what they would not understand is told in words of its own.
bool plain_refusal(u32 status) {
  return status == kOstFailure || (status >= kOstEjectNotSupported && status <= kOstEjectDependencyBusy);
}

constexpr std::string_view kGuestPrefix = "guest: ";  // how dev/port_e9 marks its lines

}  // namespace

void GuestMessages::line(std::string_view text) {
  if (text.starts_with(kGuestPrefix)) last_ = text.substr(kGuestPrefix.size());
  log_.line(text);
}

Or<std::unique_ptr<Machine>> Machine::create(MachineConfig config, Images images, SerialSink& serial, Log& log,
                                             const EngineOptions& engine) {
  auto machine = std::make_unique<PcMachine>(std::move(config), std::move(images), log, engine);
  TRY(machine->build(serial));
  return std::unique_ptr<Machine>(std::move(machine));
}

Or<> PcMachine::build(SerialSink& serial) {
  engine_.on_difference = [this] { stop(StopReason::Diverged); };
  pc_ = TRY(Pc::create(config_, images_, serial, log_, *this, engine_));
  memory_hash_ = std::make_unique<MemoryHash>(pc_->memory);
  return {};
}

// --- The run loop.

StopReason PcMachine::run(InputSource& input, u64 max_ticks) {
  const u64 begin = pc_->clock.now().value;
  const Ticks end{max_ticks > ~u64{0} - begin ? ~u64{0} : begin + max_ticks};
  for (;;) {
    settle(input);
    if (stop_ != StopReason::None) return std::exchange(stop_, StopReason::None);
    if (pc_->clock.now() >= end || input.interrupted()) return StopReason::None;
    fresh_ = false;
    if (!pc_->processors.choose()) {
      idle(input);
    } else {
      const Ticks now = pc_->clock.now();
      const Ticks stop_at = std::min({end, pc_->events.next_deadline(), input.next_poll(position())});
      // An event that is always due, or a source that always wants to be asked, must not keep the guest from moving.
      pc_->processors.run(stop_at > now ? stop_at - now : 1);
    }
  }
}

void PcMachine::settle(InputSource& input) {
  // What the guest did to itself comes before input of the same position: a run may end here.
  if (std::exchange(reset_requested_, false)) reset(true, StopReason::GuestReset);
  reset_after_shutdown();
  pc_->events.run_due(pc_->clock.now());
  while (stop_ == StopReason::None) {
    const std::optional<Arrival> arrival = input.poll(position());
    if (!arrival) return;
    inject(*arrival);
    reset_after_shutdown();  // a machine check can't be handled: the run ends here, not at the next boundary
    pc_->events.run_due(pc_->clock.now());
  }
}

void PcMachine::idle(InputSource& input) {
  const Ticks deadline = pc_->events.next_deadline();
  const Ticks until =
      std::min(input.idle(position(), deadline, pc_->processors.interruptible() ? Wake::kInterrupt : Wake::kNonMaskableOnly), deadline);
  if (until == kNever) return stop(StopReason::Deadlock);
  if (until > pc_->clock.now()) pc_->clock.idle += until - pc_->clock.now();
}

void PcMachine::reset_after_shutdown() {
  if (pc_->processors.shut_down()) reset(true, StopReason::TripleFault);
}

void PcMachine::stop(StopReason reason) {
  // The first reason counts, except that a divergence is news whatever else happens.
  if (stop_ == StopReason::None || reason == StopReason::Diverged) stop_ = reason;
  pc_->processors.current().cpu.request_stop();
}

void PcMachine::reset(bool by_guest, StopReason without_reboot) {
  if (!config_.reboot) return stop(without_reboot);
  pc_->reset();
  if (!config_.boot_once.empty()) pc_->set_boot_order(config_.boot_order);
  emit(MachineEvent{.kind = MachineEvent::Kind::Reset, .guest = by_guest});
}

// --- Input.

void PcMachine::inject(const Arrival& arrival) {
  fresh_ = false;
  if (Or<> delivered = deliver(arrival); !delivered) {
    log_.line(
        fmt::format("{} came too late and was dropped: {}", arrival::name(arrival.kind), delivered.error().sentence));
  }
}

Or<> PcMachine::deliver(const Arrival& arrival) {
  if (!arrival::well_formed(arrival)) return fail("its payload is malformed");
  switch (arrival.kind) {
    case InputKind::SerialBytes: {
      const auto serial = arrival::read_serial(arrival);
      pc_->receive_serial(serial->stream, serial->bytes);
      return {};
    }
    case InputKind::Key: pc_->press_keys(arrival.payload); return {};
    case InputKind::Pointer: {
      const auto p = arrival::read_pointer(arrival);
      pc_->move_mouse(p->dx, p->dy, p->dz, p->buttons);
      return {};
    }
    case InputKind::RtcStart: pc_->start_rtc(*arrival::read_rtc_start(arrival)); return {};
    case InputKind::DimmInsert: return pc_->insert_dimm(TRY(plan_insert(*arrival::read_dimm(arrival))));
    case InputKind::DimmEjectRequest: return pc_->request_eject(*arrival::read_id(arrival));
    case InputKind::DimmSurprisePull: return pc_->pull_dimm(*arrival::read_id(arrival));
    case InputKind::MediumChange: {
      const auto change = arrival::read_medium_change(arrival);
      return pc_->storage.change_medium(change->drive, change->medium);
    }
    case InputKind::EjectButton: return pc_->storage.press_eject(*arrival::read_id(arrival));
    case InputKind::PowerButton:
      pc_->press_power_button();
      emit(MachineEvent{.kind = MachineEvent::Kind::PowerDown});
      return {};
    case InputKind::Reset: reset(arrival.payload[0] == 1, StopReason::GuestReset); return {};
    case InputKind::NonMaskable: pc_->raise_nmi(); return {};
    case InputKind::MachineCheck: {
      const auto e = arrival::read_machine_check(arrival);
      if (e->processor >= pc_->processors.count())
        return fail("there is no processor " + std::to_string(e->processor));
      Cpu& cpu = pc_->processors[e->processor].cpu;
      if (!cpu.model.has(Feature::kMca)) return fail("the processor has no machine-check architecture");
      report_machine_check(cpu, {e->bank, e->status, e->global_status, e->address, e->misc});
      return {};
    }
    case InputKind::Entropy: return pc_->seed_entropy(*arrival::read_entropy(arrival));
  }
  return {};
}

Or<DimmSpec> PcMachine::plan_insert(DimmSpec wanted) const {
  return paemu::plan_insert(config_, pc_->memory.dimms(), std::move(wanted));
}

Or<> PcMachine::check_eject(const std::string& id) const { return paemu::check_eject(pc_->memory.dimms(), id); }

// --- What the guest does to the world.

void PcMachine::on_power_off() {
  emit(MachineEvent{.kind = MachineEvent::Kind::Shutdown, .guest = true});
  stop(StopReason::GuestPowerOff);
}

void PcMachine::on_reset_request() {
  reset_requested_ = true;
  pc_->processors.current().cpu.request_stop();
}

void PcMachine::on_debug_exit(u32 value) {
  exit_code_ = static_cast<int>((value << 1 | 1) & 0xff);
  stop(StopReason::DebugExit);
}

void PcMachine::on_dimm_ejected(const DimmSpec& dimm) {
  emit(MachineEvent{.kind = MachineEvent::Kind::DeviceDeleted, .device = dimm.id, .slot = dimm.slot, .guest = true});
}

void PcMachine::on_tray_moved(const std::string& drive, bool open) {
  emit(MachineEvent{.kind = MachineEvent::Kind::TrayMoved, .device = drive, .open = open});
}

void PcMachine::on_ost(u32 slot, u32 source, u32 status) {
  MachineEvent event{
      .kind = MachineEvent::Kind::AcpiDeviceOst, .slot = slot, .source = source, .status = status, .guest = true};
  for (const auto& dimm : pc_->memory.dimms()) {
    if (dimm->spec().socket == Socket::Hotplug && dimm->spec().slot == slot) event.device = dimm->spec().id;
  }
  event.message = log_.take();
  emit(event);
  const bool removal = source == kOstEjectRequest || source == kOstEjectByOspm;
  if (removal && status != kOstSuccess && status != kOstEjectInProgress && !plain_refusal(status)) {
    event.kind = MachineEvent::Kind::UnplugGuestError;
    emit(event);
  }
}

}  // namespace paemu
