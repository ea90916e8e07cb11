// A machine with DIMMs and nothing else, and a Control around it: what the monitor's tests talk to.
#pragma once

#include <algorithm>

#include "base/size_text.hpp"
#include "cpu/registers.hpp"
#include "monitor/monitor.hpp"
#include "replay/arrival.hpp"
#include "replay/checkpoint.hpp"

namespace paemu::monitor {

class FakeMachine final : public Machine {
 public:
  FakeMachine() {
    config_.ram_size = 256 * kMiB;
    DimmSpec boot{.id = "boot0", .socket = Socket::Boot, .size = 256 * kMiB};
    dimms_.push_back(std::make_unique<Dimm>(boot));
  }
  const MachineConfig& config() const override { return config_; }
  const Images& images() const override { return images_; }
  StopReason run(InputSource&, u64) override { return StopReason::None; }
  void stop(StopReason) override {}
  Position position() const override { return {1234, Ticks{5678}}; }
  int exit_code() const override { return 0; }
  bool fresh() const override { return true; }
  void inject(const Arrival& arrival) override {
    arrivals.push_back(arrival);
    if (arrival.kind == InputKind::DimmInsert) dimms_.push_back(std::make_unique<Dimm>(*arrival::read_dimm(arrival)));
    if (arrival.kind == InputKind::DimmSurprisePull) release(*arrival::read_id(arrival));
  }
  Or<DimmSpec> plan_insert(DimmSpec wanted) const override {
    if (wanted.size == 0 || wanted.size % (128 * kMiB) != 0)
      return fail("size " + size_text(wanted.size) + " is not a multiple of 128 MiB");
    if (wanted.id.empty()) wanted.id = "dimm" + std::to_string(dimms_.size());
    if (wanted.slot == ~0u) wanted.slot = static_cast<u32>(dimms_.size() - 1);
    if (wanted.base.value == ~u64{0}) wanted.base = GuestPhys{4 * kGiB};
    return wanted;
  }
  Or<> check_eject(const std::string& id) const override {
    if (id == "boot0") return fail("boot0 is boot RAM, which can't be removed");
    return {};
  }
  u32 serial_queue_space(u32) const override { return 4096; }
  const std::vector<std::unique_ptr<Dimm>>& dimms() const override { return dimms_; }
  u32 processor_count() const override { return 2; }
  Registers registers(u32) const override {
    Registers r;
    r.cpu.gpr[4] = 0x1000;  // ESP
    r.cpu.segment[1].attributes = 1u << 14;
    return r;
  }
  bool read_physical(GuestPhys address, std::span<u8> out) const override {
    if (address.value + out.size() > 0x2000) return false;
    for (usize i = 0; i < out.size(); ++i)
      out[i] = static_cast<u8>(address.value + i < 0x1000 ? 0x90 : address.value + i);
    return true;
  }
  bool read_linear(u32, GuestLinear address, std::span<u8> out) const override {
    return read_physical(GuestPhys{address.value}, out);
  }
  bool picture(Picture&) const override { return false; }
  std::string describe(const std::string& device) const override { return device == "pic" ? "irr = 0\n" : ""; }
  std::vector<std::string> devices() const override { return {"cpu", "pic"}; }
  std::optional<TranslatorInfo> translator_info(u32) const override { return translator; }
  u64 state_hash() override { return 0; }
  Checkpoint checkpoint() override { return {}; }
  u64 schema() override { return 0; }
  std::vector<u8> save_state() override { return {}; }
  void visit_pages(const std::function<void(Pfn, std::span<const u8>)>&) override {}
  Or<> load_state(std::span<const u8>) override { return {}; }
  Or<> load_page(Pfn, std::span<const u8>) override { return {}; }

  void release(std::string id) {
    std::erase_if(dimms_, [&](const auto& dimm) { return dimm->spec().id == id; });
    emit({.kind = MachineEvent::Kind::DeviceDeleted, .device = id, .guest = true});
  }
  void tell(const MachineEvent& event) { emit(event); }

  std::vector<Arrival> arrivals;
  std::optional<TranslatorInfo> translator;

 private:
  MachineConfig config_;
  Images images_;
  std::vector<std::unique_ptr<Dimm>> dimms_;
};

class FakeControl final : public Control {
 public:
  FakeControl() {
    fake.on_event([this](const MachineEvent& event) { monitor.on_event(event); });
  }
  Machine& machine() override { return fake; }
  RunState run_state() const override { return state; }
  void pause() override { state = RunState::Paused; }
  Or<> resume() override {
    state = RunState::Running;
    return {};
  }
  void quit() override { quitted = true; }
  Or<> submit(Arrival arrival) override {
    fake.inject(arrival);
    return {};
  }
  Or<> submit_in_turn(Arrival arrival, u64) override { return submit(std::move(arrival)); }
  Or<> record_start(const std::string& path) override {
    if (path == "/nowhere") return fail("/nowhere: can't be made");
    return {};
  }
  Or<> record_stop() override { return fail("nothing is being recorded"); }
  std::string record_status() const override { return "not recording"; }
  Or<> screendump(const std::string& path, PictureFormat) override {
    if (path == "/nowhere") return fail("/nowhere: can't be made");
    return {};
  }
  Or<MediumSpec> open_medium(const std::string& path, bool) override {
    if (path != "disc.iso") return fail(path + ": can't be opened: No such file or directory");
    return MediumSpec{7, 100, true, path};
  }
  void discard_medium(u32) override {}
  Or<> commit_medium(u32) override { return fail("it has no snapshot"); }
  std::vector<ChardevInfo> chardevs() const override { return {{"serial0", "stdio", true}}; }
  std::string name() const override { return "test"; }
  i64 wall_clock_us() const override { return 12'000'034; }
  int process_id() const override { return 42; }
  bool replaying() const override { return replay; }

  FakeMachine fake;
  Monitor monitor{*this};
  RunState state = RunState::Running;
  bool quitted = false;
  bool replay = false;
};

}  // namespace paemu::monitor
