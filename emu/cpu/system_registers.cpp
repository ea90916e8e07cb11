// MOV to and from control and debug registers, LMSW, SMSW, CLTS (SDM 2B; SDM 3A, 2.5 and 2.8).
#include <algorithm>

#include "cpu/cpu.hpp"
#include "cpu/debug.hpp"
#include "cpu/system.hpp"

namespace paemu {

namespace {

constexpr u32 kCr0Known = cr0::kProtection | cr0::kMonitorCoprocessor | cr0::kEmulation | cr0::kTaskSwitched |
                          cr0::kExtensionType | cr0::kNumericError | cr0::kWriteProtect | cr0::kAlignmentMask |
                          cr0::kNotWriteThrough | cr0::kCacheDisable | cr0::kPaging;

// The PDPTEs are read when paging with PAE begins or its bits change (SDM 3A, 4.4.1). False: #GP(0), nothing changed.
bool load_pdptes(Cpu& cpu, u32 cr3) {
  u64 pdpte[4];
  if (!cpu.mmu.read_pdptes(cr3, pdpte)) return false;
  std::copy_n(pdpte, 4, cpu.state.pdpte);
  return true;
}

Outcome write_cr0(Cpu& cpu, u32 value) {
  CpuState& s = cpu.state;
  const u32 old = s.cr0;
  value = (value & kCr0Known) | cr0::kExtensionType;
  if ((value & cr0::kPaging) && !(value & cr0::kProtection)) return cpu.general_protection(0);
  if ((value & cr0::kNotWriteThrough) && !(value & cr0::kCacheDisable)) return cpu.general_protection(0);
  constexpr u32 kReloading = cr0::kPaging | cr0::kNotWriteThrough | cr0::kCacheDisable;
  if ((value & cr0::kPaging) && (s.cr4 & cr4::kPae) && ((old ^ value) & kReloading) && !load_pdptes(cpu, s.cr3)) {
    return cpu.general_protection(0);
  }
  s.cr0 = value;
  cpu.mmu.paging_changed(old, s.cr4, s.efer);
  cpu.update_mode();
  cpu.request_attention();
  return Outcome::kEnd;
}

Outcome write_cr4(Cpu& cpu, u32 value) {
  CpuState& s = cpu.state;
  if (value & ~cpu.model.cr4_allowed()) return cpu.general_protection(0);
  const u32 old = s.cr4;
  constexpr u32 kReloading = cr4::kPae | cr4::kPge | cr4::kPse;
  if ((s.cr0 & cr0::kPaging) && (value & cr4::kPae) && ((old ^ value) & kReloading) && !load_pdptes(cpu, s.cr3)) {
    return cpu.general_protection(0);
  }
  s.cr4 = value;
  cpu.mmu.paging_changed(s.cr0, old, s.efer);
  cpu.update_mode();
  return Outcome::kEnd;
}

// What MOV to or from a debug register checks first (SDM 3B, 17.2.2 and 17.2.4). -> the register, DR4 and 5 resolved.
bool check_debug_register(Cpu& cpu, u32 encoded, u32& number) {
  number = encoded;
  if (encoded == 4 || encoded == 5) {
    if (cpu.state.cr4 & cr4::kDe) {
      cpu.undefined();
      return false;
    }
    number += 2;
  }
  if (!require_ring0(cpu)) return false;
  if (cpu.state.dr[7] & debug::kGeneralDetect) {
    cpu.state.dr[6] |= debug::kRegisterAccess;
    cpu.raise(Vector::kDebug);
    return false;
  }
  return true;
}

}  // namespace

bool require_ring0(Cpu& cpu) {
  if (cpu.cpl == 0) return true;
  cpu.general_protection(0);
  return false;
}

bool load_cr3(Cpu& cpu, u32 value, u64 now) {
  CpuState& s = cpu.state;
  if ((s.cr0 & cr0::kPaging) && (s.cr4 & cr4::kPae) && !load_pdptes(cpu, value)) return false;
  s.cr3 = value;
  ++cpu.mmu.counters.table_loads;
  cpu.mmu.flush_non_global(now);
  return true;
}

Outcome sem_mov_from_cr(Cpu& cpu, const Insn& i) {
  const CpuState& s = cpu.state;
  const u32 values[5] = {s.cr0, 0, s.cr2, s.cr3, s.cr4};
  if (i.reg == 1 || i.reg > 4) return cpu.undefined();
  if (!require_ring0(cpu)) return Outcome::kFault;
  cpu.set_reg<u32>(i.modrm & 7, values[i.reg]);
  return Outcome::kNext;
}

Outcome sem_mov_to_cr(Cpu& cpu, const Insn& i) {
  if (i.reg == 1 || i.reg > 4) return cpu.undefined();
  if (!require_ring0(cpu)) return Outcome::kFault;
  const u32 value = cpu.reg<u32>(i.modrm & 7);
  switch (i.reg) {
    case 0: return write_cr0(cpu, value);
    case 2: cpu.state.cr2 = value; return Outcome::kEnd;
    case 3: return load_cr3(cpu, value, cpu.clock.retired) ? Outcome::kEnd : cpu.general_protection(0);
    default: return write_cr4(cpu, value);
  }
}

Outcome sem_mov_from_dr(Cpu& cpu, const Insn& i) {
  u32 n;
  if (!check_debug_register(cpu, i.reg, n)) return Outcome::kFault;
  u32 value = cpu.state.dr[n];
  if (n == 6) value |= debug::kDr6Fixed;
  if (n == 7) value |= debug::kDr7Fixed;
  cpu.set_reg<u32>(i.modrm & 7, value);
  return Outcome::kNext;
}

Outcome sem_mov_to_dr(Cpu& cpu, const Insn& i) {
  u32 n;
  if (!check_debug_register(cpu, i.reg, n)) return Outcome::kFault;
  u32 value = cpu.reg<u32>(i.modrm & 7);
  if (n == 6) value = (value & debug::kDr6Writable) | debug::kDr6Fixed;
  if (n == 7) value = (value & debug::kDr7Writable) | debug::kDr7Fixed;
  cpu.state.dr[n] = value;
  debug_registers_changed(cpu);
  return Outcome::kEnd;
}

// LMSW sets PE but never clears it; MP, EM and TS follow the operand.
Outcome sem_lmsw(Cpu& cpu, const Insn& i) {
  u16 value;
  if (!require_ring0(cpu) || !cpu.read_rm(i, value)) return Outcome::kFault;
  const u32 old = cpu.state.cr0;
  return write_cr0(cpu, (old & ~0xeu) | (value & 0xfu));
}

// To a register SMSW gives all of CR0 that the operand size holds, to memory 16 bits.
Outcome sem_smsw(Cpu& cpu, const Insn& i) {
  const u32 value = cpu.state.cr0;
  if (i.flags & (isa::insn_flag::kMemory | isa::insn_flag::kOperand16)) {
    return cpu.write_rm(i, static_cast<u16>(value)) ? Outcome::kNext : Outcome::kFault;
  }
  cpu.set_reg<u32>(i.rm, value);
  return Outcome::kNext;
}

Outcome sem_clts(Cpu& cpu, const Insn&) {
  if (!require_ring0(cpu)) return Outcome::kFault;
  cpu.state.cr0 &= ~cr0::kTaskSwitched;
  cpu.update_mode();
  return Outcome::kEnd;
}

}  // namespace paemu
