// PcMachine: the Machine that is a Pc. The run loop is here, and nothing else that decides about time.
//
// At a boundary (between two instructions, or while the processor is halted) the order is always the same: events that
// are due, then each arrival followed by the events that it made due, then a decision to stop. So a boundary can be
// visited once or ten times, by a live run, a recording or a replay, and the guest sees the same.
#pragma once

#include <string>

#include "board/machine.hpp"
#include "board/pc.hpp"
#include "replay/memory_hash.hpp"

namespace paemu {

// Passes the log on and remembers the last line that the guest wrote to port 0xe9.
class GuestMessages final : public Log {
 public:
  explicit GuestMessages(Log& log) : log_(log) {}
  void line(std::string_view text) override;
  void once(std::string_view key, std::string_view text) override { log_.once(key, text); }
  std::string take() { return std::move(last_); }

 private:
  Log& log_;
  std::string last_;
};

class PcMachine final : public Machine, private PcListener {
 public:
  PcMachine(MachineConfig config, Images images, Log& log, const EngineOptions& engine)
      : config_(std::move(config)), images_(std::move(images)), engine_(engine), log_(log) {}
  Or<> build(SerialSink& serial);

  const MachineConfig& config() const override { return config_; }
  const Images& images() const override { return images_; }

  StopReason run(InputSource& input, u64 max_ticks) override;
  void stop(StopReason reason) override;
  Position position() const override { return Position{pc_->clock.retired, pc_->clock.now()}; }
  int exit_code() const override { return exit_code_; }
  bool fresh() const override { return fresh_; }
  void inject(const Arrival& arrival) override;

  Or<DimmSpec> plan_insert(DimmSpec wanted) const override;
  Or<> check_eject(const std::string& id) const override;
  u32 serial_queue_space(u32 stream) const override { return pc_->serial_queue_space(stream); }

  const std::vector<std::unique_ptr<Dimm>>& dimms() const override { return pc_->memory.dimms(); }
  u32 processor_count() const override { return pc_->processors.count(); }
  Registers registers(u32 processor) const override {
    const Cpu& cpu = pc_->processors[processor].cpu;
    const Mmu::Counters& c = cpu.mmu.counters;
    return {cpu.state, cpu.own_retired(), c.table_loads, c.flushes, c.page_flushes};
  }
  bool read_physical(GuestPhys address, std::span<u8> out) const override { return pc_->memory.read(address, out); }
  bool read_linear(u32 processor, GuestLinear address, std::span<u8> out) const override;
  bool picture(Picture& out) const override { return pc_->picture(out); }
  std::string describe(const std::string& device) const override;
  std::vector<std::string> devices() const override;
  std::vector<PciInfo> pci_functions() const override { return pc_->pci_functions(); }
  void trace_instructions(bool on) override { pc_->processors.trace(on); }
  std::optional<TranslatorInfo> translator_info(u32 hottest) const override {
    return pc_->processors.translator_info(hottest);
  }

  void set_journal(DiskJournal* journal) override { pc_->storage.set_journal(journal); }
  std::vector<const Drive*> drives() const override;

  u64 state_hash() override;
  Checkpoint checkpoint() override;
  u64 schema() override;
  std::vector<u8> save_state() override;
  void visit_pages(const std::function<void(Pfn, std::span<const u8>)>& visit) override;
  Or<> load_state(std::span<const u8> state) override;
  Or<> load_page(Pfn frame, std::span<const u8> page) override;

 private:
  // PcListener. In the middle of an instruction: only noted, and acted on at the boundary after it.
  void on_power_off() override;
  void on_reset_request() override;
  void on_debug_exit(u32 value) override;
  void on_dimm_ejected(const DimmSpec& dimm) override;
  void on_ost(u32 slot, u32 source, u32 status) override;
  void on_tray_moved(const std::string& drive, bool open) override;

  void settle(InputSource& input);
  void idle(InputSource& input);
  void reset(bool by_guest, StopReason without_reboot);
  void reset_after_shutdown();
  Or<> deliver(const Arrival& arrival);

  MachineConfig config_;
  Images images_;
  EngineOptions engine_;
  GuestMessages log_;
  std::unique_ptr<Pc> pc_;
  std::unique_ptr<MemoryHash> memory_hash_;
  StopReason stop_ = StopReason::None;
  bool reset_requested_ = false;
  bool fresh_ = true;
  int exit_code_ = 0;
};

}  // namespace paemu
