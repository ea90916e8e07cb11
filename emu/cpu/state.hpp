// CpuState: the architectural state of one processor, plain data. Everything in it is in the state hash.
//
// Arithmetic flags may be held lazily by Cpu while an engine runs; `eflags` here is exact only after Cpu::settle().
#pragma once

#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

// EFLAGS (SDM 1, figure 3-8).
namespace eflag {
inline constexpr u32 kCarry = 1u << 0, kAlwaysOne = 1u << 1, kParity = 1u << 2, kAdjust = 1u << 4, kZero = 1u << 6,
                     kSign = 1u << 7, kTrap = 1u << 8, kInterrupt = 1u << 9, kDirection = 1u << 10,
                     kOverflow = 1u << 11, kIoplShift = 12, kIopl = 3u << 12, kNestedTask = 1u << 14,
                     kResume = 1u << 16, kVirtual8086 = 1u << 17, kAlignmentCheck = 1u << 18,
                     kVirtualInterrupt = 1u << 19, kVirtualInterruptPending = 1u << 20, kId = 1u << 21;
inline constexpr u32 kArithmetic = kCarry | kParity | kAdjust | kZero | kSign | kOverflow;
}  // namespace eflag

// Control registers (SDM 3A, 2.5).
namespace cr0 {
inline constexpr u32 kProtection = 1u << 0, kMonitorCoprocessor = 1u << 1, kEmulation = 1u << 2,
                     kTaskSwitched = 1u << 3, kExtensionType = 1u << 4, kNumericError = 1u << 5,
                     kWriteProtect = 1u << 16, kAlignmentMask = 1u << 18, kNotWriteThrough = 1u << 29,
                     kCacheDisable = 1u << 30, kPaging = 1u << 31;
}
namespace cr4 {
inline constexpr u32 kVme = 1u << 0, kPvi = 1u << 1, kTsd = 1u << 2, kDe = 1u << 3, kPse = 1u << 4, kPae = 1u << 5,
                     kMce = 1u << 6, kPge = 1u << 7, kPce = 1u << 8, kOsfxsr = 1u << 9, kOsxmmexcpt = 1u << 10;
}
// DR6 and DR7 (SDM 3B, 17.2).
namespace debug {
inline constexpr u32 kRegisterAccess = 1u << 13, kSingleStep = 1u << 14, kTaskSwitch = 1u << 15;  // DR6: BD, BS, BT
inline constexpr u32 kBreakpointHits = 0xf;                                                       // DR6: B0 to B3
inline constexpr u32 kDr6Fixed = 0xffff0ff0, kDr6Writable = 0xe00f;
inline constexpr u32 kAnyEnabled = 0xff, kLocal = 0x155, kGeneralDetect = 1u << 13;  // DR7: L0-G3; L0-L3 and LE; GD
inline constexpr u32 kDr7Fixed = 1u << 10, kDr7Writable = 0xffff23ff;
}  // namespace debug
namespace efer {
inline constexpr u32 kNoExecute = 1u << 11;
}

// A segment register with its hidden part. `attributes` is bits 8-23 of the descriptor's high dword moved to bit 0:
// type 0-3, S 4, DPL 5-6, P 7, AVL 12, D/B 14, G 15. `limit` is in bytes, granularity applied.
struct Segment {
  u16 selector = 0;
  u16 attributes = 0;
  u32 base = 0;
  u32 limit = 0;
  FIELDS(selector, attributes, base, limit)
};

struct DescriptorTable {
  u32 base = 0;
  u16 limit = 0;
  FIELDS(base, limit)
};

// x87, MMX and SSE state. `st[i]` is physical register i (not relative to TOP): 80 bits in the first ten bytes. MMX
// registers are the low 64 bits of the physical registers.
struct FpuState {
  u16 control = 0x37f;
  u16 status = 0;       // TOP included
  u8 tag = 0;           // abridged: bit i set when physical register i is not empty
  u16 last_opcode = 0;  // 11 bits
  u16 code_selector = 0;
  u16 data_selector = 0;
  u32 code_offset = 0;
  u32 data_offset = 0;
  alignas(16) u8 st[8][16] = {};
  alignas(16) u8 xmm[8][16] = {};
  u32 mxcsr = 0x1f80;
  FIELDS(control, status, tag, last_opcode, code_selector, data_selector, code_offset, data_offset, st, xmm, mxcsr)
};

