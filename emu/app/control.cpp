// What the monitor asks of the run: monitor::Control.
#include "app/emulator.hpp"
#include "host/picture_file.hpp"
#include "host/trace_files.hpp"

namespace paemu::app {

using monitor::RunState;
using Kind = MachineEvent::Kind;

void Emulator::pause() {
  if (state_ != RunState::Running) return;
  state_ = RunState::Paused;
  report(Kind::Stop);
}

Or<> Emulator::resume() {
  if (state_ == RunState::Running) return {};
  if (state_ == RunState::Shutdown) return fail("the guest has shut down; system_reset starts it anew");
  state_ = RunState::Running;
  report(Kind::Resume);
  return {};
}

void Emulator::quit() { leave("host-qmp-quit"); }

Or<> Emulator::submit(Arrival arrival) {
  if (replaying()) return fail("a replay takes no input but the recorded one");
  const bool reset = arrival.kind == InputKind::Reset;
  live_->queue(std::move(arrival));
  // At the present position, so that the next command finds it done, also while paused.
  const StopReason reason = machine_->run(source(), 0);
  if (state_ == RunState::Shutdown && reset) state_ = RunState::Paused;
  if (reason != StopReason::None) handle(reason);
  return {};
}

Or<> Emulator::submit_in_turn(Arrival arrival, u64 gap_ns) {
  if (replaying()) return fail("a replay takes no input but the recorded one");
  live_->queue_in_turn(std::move(arrival), gap_ns);
  return {};
}

Or<> Emulator::record_start(const std::string& path) {
  if (replaying()) return fail("a replay can't be recorded; copy the trace instead");
  if (recorder_ != nullptr) return fail("already recording into " + trace_path_ + "; record stop ends that");
  std::unique_ptr<TraceOutput> output = TRY(host::FileTraceOutput::create(path));
  recorder_ = TRY(Recorder::start(*machine_, *live_, *output));
  trace_output_ = std::move(output);
  trace_path_ = path;
  return {};
}

Or<> Emulator::record_stop() {
  if (recorder_ == nullptr) return fail("nothing is being recorded");
  const Or<> finished = recorder_->finish(StopReason::Paused);
  recorder_.reset();
  trace_output_.reset();
  if (!finished) return fail("the recording ended badly: " + finished.error().sentence);
  return {};
}

Or<> Emulator::screendump(const std::string& path, monitor::PictureFormat format) {
  using monitor::PictureFormat;
  const std::string& file = path.empty() ? options_.display.path : path;
  if (file.empty()) return fail("a file's name is missing: screendump FILE");
  Picture picture;
  if (!machine_->picture(picture)) return fail("the machine has no display (-vga none)");
  return host::write_picture(file, picture,
                             format == PictureFormat::Png   ? host::PictureFormat::kPng
                             : format == PictureFormat::Ppm ? host::PictureFormat::kPpm
                                                            : host::picture_format(file));
}

Or<MediumSpec> Emulator::open_medium(const std::string& path, bool read_only) {
  if (disks_ == nullptr) return fail("a replay opens no images");
  return disks_->add(TRY(open_image(path, read_only, options_.snapshot)), path);
}

Or<> Emulator::commit_medium(u32 number) {
  if (disks_ == nullptr) return fail("a replay has no images");
  return disks_->commit(number);
}

std::string Emulator::record_status() const {
  if (player_ != nullptr)
    return "replaying " + reader_->name() + ": " + std::to_string(player_->checkpoints_passed()) +
           " checkpoints passed, ends at " + std::to_string(player_->end().retired) + " retired instructions";
  if (recorder_ != nullptr)
    return "recording into " + trace_path_ + ": " + std::to_string(recorder_->arrivals()) + " arrivals";
  return "not recording";
}

}  // namespace paemu::app
