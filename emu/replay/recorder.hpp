// Recorder: stands between the machine and a live source, and writes what passes into a trace.
//
//   auto recorder = TRY(Recorder::start(machine, live, output));   // -record from the start, or in mid-run
//   machine.run(*recorder, ...);                                    // as often as wanted
//   TRY(recorder->finish(reason));                                  // the run, or just the recording, ends here
//
// Recording does not alter the guest. A trace that can't be written any more (disk full) ends the recording, not the
// run: error() says why, and input goes on passing through.
#pragma once

#include <memory>
#include <optional>

#include "board/machine.hpp"
#include "replay/disk_log.hpp"
#include "replay/trace_writer.hpp"

namespace paemu {

class Recorder : public InputSource {
 public:
  // machine, live, output: outlive the recorder. Not called from within Machine::run(). A machine that is not fresh()
  // is written as a snapshot first.
  static Or<std::unique_ptr<Recorder>> start(Machine& machine, InputSource& live, TraceOutput& output);

  ~Recorder() override { machine_.set_journal(nullptr); }
  Ticks next_poll(Position now) override;
  std::optional<Arrival> poll(Position now) override;
  Ticks idle(Position now, Ticks deadline, Wake wake) override;
  bool interrupted() const override { return live_.interrupted(); }

  // Writes what is still buffered and the last checkpoint. Nothing is recorded afterwards.
  Or<> finish(StopReason reason);

  bool recording() const { return !finished_; }
  const std::optional<Error>& error() const { return error_; }
  u64 arrivals() const { return arrivals_; }

 private:
  Recorder(Machine& machine, InputSource& live, TraceWriter writer);
  void note(Or<> result);
  Ticks next_checkpoint(Position now) const;

  Machine& machine_;
  InputSource& live_;
  TraceWriter writer_;
  u64 least_interval_;        // MachineConfig::checkpoint_interval
  u64 interval_;              // from the last checkpoint to the next, in instructions
  Position last_checkpoint_;  // or the start
  Ticks last_flush_;
  u64 arrivals_ = 0;
  bool finished_ = false;
  std::optional<Error> error_;
  DiskLog disks_{[this](const DiskEntry& entry) { note(writer_.block(entry)); }};
};

}  // namespace paemu