// IA32_MCi_CTL, STATUS, ADDR and MISC (SDM 3B, 15.3.2). All errors are enabled at first.
struct MachineCheckBank {
  u64 control = ~u64{0};
  u64 status = 0;
  u64 address = 0;
  u64 misc = 0;
  FIELDS(control, status, address, misc)
};
inline constexpr u32 kMachineCheckBanks = 5;  // as the P6 family has

enum class Activity : u8 {
  kRunning,
  kHalted,
  kShutdown,
  kWaitForStartUp,  // for a start-up IPI, "wait-for-SIPI" (SDM 3A, 9.4)
  kLast = kWaitForStartUp,
};

// What the next instruction is shielded from by the one before it (SDM 3A, 6.8.3).
enum class Shadow : u8 {
  kNone,
  kInterrupts,  // after STI: from maskable interrupts
  kAll,         // after MOV SS and POP SS: from NMI and debug exceptions too
  kLast = kAll,
};

struct CpuState {
  u32 gpr[9] = {};  // by isa::Register; the last is always zero and stands for "no register" in addresses
  u32 eip = 0;
  u32 eflags = eflag::kAlwaysOne;
  Segment segment[6];  // by isa::SegmentRegister
  Segment ldtr, tr;
  DescriptorTable gdtr, idtr;
  u32 cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0;
  u64 pdpte[4] = {};  // PAE: loaded with CR3 (SDM 3A, 4.4.1)
  u32 dr[8] = {};
  FpuState fpu;
  u32 efer = 0;
  u64 apic_base = 0xfee00900;
  u32 sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0;
  u64 pat = 0x0007040600070406;
  u64 misc_enable = 0x1801;  // misc_enable::kAtReset
  u64 tsc_offset = 0;        // TSC = VirtualClock::now() + tsc_offset
  u64 tsc_adjust = 0;        // what writes have moved it by, and IA32_TSC_ADJUST
  u64 mtrr_default = 0;
  u64 mtrr_fixed[11] = {};
  u64 mtrr_base[8] = {}, mtrr_mask[8] = {};
  u64 microcode_revision = 0;
  u32 performance_select[2] = {};
  u64 performance_counter[2] = {};            // while counting: less the retired count
  u64 mcg_status = 0, mcg_control = ~u64{0};  // IA32_MCG_STATUS, IA32_MCG_CTL
  MachineCheckBank mc_bank[kMachineCheckBanks];
  Activity activity = Activity::kRunning;
  bool monitor_armed = false;  // by MONITOR, until the line is written or an interrupt
  u64 monitored_line = 0;      // its physical address
  Shadow shadow = Shadow::kNone;
  bool mid_repeat = false;  // the last instruction was an iteration of a string instruction that has more to do
  bool nmi_blocked = false;
  bool nmi_pending = false;
  bool machine_check_pending = false;
  bool init_pending = false;      // an INIT came; taken before the next instruction
  bool start_up_pending = false;  // a start-up IPI came in or before the wait for one
  u8 start_up_vector = 0;         // its vector: where to start, in pages
  u64 retired_elsewhere = 0;      // instructions of the retired count that other processors have run
  u32 pending_debug = 0;  // DR6 bits of debug traps, due at the next instruction boundary that is not in a shadow
  FIELDS(gpr, eip, eflags, segment, ldtr, tr, gdtr, idtr, cr0, cr2, cr3, cr4, pdpte, dr, fpu, efer, apic_base,
         sysenter_cs, sysenter_esp, sysenter_eip, pat, misc_enable, tsc_offset, tsc_adjust, mtrr_default, mtrr_fixed,
         mtrr_base, mtrr_mask, microcode_revision, performance_select, performance_counter, mcg_status, mcg_control,
         mc_bank, activity, monitor_armed, monitored_line, shadow, mid_repeat, nmi_blocked, nmi_pending, machine_check_pending,
         init_pending, start_up_pending, start_up_vector, retired_elsewhere, pending_debug)
};

}  // namespace paemu
