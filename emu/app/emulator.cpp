#include "app/emulator.hpp"

#include <algorithm>

#include "app/images.hpp"
#include "host/entropy.hpp"
#include "host/file.hpp"
#include "host/trace_files.hpp"
#include "replay/arrival.hpp"

namespace paemu::app {
namespace {

// A slice of Machine::run between two looks at the outside: some 20 ms of a busy guest.
constexpr u64 kSliceTicks = 2'000'000;
// Bytes for a stream that wait here before no more are read.
constexpr usize kMostTyped = 64 * 1024;

}  // namespace

using monitor::RunState;
using Kind = MachineEvent::Kind;

Emulator::Emulator(const Options& options, Log& log) : options_(options), log_(log) {}
Emulator::~Emulator() {
  if (!options_.pidfile.empty()) host::remove_file(options_.pidfile);
}

Or<> Emulator::prepare() {
  if (options_.perf_map) perf_map_.emplace(TRY(host::PerfMap::create()));
  TRY(options_.replay.empty() ? prepare_live() : prepare_replay());
  for (const BackendOption& backend : options_.backends) monitor_.backends()[backend.id] = {backend.size, backend.boot};
  machine_->on_event([this](const MachineEvent& event) { monitor_.on_event(event); });
  machine_->trace_instructions(options_.trace_instructions);
  consoles_->start(monitor_);
  consoles_->on_leave([this] { quit(); });
  if (options_.display.kind == DisplayOption::Kind::Sdl) TRY(open_window());
  if (!options_.pidfile.empty())
    TRY(host::write_file_whole(options_.pidfile, std::to_string(host::process_id()) + "\n"));
  greet();
  return {};
}

Or<> Emulator::prepare_live() {
  // All that can be refused is looked at before a terminal, a socket or a file is touched.
  Images images = TRY(load_images(options_));
  for (const std::string& path : {options_.record, options_.pidfile, options_.display.path})
    if (!path.empty()) TRY(host::check_writable(path));
  signals_ = std::make_unique<host::Signals>(loop_, [this](int) { leave("host-signal"); });
  consoles_ = TRY(Consoles::open(options_, loop_, log_));
  disks_ = std::make_shared<host::DiskImages>();
  MachineConfig config = options_.machine;
  config.drives = TRY(open_drives(options_.drives, options_.snapshot, *disks_));
  images.media = disks_;
  machine_ = TRY(Machine::create(std::move(config), std::move(images), *consoles_, log_, engine_options()));

  const bool paced = options_.pace == Switch::Auto
                         ? consoles_->interactive() || options_.display.kind == DisplayOption::Kind::Sdl
                         : options_.pace == Switch::On;
  live_ = std::make_unique<host::LiveInput>(loop_, paced ? host::Pacing::On : host::Pacing::Off,
                                            options_.rtc_start.value_or(host::wall_clock_us() / 1'000'000));
  const auto& virtio = options_.machine.virtio;
  if (std::any_of(virtio.begin(), virtio.end(),
                  [](const VirtioSpec& device) { return device.kind == VirtioSpec::Kind::kRng; }))
    live_->queue(arrival::entropy(entropy_key()));
  live_->on_sleep([this] { consoles_->flush(), feed_streams(); });
  consoles_->on_stream_input([this](u32 stream, std::span<const u8> bytes) {
    typed_[stream].insert(typed_[stream].end(), bytes.begin(), bytes.end());
  });
  if (!options_.record.empty()) TRY(record_start(options_.record));
  return {};
}

EngineOptions Emulator::engine_options() {
  EngineOptions engine = options_.engine;
  if (perf_map_) engine.code_names = &*perf_map_;
  return engine;
}

arrival::Entropy Emulator::entropy_key() const {
  if (!options_.seed) return host::random_key();
  arrival::Entropy key{};
  for (usize i = 0; i < sizeof(u64); ++i) key[i] = static_cast<u8>(*options_.seed >> (8 * i));
  return key;
}

Or<> Emulator::prepare_replay() {
  trace_input_ = TRY(host::FileTraceInput::open(options_.replay));
  reader_ = TRY(TraceReader::open(*trace_input_));
  Images images = TRY(reader_->images());
  signals_ = std::make_unique<host::Signals>(loop_, [this](int) { leave("host-signal"); });
  consoles_ = TRY(Consoles::open(options_, loop_, log_));
  machine_ = TRY(Machine::create(reader_->config().machine, std::move(images), *consoles_, log_, engine_options()));
  player_ = TRY(Player::start(*machine_, *reader_));
  return {};
}

void Emulator::greet() {
  if (consoles_->escapes() && (consoles_->interactive() || options_.bundled))
    log_.line("Ctrl-A c switches between the guest's console and the monitor, Ctrl-A x leaves");
}

int Emulator::run() {
  if (!options_.start_paused) state_ = RunState::Running;
  while (!exit_code_) {
    if (state_ == RunState::Running)
      slice();
    else
      wait();
  }
  consoles_->flush();
  if (options_.display.kind == DisplayOption::Kind::Png) {
    if (const Or<> written = screendump("", monitor::PictureFormat::Png); !written)
      log_.line("-display: " + written.error().sentence);
  }
  return *exit_code_;
}

InputSource& Emulator::source() {
  if (player_ != nullptr) return *player_;
  if (recorder_ != nullptr) return *recorder_;
  return *live_;
}

// The streams obey flow control: what the guest has no room for waits here, and then at the other end.
void Emulator::feed_streams() {
  if (live_ == nullptr) return typed_.clear();  // a replay has its own
  const bool quiet = live_->queue_empty();      // else what is queued may yet take the room
  for (auto& [stream, bytes] : typed_) {
    const usize count = quiet ? std::min<usize>(machine_->serial_queue_space(stream), bytes.size()) : 0;
    if (count != 0) live_->queue(arrival::serial_bytes(static_cast<u8>(stream), std::span(bytes).first(count)));
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    consoles_->hold_input(stream, bytes.size() >= kMostTyped);
  }
}

void Emulator::slice() {
  feed_streams();
  const StopReason reason = machine_->run(source(), kSliceTicks);
  consoles_->flush();
  if (reason != StopReason::None) handle(reason);
  if (recorder_ != nullptr && recorder_->error()) {
    log_.line("the recording ended: " + recorder_->error()->sentence);
    recorder_.reset();
    trace_output_.reset();
  }
  if (live_ == nullptr || !live_->slept_in_peace()) loop_.dispatch(0);  // such a sleep has just looked
  if (live_ != nullptr) live_->begin_slice();
}

void Emulator::wait() {
  consoles_->flush();
  loop_.dispatch(host::kForever);
}

void Emulator::handle(StopReason reason) {
  if (player_ != nullptr) return end_replay(reason);
  switch (reason) {
    case StopReason::None: break;
    case StopReason::Paused: pause(); break;
    case StopReason::GuestPowerOff: end(reason, kExitFine); break;
    case StopReason::GuestReset:
      report(Kind::Shutdown, true, "guest-reset");
      end(reason, kExitFine);
      break;
    case StopReason::DebugExit: end_recording(reason), exit_code_ = machine_->exit_code(); break;
    case StopReason::TripleFault:
      log_.line("the guest triple-faulted");
      report(Kind::Shutdown, true, "guest-panic");
      end(reason, kExitGuestStuck);
      break;
    case StopReason::Deadlock:
      log_.line("the guest halted, and nothing is left that could wake it");
      end(reason, kExitGuestStuck);
      break;
    case StopReason::InputEnded:
    case StopReason::Diverged: exit_code_ = kExitDiverged; break;
  }
}

void Emulator::end(StopReason reason, int exit_code) {
  end_recording(reason);
  if (options_.stay_after_shutdown) {
    state_ = RunState::Shutdown;
    report(Kind::Stop);
    return;
  }
  exit_code_ = exit_code;
}

void Emulator::leave(const char* reason) {
  report(Kind::Shutdown, false, reason);
  end_recording(StopReason::Paused);
  exit_code_ = kExitFine;
}

void Emulator::end_replay(StopReason reason) {
  exit_code_ = kExitFine;
  if (reason == StopReason::Diverged && !player_->divergence()) {  // the engines differ: they have said how
    exit_code_ = kExitDiverged;
  } else if (const Or<> finished = player_->finish(reason); !finished) {
    log_.line(finished.error().sentence);
    exit_code_ = kExitBadInput;
  } else if (player_->divergence()) {
    log_.line("the replay parted from the recording");
    std::string_view report = player_->divergence()->report;
    while (!report.empty()) {
      const usize end = std::min(report.find('\n'), report.size());
      log_.line(report.substr(0, end));
      report.remove_prefix(std::min(end + 1, report.size()));
    }
    exit_code_ = kExitDiverged;
  } else {
    log_.line("replayed to " + std::to_string(machine_->position().retired) + " retired instructions; all " +
              std::to_string(player_->checkpoints_passed()) + " checkpoints agree");
  }
}

void Emulator::end_recording(StopReason reason) {
  if (recorder_ == nullptr) return;
  if (const Or<> finished = recorder_->finish(reason); !finished)
    log_.line("the recording ended badly: " + finished.error().sentence);
  recorder_.reset();
  trace_output_.reset();
}

void Emulator::report(Kind kind, bool guest, std::string message) {
  MachineEvent event{.kind = kind, .guest = guest, .message = std::move(message)};
  monitor_.on_event(event);
}

}  // namespace paemu::app
