#include "replay/recorder.hpp"

#include <algorithm>

#include "replay/arrival.hpp"
#include "replay/version.hpp"

namespace paemu {

namespace {

// Arrivals are written when this much of the run (or this many bytes) has gone by, so that a dying host loses little.
constexpr u64 kFlushTicks = 250'000'000;
constexpr usize kFlushBytes = 256 * 1024;

// Idle time is cheap to replay and can pass a million times faster than instructions, so it counts for less.
constexpr u64 kIdleWeight = 100;

// An interval pays for a checkpoint that finds this many pages written, each of which costs the host about half a
// microsecond: its hash, and the slow way that the guest's next store to it takes. After more of them the next checkpoint is
// further off in proportion, so that checkpoints have the same small share of the time whatever a guest writes.
constexpr u64 kPagesPerInterval = 2000;

Or<> write_snapshot(Machine& machine, TraceWriter& writer, TraceStart& start) {
  TRY(writer.state(machine.save_state()));
  Or<> result;
  machine.visit_pages([&](Pfn frame, std::span<const u8> page) {
    if (!result) return;
    ++start.pages;
    result = writer.page(frame, page);
  });
  return result;
}

}  // namespace

Or<std::unique_ptr<Recorder>> Recorder::start(Machine& machine, InputSource& live, TraceOutput& output) {
  TraceConfig config{kNameAndVersion, machine.schema(), machine.config(), {}};
  const Images& images = machine.images();
  config.images[0] = digest(images.firmware);
  config.images[1] = digest(images.kernel);
  config.images[2] = digest(images.initrd);
  config.images[3] = digest(images.vga_rom);
  TraceWriter writer = TRY(TraceWriter::start(output, config, images));
  TraceStart start;
  start.snapshot = !machine.fresh();
  if (start.snapshot) TRY(write_snapshot(machine, writer, start));
  // Also the point from which written pages are listed, here and in the player.
  const Checkpoint here = machine.checkpoint();
  start.at = here.at;
  start.hash = here.hash;
  TRY(writer.begin(start));
  std::unique_ptr<Recorder> recorder(new Recorder(machine, live, std::move(writer)));
  machine.set_journal(&recorder->disks_);
  return recorder;
}

Recorder::Recorder(Machine& machine, InputSource& live, TraceWriter writer)
    : machine_(machine),
      live_(live),
      writer_(std::move(writer)),
      least_interval_(machine.config().checkpoint_interval),
      interval_(least_interval_),
      last_checkpoint_(machine.position()),
      last_flush_(machine.position().now) {}

// The tick of the next checkpoint if the processor does not halt before it.
Ticks Recorder::next_checkpoint(Position now) const {
  if (interval_ == 0) return kNever;
  const u64 done = now.retired - last_checkpoint_.retired;
  const u64 waited = now.now - last_checkpoint_.now;
  const u64 patience = interval_ > ~u64{0} / kIdleWeight ? ~u64{0} : interval_ * kIdleWeight;
  if (done >= interval_ || waited >= patience) return now.now;
  const u64 ahead = std::min(interval_ - done, patience - waited);
  return ahead > kNever - now.now ? kNever : now.now + ahead;
}

void Recorder::note(Or<> result) {
  if (result || finished_) return;
  error_ = std::move(result.error());
  finished_ = true;
  machine_.set_journal(nullptr);
}

Ticks Recorder::next_poll(Position now) {
  const Ticks live = live_.next_poll(now);
  return finished_ ? live : std::min(live, next_checkpoint(now));
}

std::optional<Arrival> Recorder::poll(Position now) {
  if (!finished_ && next_checkpoint(now) == now.now) {
    const Checkpoint checkpoint = machine_.checkpoint();
    note(writer_.checkpoint(checkpoint));
    interval_ = least_interval_ * std::max<u64>(checkpoint.written.size(), kPagesPerInterval) / kPagesPerInterval;
    last_checkpoint_ = now;
    last_flush_ = now.now;
  }
  std::optional<Arrival> arrival = live_.poll(now);
  if (finished_) return arrival;
  if (arrival) {
    arrival->at = now;
    writer_.arrival(*arrival);
    ++arrivals_;
  }
  if (writer_.buffered() >= kFlushBytes || now.now - last_flush_ >= kFlushTicks) {
    note(writer_.flush());
    last_flush_ = now.now;
  }
  return arrival;
}

Ticks Recorder::idle(Position now, Ticks deadline, Wake wake) {
  if (finished_) return live_.idle(now, deadline, wake);
  // Nobody knows how long the host will sleep, so what there is goes out first.
  if (deadline == kNever || wake == Wake::kNonMaskableOnly) note(writer_.flush());
  // A checkpoint that falls into idle time is taken after it: its position says when.
  return live_.idle(now, deadline, wake);
}

Or<> Recorder::finish(StopReason reason) {
  if (!finished_) note(writer_.end(TraceEnd{machine_.checkpoint(), reason}));
  finished_ = true;
  machine_.set_journal(nullptr);
  if (error_) return fail(error_->sentence);
  return {};
}

}  // namespace paemu
