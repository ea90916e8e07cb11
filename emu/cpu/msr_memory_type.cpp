// Memory type range registers and the page attribute table (SDM 3A, 11.11 and 11.12). Their values are kept for the
// guest; caching is not modelled.
#include "cpu/cpu.hpp"
#include "cpu/msr.hpp"

namespace paemu {

namespace {

// SDM 4, chapter 2.
enum Index : u32 {
  kMtrrCap = 0xfe,
  kMtrrVariable = 0x200,
  kMtrrFix64k = 0x250,
  kMtrrFix16k = 0x258,
  kMtrrFix4k = 0x268,
  kPat = 0x277,
  kMtrrDefType = 0x2ff,
};

constexpr u64 kMtrrCapValue = 8 | (1 << 8) | (1 << 10);  // 8 variable ranges, fixed ranges, write-combining

bool memory_type(u64 t) { return t <= 1 || (t >= 4 && t <= 6); }

u64 address_mask(const Cpu& cpu) { return (u64{1} << cpu.model.physical_bits()) - 1; }

// The stored fixed-range MTRR of an index, or nullptr.
template <class State>
auto* fixed_mtrr(State& s, u32 index) {
  auto* none = static_cast<decltype(&s.mtrr_fixed[0])>(nullptr);
  if (index == kMtrrFix64k) return &s.mtrr_fixed[0];
  if (index == kMtrrFix16k || index == kMtrrFix16k + 1) return &s.mtrr_fixed[1 + index - kMtrrFix16k];
  if (index >= kMtrrFix4k && index < kMtrrFix4k + 8) return &s.mtrr_fixed[3 + index - kMtrrFix4k];
  return none;
}

bool write_mtrr(Cpu& cpu, u32 index, u64 value) {
  CpuState& s = cpu.state;
  if (index == kMtrrDefType) {
    if ((value & ~u64{0xcff}) || !memory_type(value & 0xff)) return false;
    s.mtrr_default = value;
    return true;
  }
  if (u64* fixed = fixed_mtrr(s, index); fixed != nullptr) {
    for (u32 i = 0; i < 8; ++i) {
      if (!memory_type((value >> (8 * i)) & 0xff)) return false;
    }
    *fixed = value;
    return true;
  }
  const u32 n = (index - kMtrrVariable) / 2;
  const bool is_mask = index & 1;
  if (value & ~address_mask(cpu)) return false;
  if (is_mask ? (value & 0x7ff) != 0 : (value & 0xf00) != 0 || !memory_type(value & 0xff)) return false;
  (is_mask ? s.mtrr_mask : s.mtrr_base)[n] = value;
  return true;
}

bool mtrr_index(const Cpu& cpu, u32 index) {
  if (!cpu.model.has(Feature::kMtrr)) return false;
  return index == kMtrrDefType || fixed_mtrr(cpu.state, index) != nullptr ||
         (index >= kMtrrVariable && index < kMtrrVariable + 16);
}

u64 read_mtrr(const CpuState& s, u32 index) {
  if (index == kMtrrDefType) return s.mtrr_default;
  if (const u64* fixed = fixed_mtrr(s, index); fixed != nullptr) return *fixed;
  const u32 n = (index - kMtrrVariable) / 2;
  return (index & 1) ? s.mtrr_mask[n] : s.mtrr_base[n];
}

// SDM 3A, table 11-10.
bool write_pat(CpuState& s, u64 value) {
  for (u32 i = 0; i < 8; ++i) {
    const u64 type = (value >> (8 * i)) & 0xff;
    if (!memory_type(type) && type != 7) return false;  // 7: UC-
  }
  s.pat = value;
  return true;
}

}  // namespace

MsrAccess read_memory_type_msr(const Cpu& cpu, u32 index, u64& value) {
  if (index == kMtrrCap && cpu.model.has(Feature::kMtrr)) {
    value = kMtrrCapValue;
  } else if (index == kPat && cpu.model.has(Feature::kPat)) {
    value = cpu.state.pat;
  } else if (mtrr_index(cpu, index)) {
    value = read_mtrr(cpu.state, index);
  } else {
    return MsrAccess::kNoSuch;
  }
  return MsrAccess::kDone;
}

MsrAccess write_memory_type_msr(Cpu& cpu, u32 index, u64 value) {
  bool ok;
  if (index == kPat && cpu.model.has(Feature::kPat)) {
    ok = write_pat(cpu.state, value);
  } else if (mtrr_index(cpu, index)) {
    ok = write_mtrr(cpu, index, value);
  } else {
    return MsrAccess::kNoSuch;
  }
  return ok ? MsrAccess::kDone : MsrAccess::kRefused;
}

}  // namespace paemu
