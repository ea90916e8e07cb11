#include "cpu/cpu.hpp"

#include <algorithm>
#include <iterator>

#include "cpu/debug.hpp"
#include "cpu/msr.hpp"
#include "cpu/segmentation.hpp"

namespace paemu {
namespace {

constexpr u64 kApicBaseBootstrap = 1u << 8;  // IA32_APIC_BASE
// Attributes of the segments after RESET (SDM 3A, table 9-1): present, read/write, accessed; 16 bits.
constexpr u16 kResetData = 0x93, kResetCode = 0x9b, kResetLdt = 0x82, kResetTss = 0x8b;

}  // namespace

Cpu::Cpu(const CpuWiring& w)
    : clock(w.clock), events(w.events), ports(w.ports), memory(w.memory), log(w.log), mmu(state, w.memory, w.mmio) {
  mmu.set_listener(this);
  reset();
}

// SDM 3A, table 9-1.
void Cpu::reset() {
  settle_fpu();
  disarm_monitor();
  state = CpuState{};
  for (Segment& s : state.segment) s = Segment{0, kResetData, 0, 0xffff};
  state.segment[isa::kCs] = Segment{0xf000, kResetCode, 0xffff0000, 0xffff};
  state.ldtr = Segment{0, kResetLdt, 0, 0xffff};
  state.tr = Segment{0, kResetTss, 0, 0xffff};
  state.gdtr = state.idtr = DescriptorTable{0, 0xffff};
  state.eip = 0xfff0;
  state.cr0 = cr0::kCacheDisable | cr0::kNotWriteThrough | cr0::kExtensionType;
  state.gpr[isa::kEdx] = model.signature();
  if (model.has(Feature::kMonitor)) state.misc_enable |= misc_enable::kMonitor;
  state.dr[6] = debug::kDr6Fixed;
  state.dr[7] = debug::kDr7Fixed;
  if (!place.bootstrap()) {
    state.apic_base &= ~kApicBaseBootstrap;
    state.activity = Activity::kWaitForStartUp;
  }
  state.retired_elsewhere = clock.retired;
  fault = Fault{};
  attention = true;
  adopt();
}

// The last column of table 9-1. The FPU, caches, time, machine check and all other model-specific registers stay.
void Cpu::initialize() {
  settle_fpu();
  const CpuState old = state;
  reset();
  constexpr u32 kCaching = cr0::kCacheDisable | cr0::kNotWriteThrough;
  state.cr0 = (old.cr0 & kCaching) | cr0::kExtensionType;
  state.fpu = old.fpu;
  state.apic_base = old.apic_base;
  state.sysenter_cs = old.sysenter_cs;
  state.sysenter_esp = old.sysenter_esp;
  state.sysenter_eip = old.sysenter_eip;
  state.pat = old.pat;
  state.misc_enable = old.misc_enable;
  state.tsc_offset = old.tsc_offset;
  state.tsc_adjust = old.tsc_adjust;
  state.mtrr_default = old.mtrr_default;
  std::copy(std::begin(old.mtrr_fixed), std::end(old.mtrr_fixed), state.mtrr_fixed);
  std::copy(std::begin(old.mtrr_base), std::end(old.mtrr_base), state.mtrr_base);
  std::copy(std::begin(old.mtrr_mask), std::end(old.mtrr_mask), state.mtrr_mask);
  state.microcode_revision = old.microcode_revision;
  std::copy(std::begin(old.performance_select), std::end(old.performance_select), state.performance_select);
  std::copy(std::begin(old.performance_counter), std::end(old.performance_counter), state.performance_counter);
  state.mcg_status = old.mcg_status;
  state.mcg_control = old.mcg_control;
  std::copy(std::begin(old.mc_bank), std::end(old.mc_bank), state.mc_bank);
  state.retired_elsewhere = old.retired_elsewhere;
  // A start-up IPI may have come after the INIT. The bootstrap processor does not wait for one (9.4.2).
  if (!place.bootstrap()) {
    state.start_up_pending = old.start_up_pending;
    state.start_up_vector = old.start_up_vector;
  }
  adopt();
}

void Cpu::start_up(u8 vector) {
  state.segment[isa::kCs] = Segment{static_cast<u16>(vector << 8), kResetCode, u32{vector} << 12, 0xffff};
  state.eip = 0;
  state.activity = Activity::kRunning;
  update_mode();
}

void Cpu::adopt() {
  state.gpr[isa::kNoRegister] = 0;
  lazy.set(state.eflags);
  mmu.flush_all();
  debug_registers_changed(*this);
  update_mode();
}

// What of a segment may be accessed with nothing but a comparison (SDM 3A, 5.3, 5.5 and table 3-1).
void Cpu::update_window(u32 segment) {
  using namespace segment_attribute;
  const Segment& s = state.segment[segment];
  Window& w = window_[segment];
  w = Window{};
  const bool code = s.attributes & kCode;
  const bool usable = (s.attributes & kPresent) && (code || !(s.attributes & kExpandDown));
  if (!usable) return;
  // In real and virtual-8086 mode every segment is readable and writable, CS too.
  const bool all = !protected_mode() || virtual8086();
  const u64 end = u64{s.limit} + 1;
  if (all || !code || (s.attributes & kReadable)) w.read_end = end;
  if (all || (!code && (s.attributes & kWritable))) w.write_end = end;
}

void Cpu::update_mode() {
  using namespace segment_attribute;
  const bool real = !protected_mode(), v86 = !real && virtual8086();
  cpl = real ? 0 : v86 ? 3 : (state.segment[isa::kSs].attributes >> kDplShift) & 3;
  bool flat = true;
  for (u32 n = 0; n < 6; ++n) {
    update_window(n);
    if (n >= isa::kFs) continue;
    constexpr u64 kAll = u64{1} << 32;
    const Window& w = window_[n];
    flat = flat && state.segment[n].base == 0 && w.read_end == kAll && (n == isa::kCs || w.write_end == kAll);
  }
  mmu.set_alignment_check((state.cr0 & cr0::kAlignmentMask) && (state.eflags & eflag::kAlignmentCheck));
  const bool code32 = state.segment[isa::kCs].attributes & kDefaultBig;
  const bool stack32 = state.segment[isa::kSs].attributes & kDefaultBig;
  mode_key = static_cast<u8>((code32 ? mode::kCode32 : 0) | (stack32 ? mode::kStack32 : 0) | (flat ? mode::kFlat : 0) |
                             (cpl == 3 ? mode::kUser : 0) | (!real && !v86 ? mode::kProtected : 0));
}

bool Cpu::check_segment(u32 segment, u32 offset, u32 size, Access access) {
  using namespace segment_attribute;
  const Segment& s = state.segment[segment];
  const u64 last = u64{offset} + size - 1;
  bool ok;
  if (!(s.attributes & kPresent)) {
    ok = false;  // a null selector, in protected mode
  } else if (!(s.attributes & kCode) && (s.attributes & kExpandDown)) {
    // Expand-down: offsets above the limit, up to 64 KiB or 4 GiB (SDM 3A, 5.3).
    const u64 top = (s.attributes & kDefaultBig) ? 0xffffffffu : 0xffffu;
    ok = offset > s.limit && last <= top && (access != Access::kWrite || (s.attributes & kWritable));
  } else {
    const u64 end = access == Access::kWrite ? window_[segment].write_end : window_[segment].read_end;
    ok = last < end;
  }
  if (ok) return true;
  raise(segment == isa::kSs ? Vector::kStackFault : Vector::kGeneralProtection);
  return false;
}

u32 Cpu::effective_address16(const Insn& i) const {
  return (state.gpr[i.base] + state.gpr[i.index] + i.displacement) & 0xffff;
}

bool Cpu::load_bytes(u32 segment, u32 offset, void* out, u32 size) {
  u32 linear;
  return linear_of(segment, offset, size, Access::kRead, linear) &&
         linear_result(mmu.load_bytes(linear, privilege(), out, size));
}

bool Cpu::store_bytes(u32 segment, u32 offset, const void* data, u32 size) {
  u32 linear;
  return linear_of(segment, offset, size, Access::kWrite, linear) &&
         linear_result(mmu.store_bytes(linear, privilege(), data, size));
}

}  // namespace paemu
