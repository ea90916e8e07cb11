// Model-specific registers (SDM 4, chapter 2): what RDMSR and WRMSR reach.
#pragma once

#include "cpu/state.hpp"

namespace paemu {

class Cpu;

enum class MsrAccess : u8 {
  kDone,
  kNoSuch,   // #GP(0)
  kRefused,  // a reserved bit or a value that is not allowed: #GP(0)
};

[[nodiscard]] MsrAccess read_msr(const Cpu& cpu, u32 index, u64& value);
[[nodiscard]] MsrAccess write_msr(Cpu& cpu, u32 index, u64 value);

// By family; msr.cpp asks them in turn.
[[nodiscard]] MsrAccess read_memory_type_msr(const Cpu& cpu, u32 index, u64& value);
[[nodiscard]] MsrAccess write_memory_type_msr(Cpu& cpu, u32 index, u64 value);
[[nodiscard]] MsrAccess read_performance_msr(const Cpu& cpu, u32 index, u64& value);
[[nodiscard]] MsrAccess write_performance_msr(Cpu& cpu, u32 index, u64 value);

// IA32_MISC_ENABLE (SDM 4, table 2-2).
namespace misc_enable {
inline constexpr u64 kFastStrings = 1u << 0, kPerformanceMonitoring = 1u << 7, kNoBranchTrace = 1u << 11,
                     kNoEventSampling = 1u << 12, kSpeedStep = 1u << 16, kMonitor = 1u << 18, kLimitCpuid = 1u << 22,
                     kDisableNx = u64{1} << 34;
inline constexpr u64 kAtReset = kFastStrings | kNoBranchTrace | kNoEventSampling;
inline constexpr u64 kWritable = kFastStrings | kSpeedStep | kLimitCpuid;
inline constexpr u64 kReadOnly = kPerformanceMonitoring | kNoBranchTrace | kNoEventSampling;
}  // namespace misc_enable

}  // namespace paemu
