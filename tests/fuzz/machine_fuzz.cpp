// The whole machine: whatever a guest does in whatever mode, the emulator comes to no harm, and what the guest sees
// depends neither on where run slices end nor on whether the machine was saved and loaded in between. Nor on the engine:
// with PAEMU_FUZZ_ENGINE=jit or verify in the environment every second run is by that one.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "board/machine.hpp"
#include "cpu/registers.hpp"
#include "replay/archive.hpp"
#include "scene.hpp"

using namespace paemu;
using namespace paemu::fuzz;

namespace {

constexpr u64 kTicks = 2000;
constexpr u64 kSettled = 300;  // after so many the firmware has set up the devices

struct Nowhere final : SerialSink, Log {
  void transmit(u32, std::span<const u8>) override {}
  void line(std::string_view text) override {
    if (text.starts_with("verify: ")) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }
  void once(std::string_view, std::string_view) override {}
};
Nowhere nowhere;

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "machine-fuzz: %s\n", sentence.c_str());
  std::abort();
}

// Hands out a scene's arrivals, at the same ticks however the run is cut.
class SceneInput final : public InputSource {
 public:
  SceneInput(const std::vector<TimedArrival>& arrivals, u64 start, u64 end)
      : all_(arrivals), start_(start), end_(end) {}
  Ticks next_poll(Position now) override { return Ticks{std::max(next(), now.now.value)}; }
  std::optional<Arrival> poll(Position now) override {
    if (next() > now.now.value || done_ == all_.size()) return {};
    Arrival a = all_[done_++].arrival;
    a.at = now;
    return a;
  }
  Ticks idle(Position now, Ticks deadline, Wake) override {
    return std::max(now.now, std::min({deadline, Ticks{next()}, Ticks{end_}}));
  }

 private:
  u64 next() const { return done_ < all_.size() ? start_ + all_[done_].tick : ~u64{0}; }
  const std::vector<TimedArrival>& all_;
  u64 start_, end_;
  usize done_ = 0;
};

EngineOptions second_engine() {
  const char* const name = std::getenv("PAEMU_FUZZ_ENGINE");
  EngineOptions engine{.code_cache_size = 16 * kMiB};
  if (name == nullptr) return engine;
  engine.kind = name == std::string_view("verify") ? EngineKind::kVerify
                : name == std::string_view("jit")  ? EngineKind::kTranslator
                                                   : EngineKind::kInterpreter;
  return engine;
}

std::unique_ptr<Machine> make_machine(const std::string& model, const EngineOptions& engine) {
  static const u8 kFirmware[] = {
#include "firmware.inc"
  };
  MachineConfig config;
  config.ram_size = 128 * kMiB;
  config.slots = 4;
  config.maxmem = 2 * kGiB;
  config.cpu_model = model;
  Images images;
  images.firmware.assign(64 * kKiB - sizeof(kFirmware), 0xff);
  images.firmware.insert(images.firmware.end(), std::begin(kFirmware), std::end(kFirmware));
  auto made = Machine::create(config, images, nowhere, nowhere, engine);
  if (!made) give_up(made.error().sentence);
  return std::move(*made);
}

// Two machines of a model, and the saved state in which every scene of it starts but for processor and memory.
struct Pair {
  std::unique_ptr<Machine> one, other;
  std::vector<u8> settled;
  usize cpu_at = 0;  // of the processor's fields in `settled`
  u64 start = 0;
};

template <class T>
std::vector<u8> archived(T state) {
  std::vector<u8> bytes;
  archive::Saver(bytes).field("", state);
  return bytes;
}

Pair& machines(const std::string& model) {
  static std::map<std::string, Pair> all;
  Pair& p = all[model];
  if (p.one) return p;
  p.one = make_machine(model, {});
  p.other = make_machine(model, second_engine());
  const std::vector<TimedArrival> none;
  SceneInput quiet(none, 0, kSettled);
  while (p.one->position().now.value < kSettled) p.one->run(quiet, kSettled - p.one->position().now.value);
  p.start = p.one->position().now.value;
  p.settled = p.one->save_state();
  const std::vector<u8> cpu = archived(p.one->registers(0).cpu);
  const auto at = std::search(p.settled.begin(), p.settled.end(), cpu.begin(), cpu.end());
  if (at == p.settled.end()) give_up("a saved state does not hold the processor's fields in one piece");
  p.cpu_at = static_cast<usize>(at - p.settled.begin());
  return p;
}

