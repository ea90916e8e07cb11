// Player: an InputSource that gives a machine what a trace holds, at the recorded positions, and checks that the
// machine comes to the recorded states.
//
//   auto reader  = TRY(TraceReader::open(input));
//   auto machine = TRY(Machine::create(reader.config().machine, TRY(reader.images()), serial, log));
//   auto player  = TRY(Player::start(*machine, reader));
//   reason = machine->run(*player, ...) until it is not None;
//   TRY(player->finish(reason)); if (player->divergence()) ... exit code 3
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "board/machine.hpp"
#include "replay/trace_reader.hpp"

namespace paemu {

class Player : public InputSource {
 public:
  // machine: fresh, made from the trace's own configuration and images. Loads the snapshot, if any, and compares with
  // the hash that the recording started from. Errors: a state of another layout, a configuration that builds no such
  // machine.
  static Or<std::unique_ptr<Player>> start(Machine& machine, TraceReader& reader);

  Ticks next_poll(Position now) override;
  std::optional<Arrival> poll(Position now) override;
  Ticks idle(Position now, Ticks deadline, Wake wake) override;

  // After the run has stopped by itself: compares with the recorded end. Errors: the trace became unreadable.
  Or<> finish(StopReason reason);

  // Set when the run parted from the recording; the machine has then stopped with StopReason::Diverged.
  const std::optional<Divergence>& divergence() const { return divergence_; }
  u64 checkpoints_passed() const { return checkpoints_passed_; }
  Position end() const { return reader_.end(); }
  std::optional<StopReason> recorded_reason() const { return recorded_reason_; }  // nothing: the trace was cut off

 private:
  // What comes next in the trace: an arrival, a checkpoint or the end.
  struct Step {
    enum class Kind : u8 { kArrival, kCheckpoint, kEnd } kind;
    Position at;
    Arrival arrival;                       // kArrival
    Checkpoint checkpoint;                 // kCheckpoint, kEnd
    StopReason reason = StopReason::None;  // kEnd
  };

  Player(Machine& machine, TraceReader& reader)
      : machine_(machine), reader_(reader), next_chunk_(reader.first_of_run()) {}
  Or<> load_snapshot();
  const Step* peek();  // reads on when needed; nullptr after the end
  Or<> read_chunk();
  void check(const Step& step, Position now);  // a checkpoint or the end
  std::string report_position(const Step& step, Position now);
  void diverge(std::string report);

  Machine& machine_;
  TraceReader& reader_;
  usize next_chunk_;
  std::vector<Step> steps_;  // of the chunk being played
  usize next_step_ = 0;
  u64 checkpoints_passed_ = 0;
  std::string parted_;  // where an arrival found the replay elsewhere; the report follows at the next checkpoint
  std::optional<Divergence> divergence_;
  std::optional<StopReason> recorded_reason_;
  std::optional<Error> error_;
};

}  // namespace paemu
