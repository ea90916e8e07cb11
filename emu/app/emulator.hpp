// Emulator: one run of the program: a machine, its input, its consoles, and the loop that drives them.
//
// Two loops in one: Machine::run in slices, and between slices the host's event loop, where everything that people and
// programs send is taken. So commands never run in the middle of the guest's time.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "app/consoles.hpp"
#include "app/options.hpp"
#include "board/machine.hpp"
#include "host/disk_image.hpp"
#include "host/event_loop.hpp"
#include "host/file.hpp"
#include "host/live_input.hpp"
#include "host/perf_map.hpp"
#include "host/signals.hpp"
#include "host/wall_clock.hpp"
#include "host/window.hpp"
#include "monitor/monitor.hpp"
#include "replay/arrival.hpp"
#include "replay/player.hpp"
#include "replay/recorder.hpp"

namespace paemu::app {

// Exit codes that are not the guest's (odd) ones.
enum ExitCode : int { kExitFine = 0, kExitBadInput = 2, kExitDiverged = 3, kExitGuestStuck = 4 };

class Emulator final : private monitor::Control {
 public:
  Emulator(const Options& options, Log& log);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  // Builds everything. Errors: bad input; nothing has run then.
  Or<> prepare();
  // Until somebody or something ends it. Returns the exit code.
  int run();

 private:
  Or<> prepare_live();
  Or<> prepare_replay();
  EngineOptions engine_options();
  arrival::Entropy entropy_key() const;
  void greet();

  void slice();
  void feed_streams();
  void wait();
  void handle(StopReason reason);
  void end(StopReason reason, int exit_code);  // by the guest: -no-shutdown stays
  void leave(const char* reason);              // by somebody outside
  void end_replay(StopReason reason);
  void end_recording(StopReason reason);
  void report(MachineEvent::Kind kind, bool guest = false, std::string message = {});
  InputSource& source();
  Or<> open_window();
  void refresh_window();

  // --- monitor::Control
  Machine& machine() override { return *machine_; }
  monitor::RunState run_state() const override { return state_; }
  void pause() override;
  Or<> resume() override;
  void quit() override;
  Or<> submit(Arrival arrival) override;
  Or<> submit_in_turn(Arrival arrival, u64 gap_ns) override;
  Or<> record_start(const std::string& path) override;
  Or<> record_stop() override;
  std::string record_status() const override;
  Or<> screendump(const std::string& path, monitor::PictureFormat format) override;
  Or<MediumSpec> open_medium(const std::string& path, bool read_only) override;
  void discard_medium(u32 number) override { disks_->release(number); }
  Or<> commit_medium(u32 number) override;
  std::vector<monitor::ChardevInfo> chardevs() const override { return consoles_->describe(); }
  std::string name() const override { return options_.name; }
  i64 wall_clock_us() const override { return host::wall_clock_us(); }
  int process_id() const override { return host::process_id(); }
  bool replaying() const override { return player_ != nullptr; }

  const Options& options_;
  Log& log_;
  host::EventLoop loop_;
  std::unique_ptr<host::Signals> signals_;
  monitor::Monitor monitor_{*this};  // outlives the sessions that consoles_ holds
  std::unique_ptr<Consoles> consoles_;
  std::shared_ptr<host::DiskImages> disks_;  // of a live run
  std::optional<host::PerfMap> perf_map_;    // -perf-map
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<host::LiveInput> live_;
  std::unique_ptr<host::Window> window_;
  Picture screen_;         // what it was last given
  std::map<u32, std::vector<u8>> typed_;  // for the guest's streams, by number, which have no room yet

  // One of recording and replaying at most. The file outlives who uses it.
  std::unique_ptr<TraceOutput> trace_output_;
  std::unique_ptr<Recorder> recorder_;
  std::string trace_path_;
  std::unique_ptr<TraceInput> trace_input_;
  std::optional<TraceReader> reader_;
  std::unique_ptr<Player> player_;

  monitor::RunState state_ = monitor::RunState::Prelaunch;
  std::optional<int> exit_code_;  // set: leave
};

}  // namespace paemu::app
