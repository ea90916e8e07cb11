#include "emulated_processor.hpp"

#include <cstring>

namespace paemu::isa_test {

namespace {

// Page tables, then what exceptions need. The latter lie where no test looks, as the host's kernel does.
constexpr u32 kDirectory = 0x10000, kTables = 0x11000, kSystem = 0x20000;
constexpr u32 kSystemLinear = layout::kSystem;
constexpr u32 kIdt = 0, kGdt = 0x1000, kTss = 0x2000, kStackTop = 0x5000, kHandlers = 0x6000;  // in kSystem
// A handler is two of HLT, and the processor goes no further.
constexpr u8 kHalt[] = {0xf4, 0xf4};
constexpr u32 kPresent = 1, kWritable = 2, kUser = 4;
// The selectors of a 32-bit program under 64-bit Linux, so that a pushed one is the same.
constexpr u16 kUserCode = 0x23, kUserData = 0x2b, kCode0 = 0x08, kData0 = 0x10;

}  // namespace

EmulatedProcessor::EmulatedProcessor() {
  DimmSpec spec;
  spec.id = "boot0";
  spec.socket = Socket::Boot;
  spec.size = 16 * kMiB;
  if (!memory_.insert(spec).ok()) __builtin_trap();

  map(layout::kCode, layout::kCode, layout::kCodeSize, kPresent | kWritable | kUser);
  map(layout::kData, layout::kData, layout::kDataSize, kPresent | kWritable | kUser);
  map(layout::kReadOnly, layout::kReadOnly, layout::kReadOnlySize, kPresent | kUser);
  map(kSystemLinear, kSystem, layout::kSystemSize, kPresent | kWritable);

  put(kSystem + kGdt + 8, 0xffff), put(kSystem + kGdt + 12, 0x00cf9b00);
  put(kSystem + kGdt + 16, 0xffff), put(kSystem + kGdt + 20, 0x00cf9300);
  for (u32 v = 0; v < 32; ++v) {
    const u32 to = kSystemLinear + kHandlers + v * 2;
    write(kSystem + kHandlers + v * 2, kHalt);
    put(kSystem + kIdt + v * 8, kCode0 << 16 | (to & 0xffff));
    put(kSystem + kIdt + v * 8 + 4, (to & 0xffff0000) | 0x8e00);
  }
  put(kSystem + kTss + 4, kSystemLinear + kStackTop);
  put(kSystem + kTss + 8, kData0);
  put(kSystem + kTss + 0x64, 0x68u << 16);  // no I/O bitmap: user mode may reach no port

  CpuState& s = cpu_.state;
  s.cr0 = cr0::kProtection | cr0::kPaging | cr0::kWriteProtect | cr0::kNumericError | cr0::kExtensionType |
          cr0::kMonitorCoprocessor;
  s.cr3 = kDirectory;
  s.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
  s.gdtr = DescriptorTable{kSystemLinear + kGdt, 0xff};
  s.idtr = DescriptorTable{kSystemLinear + kIdt, 0xff};
  s.tr = Segment{0x48, 0x8b, kSystemLinear + kTss, 0x67};
  enter_user_mode();
  cpu_.adopt();
}

void EmulatedProcessor::put(u32 physical, u32 value) {
  u8 bytes[4];
  std::memcpy(bytes, &value, 4);
  write(physical, bytes);
}

u32 EmulatedProcessor::get(u32 physical) const {
  u8 bytes[4];
  read(physical, bytes);
  u32 value;
  std::memcpy(&value, bytes, 4);
  return value;
}

// One page table serves each 4 MiB; two are enough.
void EmulatedProcessor::map(u32 linear, u32 physical, u32 size, u32 rights) {
  const u32 table = linear < 4 * kMiB ? kTables : kTables + 0x1000;
  put(kDirectory + (linear >> 22) * 4, table | kPresent | kWritable | kUser);
  for (u32 at = 0; at < size; at += 0x1000) put(table + ((linear + at) >> 12 & 0x3ff) * 4, (physical + at) | rights);
}

void EmulatedProcessor::enter_user_mode() {
  for (Segment& s : cpu_.state.segment) s = Segment{kUserData, 0xc0f3, 0, 0xffffffff};
  cpu_.state.segment[isa::kCs] = Segment{kUserCode, 0xc0fb, 0, 0xffffffff};
  cpu_.state.segment[isa::kFs] = cpu_.state.segment[isa::kGs] = Segment{};
  cpu_.update_mode();
}

Exception EmulatedProcessor::run(Registers& r, u32 count) {
  CpuState& s = cpu_.state;
  std::memcpy(s.gpr, r.gpr, sizeof r.gpr);
  s.eip = r.eip;
  s.fpu = r.fpu;
  cpu_.set_flags(r.eflags | eflag::kInterrupt | eflag::kAlwaysOne);
  interpreter_.run(count);
  std::memcpy(r.gpr, s.gpr, sizeof r.gpr);
  r.fpu = s.fpu;
  r.eip = s.eip;
  r.eflags = cpu_.flags();
  Exception e;
  if (cpu_.user()) return e;
  // It went to a handler: the stack has what it left.
  e.vector = static_cast<int>((s.eip - kSystemLinear - kHandlers) / 2);
  s.activity = Activity::kRunning;
  u32 at = kSystem + s.gpr[isa::kEsp] - kSystemLinear;
  if (has_error_code(static_cast<Vector>(e.vector))) {
    e.error_code = get(at);
    at += 4;
  }
  e.address = s.cr2;
  r.eip = get(at);
  r.eflags = get(at + 8) & ~eflag::kResume;
  r.gpr[isa::kEsp] = get(at + 12);
  enter_user_mode();
  return e;
}

}  // namespace paemu::isa_test
