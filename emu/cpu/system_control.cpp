// Halting, caches and TLB, SYSENTER, time and MSRs (SDM 2). CLI, STI, PUSHF and POPF: system_flags.cpp.
#include <utility>

#include "cpu/cpu.hpp"
#include "cpu/exceptions.hpp"
#include "cpu/msr.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/system.hpp"

namespace paemu {

Outcome sem_hlt(Cpu& cpu, const Insn&) {
  if (!require_ring0(cpu)) return Outcome::kFault;
  cpu.disarm_monitor();  // only MWAIT ends by a write
  cpu.state.activity = Activity::kHalted;
  cpu.request_attention();
  return Outcome::kEnd;
}

// F3 before XCHG with EAX: PAUSE when it is EAX itself, else it says nothing (SDM 2B, PAUSE).
Outcome sem_xchg_or_pause(Cpu& cpu, const Insn& i) {
  if (i.reg == isa::kEax) {
    cpu.yield();
  } else if (i.flags & isa::insn_flag::kOperand16) {
    const u16 other = cpu.reg<u16>(i.reg);
    cpu.set_reg<u16>(i.reg, cpu.reg<u16>(isa::kEax));
    cpu.set_reg<u16>(isa::kEax, other);
  } else {
    std::swap(cpu.state.gpr[i.reg], cpu.state.gpr[isa::kEax]);
  }
  return Outcome::kNext;
}

Outcome sem_invlpg(Cpu& cpu, const Insn& i) {
  if (!require_ring0(cpu)) return Outcome::kFault;
  cpu.mmu.flush_page(cpu.state.segment[i.segment].base + cpu.effective_address(i));
  return Outcome::kEnd;
}

// INVD and WBINVD: there is no cache to write back.
Outcome sem_wbinvd(Cpu& cpu, const Insn&) { return require_ring0(cpu) ? Outcome::kNext : Outcome::kFault; }

// --- SYSENTER and SYSEXIT (SDM 3A, 5.8.7): flat segments by convention, the tables are not read.

namespace {

void set_flat(Cpu& cpu, isa::SegmentRegister which, u16 selector, u32 dpl) {
  using namespace segment_attribute;
  u16 attributes = kPresent | kNotSystem | kWritable | kAccessed | kDefaultBig | kGranularity;
  if (which == isa::kCs) attributes |= kCode;
  attributes |= static_cast<u16>(dpl << kDplShift);
  cpu.state.segment[which] = Segment{static_cast<u16>((selector & ~3u) | dpl), attributes, 0, ~0u};
}

}  // namespace

Outcome sem_sysenter(Cpu& cpu, const Insn&) {
  CpuState& s = cpu.state;
  if (!cpu.protected_mode() || (s.sysenter_cs & 0xfffc) == 0) return cpu.general_protection(0);
  s.eflags &= ~(eflag::kVirtual8086 | eflag::kInterrupt | eflag::kResume);
  set_flat(cpu, isa::kCs, static_cast<u16>(s.sysenter_cs), 0);
  set_flat(cpu, isa::kSs, static_cast<u16>(s.sysenter_cs + 8), 0);
  s.gpr[isa::kEsp] = s.sysenter_esp;
  s.eip = s.sysenter_eip;
  cpu.update_mode();
  return Outcome::kBranch;
}

Outcome sem_sysexit(Cpu& cpu, const Insn&) {
  CpuState& s = cpu.state;
  if (!cpu.protected_mode() || (s.sysenter_cs & 0xfffc) == 0 || cpu.cpl != 0) return cpu.general_protection(0);
  set_flat(cpu, isa::kCs, static_cast<u16>(s.sysenter_cs + 16), 3);
  set_flat(cpu, isa::kSs, static_cast<u16>(s.sysenter_cs + 24), 3);
  s.gpr[isa::kEsp] = s.gpr[isa::kEcx];
  s.eip = s.gpr[isa::kEdx];
  cpu.update_mode();
  return Outcome::kBranch;
}

// --- Time, identification, MSRs.

Outcome sem_rdtsc(Cpu& cpu, const Insn&) {
  if ((cpu.state.cr4 & cr4::kTsd) && cpu.cpl != 0) return cpu.general_protection(0);
  const u64 tsc = cpu.clock.now().value + cpu.state.tsc_offset;
  cpu.set_reg<u32>(isa::kEax, static_cast<u32>(tsc));
  cpu.set_reg<u32>(isa::kEdx, static_cast<u32>(tsc >> 32));
  return Outcome::kNext;
}

Outcome sem_cpuid(Cpu& cpu, const Insn&) {
  CpuState& s = cpu.state;
  const u32 leaf = cpu.reg<u32>(isa::kEax);
  const CpuModel::Asker asker{.apic_id = cpu.place.apic_id(),
                              .topology = cpu.place.topology,
                              .apic_enabled = (s.apic_base & (1 << 11)) != 0,
                              .nx_disabled = (s.misc_enable & misc_enable::kDisableNx) != 0,
                              .monitor_disabled = !(s.misc_enable & misc_enable::kMonitor),
                              .leaves_limited = (s.misc_enable & misc_enable::kLimitCpuid) != 0};
  const CpuidResult r = cpu.model.cpuid(leaf, cpu.reg<u32>(isa::kEcx), asker);
  // Leaf 1 also loads the revision of the microcode into IA32_BIOS_SIGN_ID (SDM 3A, 9.11.7.1).
  if (leaf == 1) s.microcode_revision = u64{1} << 32;
  cpu.set_reg<u32>(isa::kEax, r.eax);
  cpu.set_reg<u32>(isa::kEbx, r.ebx);
  cpu.set_reg<u32>(isa::kEcx, r.ecx);
  cpu.set_reg<u32>(isa::kEdx, r.edx);
  return Outcome::kNext;
}

namespace {

std::string hex(u64 v) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[v & 15]);
    v >>= 4;
  } while (v != 0);
  return "0x" + text;
}

Outcome refuse_msr(Cpu& cpu, const char* what, u32 index, MsrAccess access) {
  const char* why = access == MsrAccess::kNoSuch ? "there is no such register" : "the value is not allowed";
  const std::string name = std::string(what) + " of MSR " + hex(index);
  cpu.log.once(name, "cpu: " + name + " raises #GP: " + why);
  return cpu.general_protection(0);
}

}  // namespace

Outcome sem_rdmsr(Cpu& cpu, const Insn&) {
  if (!require_ring0(cpu)) return Outcome::kFault;
  u64 value;
  const u32 index = cpu.reg<u32>(isa::kEcx);
  const MsrAccess access = read_msr(cpu, index, value);
  if (access != MsrAccess::kDone) return refuse_msr(cpu, "reading", index, access);
  cpu.set_reg<u32>(isa::kEax, static_cast<u32>(value));
  cpu.set_reg<u32>(isa::kEdx, static_cast<u32>(value >> 32));
  return Outcome::kNext;
}

Outcome sem_wrmsr(Cpu& cpu, const Insn&) {
  if (!require_ring0(cpu)) return Outcome::kFault;
  const u32 index = cpu.reg<u32>(isa::kEcx);
  const u64 value = cpu.reg<u32>(isa::kEax) | (u64{cpu.reg<u32>(isa::kEdx)} << 32);
  const MsrAccess access = write_msr(cpu, index, value);
  if (access != MsrAccess::kDone) return refuse_msr(cpu, "writing", index, access);
  return Outcome::kEnd;
}

}  // namespace paemu
