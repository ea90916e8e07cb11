#include "replay/player.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replay/arrival.hpp"

namespace paemu {

namespace {

// Did the guest end the run, and not somebody around it? Then the replay ends by itself at the same point.
bool by_the_guest(StopReason reason) {
  return reason == StopReason::GuestPowerOff || reason == StopReason::GuestReset || reason == StopReason::DebugExit ||
         reason == StopReason::TripleFault;
}

}  // namespace

Or<std::unique_ptr<Player>> Player::start(Machine& machine, TraceReader& reader) {
  const TraceConfig& config = reader.config();
  if (config.schema != machine.schema()) {
    return fail(
        fmt::format("{} was recorded by {}, whose devices have other fields than this paemu's: replay it with that one",
                    reader.name(), config.program));
  }
  std::unique_ptr<Player> player(new Player(machine, reader));
  if (reader.start().snapshot) TRY(player->load_snapshot());
  const Checkpoint here = machine.checkpoint();
  if (here.at != reader.start().at || here.at.retired != reader.start().at.retired ||
      here.hash != reader.start().hash) {
    return fail(
        fmt::format("{} starts from state {:016x}, but this paemu makes state {:016x} of it: it was recorded by {}, "
                    "or on another machine",
                    reader.name(), reader.start().hash, here.hash, config.program));
  }
  return player;
}

Or<> Player::load_snapshot() {
  const std::vector<u8> state = TRY(reader_.state());
  Or<> loaded = machine_.load_state(state);
  if (loaded) {
    loaded =
        reader_.for_each_page([this](Pfn frame, std::span<const u8> page) { return machine_.load_page(frame, page); });
  }
  if (!loaded)
    return fail(fmt::format("{}: the snapshot can't be loaded: {}", reader_.name(), loaded.error().sentence));
  return {};
}

Or<> Player::read_chunk() {
  steps_.clear();
  next_step_ = 0;
  const TraceReader::Chunk& chunk = reader_.chunks()[next_chunk_++];
  if (chunk.type == abi::trace::kBlocks) return {};  // the media have them
  const std::vector<u8> plain = TRY(reader_.payload(chunk));
  if (chunk.type == abi::trace::kArrivals) {
    for (Arrival& a : TRY(decode_arrivals(plain))) steps_.push_back(Step{Step::Kind::kArrival, a.at, std::move(a), {}});
  } else if (chunk.type == abi::trace::kCheckpoint) {
    Checkpoint c = TRY(decode_checkpoint(plain));
    steps_.push_back(Step{Step::Kind::kCheckpoint, c.at, {}, std::move(c)});
  } else {
    TraceEnd e = TRY(decode_end(plain));
    recorded_reason_ = e.reason;
    steps_.push_back(Step{Step::Kind::kEnd, e.last.at, {}, std::move(e.last), e.reason});
  }
  return {};
}

const Player::Step* Player::peek() {
  while (next_step_ == steps_.size()) {
    if (error_ || next_chunk_ == reader_.chunks().size()) return nullptr;
    if (Or<> read = read_chunk(); !read) {
      error_ = std::move(read.error());
      return nullptr;
    }
  }
  return &steps_[next_step_];
}

void Player::diverge(std::string report) {
  if (!divergence_) divergence_ = Divergence{parted_ + std::move(report)};
  machine_.stop(StopReason::Diverged);
}

void Player::check(const Step& step, Position now) {
  if (step.kind == Step::Kind::kEnd && by_the_guest(step.reason)) {
    // Had the guest done it again, the machine would have stopped before it asked for input.
    return diverge(
        fmt::format("at {} ns ({} instructions) the recorded guest ended the run, but the replayed one goes on\n",
                    now.now.value, now.retired));
  }
  const std::string report = difference(step.checkpoint, machine_.checkpoint());
  if (!report.empty() || !parted_.empty()) return diverge("the first checkpoint that differs:\n" + report);
  if (step.kind == Step::Kind::kCheckpoint)
    ++checkpoints_passed_;
  else
    machine_.stop(StopReason::InputEnded);
}

std::string Player::report_position(const Step& step, Position now) {
  std::string report =
      fmt::format("{} instructions were retired at {} ns in the recording, but {} at {} ns in the replay\n",
                  step.at.retired, step.at.now.value, now.retired, now.now.value);
  report += fmt::format("  {} checkpoints before agree\n", checkpoints_passed_);
  if (step.kind == Step::Kind::kArrival)
    return report + "  next in the trace: " + arrival::to_string(step.arrival) + "\n";
  return report + difference(step.checkpoint, machine_.checkpoint());
}

Ticks Player::next_poll(Position now) {
  const Step* step = peek();
  return step != nullptr ? std::max(step->at.now, now.now) : now.now;
}

std::optional<Arrival> Player::poll(Position now) {
  while (!divergence_) {
    const Step* step = peek();
    if (step == nullptr) {
      if (!parted_.empty())
        diverge({});
      else
        machine_.stop(StopReason::InputEnded);
      return std::nullopt;
    }
    if (step->at.now > now.now) return std::nullopt;
    // An arrival holds no state to compare with: the report waits for the next checkpoint, which names registers and
    // pages.
    const bool is_arrival = step->kind == Step::Kind::kArrival;
    if (is_arrival && step->at.now == now.now && step->at.retired != now.retired) {
      if (parted_.empty()) parted_ = report_position(*step, now);
      ++next_step_;
      return step->arrival;
    }
    if (step->at.now != now.now || step->at.retired != now.retired) {
      diverge(report_position(*step, now));
      return std::nullopt;
    }
    ++next_step_;
    if (step->kind == Step::Kind::kArrival) return step->arrival;
    check(*step, now);
    if (step->kind == Step::Kind::kEnd) return std::nullopt;
  }
  return std::nullopt;
}

Ticks Player::idle(Position, Ticks deadline, Wake) {
  const Step* step = peek();
  return step != nullptr ? std::min(deadline, step->at.now) : deadline;
}

Or<> Player::finish(StopReason reason) {
  if (error_) return fail(error_->sentence);
  if (divergence_ || !by_the_guest(reason)) return {};
  const Step* step = peek();
  if (step == nullptr && !parted_.empty()) {
    diverge({});
    return {};
  }
  if (step == nullptr) {
    // A trace that was cut off does not know how the run ended.
    if (error_) return fail(error_->sentence);
    return {};
  }
  const Position now = machine_.position();
  if (step->kind != Step::Kind::kEnd) {
    diverge(
        fmt::format("the replayed guest ended the run at {} ns ({} instructions), but the recording goes on to {} ns\n",
                    now.now.value, now.retired, reader_.end().now.value));
    return {};
  }
  if (step->reason != reason) {
    diverge("the replayed guest ended the run in another way than the recorded one\n");
    return {};
  }
  const std::string report = difference(step->checkpoint, machine_.checkpoint());
  if (!report.empty() || !parted_.empty()) diverge("the end of the run differs:\n" + report);
  return {};
}

}  // namespace paemu