// False: the altered state is none that a machine takes.
bool load(const Pair& p, Machine& machine, const Scene& scene) {
  std::vector<u8> state = p.settled;
  const std::vector<u8> cpu = archived(scene.cpu);
  std::copy(cpu.begin(), cpu.end(), state.begin() + static_cast<std::ptrdiff_t>(p.cpu_at));
  for (const Scene::Poke& poke : scene.pokes) state[poke.position % state.size()] = poke.value;
  if (!machine.load_state(state)) return false;
  for (u32 at = 0; at < place::kEnd; at += kPageSize) {
    if (!machine.load_page(pfn_of(GuestPhys{at}), {&scene.memory[at], kPageSize})) give_up("RAM is missing");
  }
  return true;
}

struct Run {
  Machine& machine;
  SceneInput input;
  StopReason stopped = StopReason::None;

  // In slices of `slice` ticks.
  void to(u64 tick, u64 slice) {
    while (stopped == StopReason::None && machine.position().now.value < tick) {
      stopped = machine.run(input, std::min(slice, tick - machine.position().now.value));
    }
  }
};

// The lines in which two descriptions of a device differ.
void print_difference(const std::string& device, const std::string& one, const std::string& other) {
  std::istringstream left(one), right(other);
  for (std::string a, b; std::getline(left, a) && std::getline(right, b);) {
    if (a != b) std::fprintf(stderr, "%s: %s | %s\n", device.c_str(), a.c_str(), b.c_str());
  }
}

void require_equal(Run& a, Run& b, const char* what) {
  Machine &x = a.machine, &y = b.machine;
  if (a.stopped == b.stopped && x.position() == y.position() && x.state_hash() == y.state_hash()) return;
  std::fprintf(stderr, "stopped by %d and %d at %llu and %llu\n", static_cast<int>(a.stopped),
               static_cast<int>(b.stopped), static_cast<unsigned long long>(x.position().retired),
               static_cast<unsigned long long>(y.position().retired));
  for (const std::string& device : x.devices()) print_difference(device, x.describe(device), y.describe(device));
  give_up(what);
}

void copy_state(Machine& from, Machine& to) {
  const std::vector<u8> state = from.save_state();
  if (const Or<> loaded = to.load_state(state); !loaded)
    give_up("what was saved does not load: " + loaded.error().sentence);
  from.visit_pages([&](Pfn frame, std::span<const u8> page) {
    if (!to.load_page(frame, page)) give_up("a saved page does not load");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
  const Scene scene = make_scene({data, size});
  const Pair& p = machines(scene.model);
  const u64 middle = p.start + kTicks / 2;
  // A poke may have moved the clock.
  if (!load(p, *p.one, scene) || !load(p, *p.other, scene)) return -1;
  const u64 start = p.one->position().now.value;
  if (start != p.start) return -1;
  const u64 end = start + kTicks;

  Run whole{*p.one, SceneInput(scene.arrivals, start, end)};
  whole.to(end, kTicks);
  Run sliced{*p.other, SceneInput(scene.arrivals, start, end)};
  sliced.to(end, scene.slice);
  require_equal(whole, sliced, "where slices end changes what the guest sees");

  if (!load(p, *p.one, scene)) give_up("a state that loaded does not load again");
  Run live{*p.one, SceneInput(scene.arrivals, start, end)};
  live.to(middle, kTicks);
  if (live.stopped != StopReason::None) return 0;
  copy_state(*p.one, *p.other);
  Run loaded{*p.other, live.input};
  live.to(end, kTicks);
  loaded.to(end, kTicks);
  require_equal(live, loaded, "a machine that was saved and loaded goes on differently");
  return 0;
}
