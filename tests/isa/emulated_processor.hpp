// Our processor under test: a user-mode program's view, with PAE paging and NX, in a machine that has nothing but RAM.
#pragma once

#include <cstdio>
#include <memory>
#include <span>

#include "cpu/cpu.hpp"
#include "cpu/execution_engine.hpp"
#include "jit/translator.hpp"
#include "processor_state.hpp"

namespace paemu::isa_test {

class EmulatedProcessor {
 public:
  // local_segments: has the LDT of segments.hpp, else none.
  // kTranslator and kVerify translate all that they run; everything is interpreted on a host that can't. tuning: of
  // kTranslator.
  explicit EmulatedProcessor(bool local_segments, EngineKind engine = EngineKind::kInterpreter,
                             TrustHost trust = TrustHost::kIfItPasses, TranslatorTuning tuning = {.hot = 0});

  // Runs `count` instructions, or up to the first that faults. With EFLAGS.TF it is one, and its debug trap is no
  // exception.
  Exception run(Registers& registers, u32 count = 1);
  // Runs up to an INT3, whose address is then EIP, or to a fault.
  Exception run_to_breakpoint(Registers& registers);

  void map_alias();  // layout::kAliasDistance
  // Code that is written again and again is kept in small blocks; not so if it is forgotten before.
  void forget_code() { engine_->flush_code(); }
  void forget_translations() { cpu_.mmu.flush_all(); }
  u64 walks() const { return cpu_.mmu.counters.walks; }

  // kVerify found a difference, and says which on standard error.
  bool engines_differ() const { return engines_differ_; }

  void write(u32 address, std::span<const u8> bytes) { (void)memory_.write(GuestPhys{address}, bytes); }
  void read(u32 address, std::span<u8> bytes) const { (void)memory_.read(GuestPhys{address}, bytes); }

 private:
  class Silent final : public Log {
   public:
    void line(std::string_view text) override {
      if (text.starts_with("verify: ")) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    }
    void once(std::string_view, std::string_view) override {}
  };
  void map(u32 linear, u32 physical, u32 size, u64 rights);
  void describe(u32 at, const Segment& segment);
  void put(u32 physical, u32 value);
  u32 get(u32 physical) const;
  Exception leave_handler(Registers& registers);

  VirtualClock clock_;
  EventQueue events_;
  PortBus ports_;
  MmioBus mmio_;
  PhysicalMemory memory_{36};
  Silent log_;
  bool engines_differ_ = false;
  Cpu cpu_{CpuWiring{clock_, events_, ports_, mmio_, memory_, log_}};
  std::unique_ptr<ExecutionEngine> engine_;
};

}  // namespace paemu::isa_test
