#include "dev/virtio_pci.hpp"

#include <cassert>

#include "base/bits.hpp"
#include "dev/virtio_pci_layout.hpp"
#include "dev/virtio_status.hpp"

namespace paemu {

namespace {

using namespace virtio_layout;
using namespace virtio_status;

constexpr u8 kIsrQueue = 1, kIsrConfig = 2;
constexpr u16 kNoPin = 0x0400;            // command register, bit 10
constexpr u32 kInterruptStatus = 0x0008;  // status register, bit 3
constexpr u64 kLatency = 1000;            // ticks from a notification to its work

u32 vectors_for(const VirtioTraits& traits) { return static_cast<u32>(traits.queue_sizes.size()) + 1; }

}  // namespace

VirtioPci::VirtioPci(const std::string& name, VirtioDevice& device, VirtioDrivers drivers, PhysicalMemory& memory,
                     EventQueue& events, const VirtualClock& clock, ApicMessageSink& messages)
    : VirtioPciRegisters(device.traits(), drivers, vectors_for(device.traits())),
      PciFunction(rows),
      device_(device),
      drivers_(drivers),
      memory_(memory),
      events_(events),
      clock_(clock),
      msix_(vectors_for(device.traits()), messages),
      work_(events.add(name + ".work", *this)) {
  assert(device.traits().queue_sizes.size() <= VirtioDevice::kMostQueues);
  if (drivers != VirtioDrivers::kModernOnly) add_window({0, Space::kPorts, kLegacySize, &legacy_});
  add_window({1, Space::kMemory, Msix::kWindowSize, &msix_});
  if (drivers != VirtioDrivers::kLegacyOnly) add_window({4, Space::kMemory, kModernSize, &modern_});
  device.connect(*this);
  reset();
}

void VirtioPci::reset() {
  reset_config();
  msix_.reset();
  reset_device();
}

// By the driver (2.4) or by the machine. MSI-X is the function's and stays as it is.
void VirtioPci::reset_device() {
  state_ = State{};
  const std::vector<u16>& sizes = device_.traits().queue_sizes;
  for (usize i = 0; i < sizes.size(); ++i) state_.queues[i].size = sizes[i];
  events_.disarm(work_);
  device_.reset();
  update_pin();
}

// --- Features and status.

u64 VirtioPci::offered() const {
  using namespace virtio_feature;
  const u64 modern = drivers_ != VirtioDrivers::kLegacyOnly ? kVersion1 : 0;
  return device_.traits().features | kAnyLayout | kIndirect | kEventIndex | modern;
}

void VirtioPci::set_status(u8 status) {
  if (status == 0) return reset_device();
  const u8 before = state_.status;
  // 2.2.2: the device agrees only to what it offered; this interface is for drivers that know version 1.
  const bool agreed = (state_.features & ~offered()) == 0 && negotiated(virtio_feature::kVersion1);
  if ((status & kFeaturesOk) != 0 && (before & kFeaturesOk) == 0 && !agreed) status &= static_cast<u8>(~kFeaturesOk);
  state_.status = static_cast<u8>(status | (before & kNeedsReset));
  if ((status & ~before & kDriverOk) != 0) apply_command();
}

void VirtioPci::fail() {
  state_.status |= kNeedsReset;
  state_.pending = 0;
  events_.disarm(work_);
  if ((state_.status & kDriverOk) != 0) interrupt(kIsrConfig, state_.config_vector);  // 2.1.2
}

bool VirtioPci::runs() const {
  // Some legacy drivers use their queues before they say that they are ready (3.1.2).
  const bool ready = (state_.status & kDriverOk) != 0 || !negotiated(virtio_feature::kVersion1);
  return ready && (state_.status & kNeedsReset) == 0 && (command() & pci::kBusMaster) != 0;
}

void VirtioPci::config_changed() {
  ++state_.generation;
  if ((state_.status & kDriverOk) != 0) interrupt(kIsrConfig, state_.config_vector);
}

// --- The device's configuration.

u64 VirtioPci::device_config_read(u32 offset, u32 size) const {
  u64 value = 0;
  for (u32 i = 0; i < size && offset + i < device_.traits().config_size; ++i)
    value |= u64{device_.config_read(offset + i)} << (8 * i);
  return value;
}

void VirtioPci::device_config_write(u32 offset, u32 size, u64 value) {
  for (u32 i = 0; i < size && offset + i < device_.traits().config_size; ++i)
    device_.config_write(offset + i, static_cast<u8>(value >> (8 * i)));
}

// --- Queues.

VirtioQueueState* VirtioPci::selected() {
  return state_.queue_select < device_.traits().queue_sizes.size() ? &state_.queues[state_.queue_select] : nullptr;
}

VirtioRing VirtioPci::ring(u32 queue) {
  return VirtioRing(memory_, state_.queues[queue],
                    {negotiated(virtio_feature::kIndirect), negotiated(virtio_feature::kEventIndex)});
}

void VirtioPci::notify(u32 queue) {
  if (queue < device_.traits().queue_sizes.size() && runs()) schedule(queue);
}

void VirtioPci::schedule(u32 queue) {
  state_.pending |= bit<u32>(queue);
  if (!events_.armed(work_)) events_.arm(work_, clock_.now() + kLatency);
}

void VirtioPci::on_event(u32, Ticks now) {
  if (!runs()) {
    state_.pending = 0;
    return;
  }
  const u32 due = state_.pending;
  u64 again = VirtioDevice::kDone;
  state_.pending = 0;
  for (u32 queue = 0; queue < device_.traits().queue_sizes.size(); ++queue) {
    if ((due & bit<u32>(queue)) == 0) continue;
    const u16 before = state_.queues[queue].next_used;
    const u64 delay = device_.work(queue);
    if ((state_.status & kNeedsReset) != 0) return;
    if (!ring(queue).ask_for_notification()) return fail();
    if (state_.queues[queue].next_used != before && ring(queue).wants_interrupt())
      interrupt(kIsrQueue, state_.queues[queue].vector);
    if (delay == VirtioDevice::kDone) continue;
    state_.pending |= bit<u32>(queue);
    again = again == VirtioDevice::kDone ? delay : std::min(again, delay);
  }
  if (again != VirtioDevice::kDone && !events_.armed(work_)) events_.arm(work_, now + again);
}

bool VirtioPci::take(u32 queue, VirtioChain& chain) {
  if ((state_.status & kNeedsReset) != 0) return false;
  const VirtioRing::Taken taken = ring(queue).take(chain);
  if (taken == VirtioRing::Taken::kBroken) fail();
  return taken == VirtioRing::Taken::kChain;
}

void VirtioPci::give_back(u32 queue, const VirtioChain& chain, u32 written) {
  if ((state_.status & kNeedsReset) == 0 && !ring(queue).give_back(chain, written)) fail();
}

bool VirtioPci::read(const VirtioChain& chain, u64 offset, std::span<u8> out) {
  const bool done = read_chain(memory_, chain, offset, out);
  if (!done) fail();
  return done;
}

bool VirtioPci::write(const VirtioChain& chain, u64 offset, std::span<const u8> data) {
  const bool done = write_chain(memory_, chain, offset, data);
  if (!done) fail();
  return done;
}

// --- Interrupts.

void VirtioPci::set_vector(u16& vector, u32 value) {
  vector = value < msix_.vectors() ? static_cast<u16>(value) : VirtioQueueState::kNoVector;
}

void VirtioPci::interrupt(u8 isr, u16 vector) {
  if (msix_.enabled()) return msix_.raise(vector);
  state_.isr |= isr;
  update_pin();
}

u8 VirtioPci::read_isr() {
  const u8 isr = state_.isr;
  state_.isr = 0;
  update_pin();
  return isr;
}

void VirtioPci::update_pin() {
  const u32 status = config_value(pci::kStatus, 2) & ~kInterruptStatus;
  set_config_value(pci::kStatus, 2, status | (state_.isr != 0 ? kInterruptStatus : 0));
  irq.set(state_.isr != 0 && !msix_.enabled() && (command() & kNoPin) == 0);
}

// The command register or message control may have changed, or the driver may have become ready.
void VirtioPci::apply_command() {
  const u32 control = config_value(kMsixAt + 2, 2);
  const bool master = (command() & pci::kBusMaster) != 0;
  msix_.set_control((control & kMsixEnable) != 0, (control & kMsixMask) != 0 || !master);
  update_pin();
  for (u32 queue = 0; queue < device_.traits().queue_sizes.size(); ++queue) {
    if (state_.queues[queue].enabled) notify(queue);  // it may have been told before it could act
  }
}

}  // namespace paemu
