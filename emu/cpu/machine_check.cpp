#include "cpu/machine_check.hpp"

#include <cassert>

#include "cpu/cpu.hpp"
#include "cpu/exceptions.hpp"

namespace paemu {

namespace {

// SDM 4, table 2-20: the registers of the P6 family, which all later processors have.
constexpr u32 kGlobalCap = 0x179, kGlobalStatus = 0x17a, kGlobalControl = 0x17b, kFirstBank = 0x400;
constexpr u32 kRegistersOfBank = 4;
constexpr u64 kControlPresent = 1 << 8;                            // IA32_MCG_CAP: there is an IA32_MCG_CTL
constexpr u64 kRestartable = 1, kErrorAtEip = 2, kInProgress = 4;  // IA32_MCG_STATUS: RIPV, EIPV, MCIP
constexpr u64 kValid = u64{1} << 63, kOverflow = u64{1} << 62, kUncorrected = u64{1} << 61;  // IA32_MCi_STATUS

// The registers of a bank in the order of their numbers.
constexpr u64 MachineCheckBank::*kBankRegister[kRegistersOfBank] = {
    &MachineCheckBank::control, &MachineCheckBank::status, &MachineCheckBank::address, &MachineCheckBank::misc};

bool in_bank(u32 index) { return index >= kFirstBank && index < kFirstBank + kRegistersOfBank * kMachineCheckBanks; }

// IA32_MCi_CTL and IA32_MCG_CTL: all ones or nothing here, as no error has a bit of its own.
bool reporting_enabled(const CpuState& s, u32 bank) { return s.mcg_control != 0 && s.mc_bank[bank].control != 0; }

// Whether a new error takes the place of what the bank holds: never that of an uncorrected one (15.3.2.2.1).
bool may_overwrite(u64 held) { return !(held & kValid) || !(held & kUncorrected); }

}  // namespace

void report_machine_check(Cpu& cpu, const MachineCheckError& error) {
  assert(error.bank < kMachineCheckBanks);
  CpuState& s = cpu.state;
  if (!cpu.model.has(Feature::kMca) || s.activity == Activity::kShutdown) return;
  MachineCheckBank& bank = s.mc_bank[error.bank];
  const u64 overflow = (bank.status & kValid) ? kOverflow : 0;
  if (may_overwrite(bank.status)) {
    bank.status = error.status | kValid | overflow;
    bank.address = error.address;
    bank.misc = error.misc;
  } else {
    bank.status |= overflow;
  }
  if (!(error.status & kUncorrected) || !reporting_enabled(s, error.bank)) return;
  if (!(s.cr4 & cr4::kMce) || (s.mcg_status & kInProgress)) return shut_down(cpu);
  s.mcg_status = (error.global_status & (kRestartable | kErrorAtEip)) | kInProgress;
  s.machine_check_pending = true;
  cpu.request_attention();
}

MsrAccess read_machine_check_msr(const Cpu& cpu, u32 index, u64& value) {
  const CpuState& s = cpu.state;
  if (!cpu.model.has(Feature::kMca)) return MsrAccess::kNoSuch;
  switch (index) {
    case kGlobalCap: value = kMachineCheckBanks | kControlPresent; return MsrAccess::kDone;
    case kGlobalStatus: value = s.mcg_status; return MsrAccess::kDone;
    case kGlobalControl: value = s.mcg_control; return MsrAccess::kDone;
    default: break;
  }
  if (!in_bank(index)) return MsrAccess::kNoSuch;
  const u32 n = index - kFirstBank;
  value = s.mc_bank[n / kRegistersOfBank].*kBankRegister[n % kRegistersOfBank];
  return MsrAccess::kDone;
}

MsrAccess write_machine_check_msr(Cpu& cpu, u32 index, u64 value) {
  CpuState& s = cpu.state;
  if (!cpu.model.has(Feature::kMca)) return MsrAccess::kNoSuch;
  switch (index) {
    case kGlobalCap: return MsrAccess::kRefused;
    case kGlobalStatus:
      if (value & ~(kRestartable | kErrorAtEip | kInProgress)) return MsrAccess::kRefused;
      s.mcg_status = value;
      return MsrAccess::kDone;
    case kGlobalControl: s.mcg_control = value; return MsrAccess::kDone;
    default: break;
  }
  if (!in_bank(index)) return MsrAccess::kNoSuch;
  const u32 n = index - kFirstBank;
  const bool control = n % kRegistersOfBank == 0;
  if (!control && value != 0) return MsrAccess::kRefused;  // only to be cleared (15.3.2.2 to 15.3.2.4)
  s.mc_bank[n / kRegistersOfBank].*kBankRegister[n % kRegistersOfBank] = value;
  return MsrAccess::kDone;
}

}  // namespace paemu
