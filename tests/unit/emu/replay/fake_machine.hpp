// FakeMachine: a machine of a few fields and one DIMM that reacts to every arrival, halts now and then and has a timer:
// small enough to run a million ticks in a unit test, and upset by an arrival that is one tick off.
#pragma once

#include <deque>
#include <stdexcept>

#include "board/machine.hpp"
#include "replay/archive.hpp"
#include "replay/checkpoint.hpp"
#include "replay/memory_hash.hpp"

namespace paemu {

class FakeMachine final : public Machine {
 public:
  struct State {
    u64 retired = 0;
    u64 idle = 0;
    u64 mix = 1;      // changes with every tick and every arrival
    u64 timer = 700;  // the next tick at which the timer fires
    bool halted = false;
    bool dead = false;  // halted, and no timer
    FIELDS(retired, idle, mix, timer, halted, dead)
  };

  explicit FakeMachine(MachineConfig config = small()) : config_(std::move(config)) {
    images_.firmware = {1, 2, 3};
    images_.kernel.assign(5000000, 7);
    DimmSpec spec;
    spec.id = "boot0";
    spec.socket = Socket::Boot;
    spec.size = 64 * kMiB;
    if (!memory_.insert(spec)) throw std::runtime_error("no memory");
  }
  static MachineConfig small() {
    MachineConfig c;
    c.checkpoint_interval = 1000;
    return c;
  }

  State state;
  u64 end_at = ~u64{0};   // the guest powers off at this many retired
  u64 flip_at = ~u64{0};  // where this machine differs from others of its kind
  u64 checkpoints = 0;

  void write_pages(u32 count) {
    for (u32 n = 0; n < count; ++n) memory_.mark_written(Pfn{n});
  }

  const MachineConfig& config() const override { return config_; }
  const Images& images() const override { return images_; }
  StopReason run(InputSource& input, u64 max_ticks) override {
    const u64 end = now() + max_ticks;
    for (;;) {
      fire();
      while (stop_ == StopReason::None) {
        const auto a = input.poll(position());
        if (!a) break;
        inject(*a);
        fire();
      }
      if (stop_ != StopReason::None) return std::exchange(stop_, StopReason::None);
      if (now() >= end || input.interrupted()) return StopReason::None;
      fresh_ = false;
      if (state.halted) {
        const Ticks deadline = state.dead ? kNever : Ticks{state.timer};
        const Ticks until = input.idle(position(), deadline, Wake::kInterrupt);
        if (until == kNever) {
          stop_ = StopReason::Deadlock;
          continue;
        }
        if (until.value > now()) state.idle += until.value - now();
        continue;
      }
      const u64 limit = std::min({end, state.dead ? ~u64{0} : state.timer, input.next_poll(position()).value});
      do step();
      while (!state.halted && stop_ == StopReason::None && now() < limit);
    }
  }
  void stop(StopReason reason) override { stop_ = reason; }
  Position position() const override { return Position{state.retired, Ticks{now()}}; }
  int exit_code() const override { return 0; }
  bool fresh() const override { return fresh_; }
  void inject(const Arrival& a) override {
    fresh_ = false;
    state.halted = state.dead = false;
    for (const u8 b : archive::save(static_cast<u8>(a.kind))) mix(b);
    for (const u8 b : a.payload) mix(b);
  }
  Or<DimmSpec> plan_insert(DimmSpec wanted) const override { return wanted; }
  Or<> check_eject(const std::string&) const override { return {}; }
  u32 serial_queue_space(u32) const override { return 16; }
  const std::vector<std::unique_ptr<Dimm>>& dimms() const override { return memory_.dimms(); }
  u32 processor_count() const override { return 1; }
  Registers registers(u32) const override {
    Registers r;
    r.cpu.gpr[0] = static_cast<u32>(state.mix);
    r.retired = state.retired;
    return r;
  }
  bool read_physical(GuestPhys, std::span<u8>) const override { return false; }
  bool read_linear(u32, GuestLinear, std::span<u8>) const override { return false; }
  bool picture(Picture&) const override { return false; }
  std::string describe(const std::string&) const override { return {}; }
  std::vector<std::string> devices() const override { return {"fake"}; }
  u64 state_hash() override { return hash_.update() + state.mix * 31 + state.timer + state.retired * 7 + state.idle; }
  Checkpoint checkpoint() override {
    ++checkpoints;
    Checkpoint c;
    c.at = position();
    c.hash = state_hash();
    c.registers = registers(0);
    c.parts = {{"fake", static_cast<u32>(state.mix)}};
    c.written = hash_.take_written();
    return c;
  }
  u64 schema() override { return 42; }
  std::vector<u8> save_state() override { return archive::save(state); }
  void visit_pages(const std::function<void(Pfn, std::span<const u8>)>& visit) override {
    memory_.for_each_touched([&](Pfn f, const u8* p) {
      if (!all_zero({p, kPageSize})) visit(f, {p, kPageSize});
    });
  }
  Or<> load_state(std::span<const u8> bytes) override {
    memory_.clear_ram();
    return archive::load(bytes, state);
  }
  Or<> load_page(Pfn frame, std::span<const u8> page) override {
    if (!memory_.write(phys_of(frame), page)) return fail("no RAM there");
    return {};
  }

 private:
  u64 now() const { return state.retired + state.idle; }
  void mix(u64 v) { state.mix = (state.mix ^ v) * 6364136223846793005u + 1442695040888963407u; }
  void fire() {
    if (state.dead || now() < state.timer) return;
    state.timer = now() + 100 + state.mix % 900;
    state.halted = false;
    mix(state.timer);
  }
  void step() {
    ++state.retired;
    mix(0);
    if (state.retired == flip_at) mix(1);
    if (state.retired == end_at) stop_ = StopReason::GuestPowerOff;
    const u8 byte = static_cast<u8>(state.mix >> 32);
    if (state.mix >> 60 == 0 && !memory_.write(GuestPhys{(state.mix >> 20) & 0x3fff000}, {&byte, 1}))
      throw std::logic_error("write");
    if (state.mix >> 56 == 0x55) state.halted = true;
    if (state.mix >> 48 == 0xaaaa) state.halted = state.dead = true;
  }

  MachineConfig config_;
  Images images_;
  PhysicalMemory memory_{36};
  MemoryHash hash_{memory_};
  StopReason stop_ = StopReason::None;
  bool fresh_ = true;
};

// Live input from a fixed script, asked at odd intervals: arrivals come wherever the machine happens to ask.
class ScriptedInput final : public InputSource {
 public:
  explicit ScriptedInput(u64 quantum = 137, u32 seed = 1) : quantum_(quantum), seed_(seed) {}
  std::deque<Arrival> due;  // handed out at the next poll

  Ticks next_poll(Position now) override { return now.now + quantum_; }
  std::optional<Arrival> poll(Position) override {
    if (due.empty()) {
      seed_ = seed_ * 1103515245 + 12345;
      if (seed_ % 8 != 0 || silent) return std::nullopt;
      return Arrival{{}, InputKind::SerialBytes, {0, static_cast<u8>(seed_ >> 16)}};
    }
    Arrival a = due.front();
    due.pop_front();
    return a;
  }
  Ticks idle(Position now, Ticks deadline, Wake) override {
    if (deadline == kNever) return silent ? kNever : now.now + 50;
    return Ticks{now.now.value + 1 + (deadline - now.now - 1) / 2};  // woken half-way
  }
  bool silent = false;

 private:
  u64 quantum_;
  u32 seed_;
};

}  // namespace paemu
