#include "board/processors.hpp"

#include <algorithm>

#include "abi/memory_map.hpp"
#include "cpu/exceptions.hpp"

namespace paemu {

namespace {

constexpr u64 kApicBaseMask = ~u64{0xfff};  // IA32_APIC_BASE (SDM 3A, 11.4.4)
constexpr u64 kApicGlobalEnable = 1u << 11;

}  // namespace

// --- One.

Processor::Processor(const Wiring& w, const CpuModel& model, Cpu::Place place, IoDevice& apic_window)
    : cpu(w.cpu),
      engine(make_engine(cpu, w.engine, place.topology.count())),
      apic({w.cpu.events, w.cpu.clock, w.bus, place.bootstrap() ? &w.pic : nullptr}, place.apic_id(),
           {.init = [this] { request_init(cpu); },
            .start_up = [this](u8 vector) { request_start_up(cpu, vector); },
            .look = [this] { cpu.request_attention(); }}),
      mmio_(w.cpu.mmio),
      window_(apic_window),
      ferr_(place.bootstrap() ? &w.ferr : nullptr) {
  cpu.place = place;
  cpu.set_model(model);
  cpu.interrupts = &apic;
  cpu.hooks = this;
  apic.nmi.connect(*this, 0);
  cpu.memory.add_observer(*this);
}

Processor::~Processor() { cpu.memory.remove_observer(*this); }

void Processor::adopt_state() {
  cpu.adopt();
  engine->flush_code();
  if (!cpu.state.monitor_armed) return;
  const GuestPhys line{cpu.state.monitored_line};
  // The state may be a stranger's.
  if (cpu.memory.host_page(line) == nullptr || cpu.memory.is_rom(line))
    cpu.state.monitor_armed = false;
  else
    cpu.memory.watch_frame(pfn_of(line));
}

void Processor::reset() {
  apic.reset();
  cpu.reset();
}

std::optional<GuestPhys> Processor::apic_window() const {
  if ((cpu.state.apic_base & kApicGlobalEnable) == 0) return std::nullopt;
  return GuestPhys{cpu.state.apic_base & kApicBaseMask};
}

// The processor writes the register itself, so it is its turn, and the window is its own.
void Processor::on_apic_base(u64 value) {
  apic.set_global_enable((value & kApicGlobalEnable) != 0);
  mmio_.move(window_, apic_window());
}

void Processor::on_fpu_error(bool asserted) {
  if (ferr_ != nullptr) ferr_->set_error(asserted);
}

bool Processor::ignores_fpu_error() const { return ferr_ != nullptr && ferr_->ignored(); }

void Processor::set_line(u32, bool level) {
  if (level) request_nmi(cpu);
}

// --- All.

Processors::Processors(const Processor::Wiring& wiring, const CpuModel& model, const Topology& topology)
    : clock_(wiring.cpu.clock), mmio_(wiring.cpu.mmio) {
  for (u32 n = 0; n < topology.count(); ++n)
    all_.push_back(std::make_unique<Processor>(wiring, model, Cpu::Place{topology, n}, *this));
  mmio_.map(GuestPhys{abi::memory_map::kLocalApic}, LocalApic::kSize, *this);
}

bool Processors::choose() {
  if (clock_.retired < turn_.ends_at && current().engine->wake()) return true;
  for (u32 n = 1; n <= count(); ++n) {
    const u32 next = (turn_.processor + n) % count();
    if (!all_[next]->engine->wake()) continue;
    start_turn(next);
    return true;
  }
  return false;
}

void Processors::start_turn(u32 index) {
  turn_ = {index, count() == 1 ? ~u64{0} : clock_.retired + kQuantum};
  place_window();
}

void Processors::place_window() { mmio_.move(*this, current().apic_window()); }

void Processors::run(u64 max_ticks) {
  Processor& runs = current();
  const u64 before = clock_.retired;
  runs.cpu.yielded = false;
  runs.engine->run(std::min(max_ticks, turn_.ends_at - before));
  if (count() == 1) return;
  for (const auto& other : all_) {
    if (other.get() != &runs) other->cpu.state.retired_elsewhere += clock_.retired - before;
  }
  if (runs.cpu.yielded || runs.cpu.state.activity != Activity::kRunning) turn_.ends_at = clock_.retired;
}

bool Processors::interruptible() const {
  return std::any_of(all_.begin(), all_.end(), [](const auto& p) {
    return p->cpu.state.activity == Activity::kHalted && (p->cpu.state.eflags & eflag::kInterrupt) != 0;
  });
}

bool Processors::shut_down() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const auto& p) { return p->cpu.state.activity == Activity::kShutdown; });
}

void Processors::reset() {
  for (const auto& p : all_) p->reset();
  turn_ = Turn{};
  place_window();
}

void Processors::set_a20(bool enabled) {
  for (const auto& p : all_) p->cpu.mmu.set_a20(enabled);
}

void Processors::flush_all() {
  for (const auto& p : all_) {
    p->cpu.mmu.flush_all();
    p->engine->flush_code();
  }
}

void Processors::adopt_state() {
  for (const auto& p : all_) p->adopt_state();
  turn_.processor %= count();
  place_window();
}

void Processors::trace(bool on) {
  for (const auto& p : all_) p->engine->set_trace(on);
}

std::optional<TranslatorInfo> Processors::translator_info(u32 hottest) const {
  TranslatorInfo info;
  for (const auto& p : all_) {
    if (!p->engine->add_translator_info(info, hottest)) return {};
  }
  std::ranges::stable_sort(info.hottest, std::greater{}, &HotBlock::samples);
  info.hottest.resize(std::min<usize>(info.hottest.size(), hottest));
  return info;
}

}  // namespace paemu
