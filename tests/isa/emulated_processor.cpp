#include "emulated_processor.hpp"

#include <cstring>

#include "interp/interpreter.hpp"
#include "jit/verifier.hpp"
#include "segments.hpp"

namespace paemu::isa_test {

namespace {

// Page tables, then what exceptions need. The latter lie where no test looks, as the host's kernel does.
constexpr u32 kPointers = 0x10000, kDirectories = 0x11000, kTables = 0x13000, kSystem = 0x20000;
constexpr u32 kSystemLinear = layout::kSystem;
// In kSystem.
constexpr u32 kIdt = 0, kGdt = 0x1000, kTss = 0x2000, kLdt = 0x3000, kStackTop = 0x5000, kHandlers = 0x6000;
// A handler is two of HLT, and the processor goes no further.
constexpr u8 kHalt[] = {0xf4, 0xf4};
constexpr u64 kPresent = 1, kWritable = 2, kUser = 4;
constexpr u16 kCode0 = 0x08, kData0 = 0x10;
constexpr u16 kGdtLimit = 0x7f;  // as Linux has it: selectors beyond fault

}  // namespace

EmulatedProcessor::EmulatedProcessor(bool with_locals, EngineKind engine, TrustHost trust, TranslatorTuning tuning) {
  if (engine == EngineKind::kTranslator && Translator::supported())
    engine_ = std::make_unique<Translator>(cpu_, CodeCache::create(4 * kMiB).value(), tuning, trust);
  else if (engine == EngineKind::kVerify && Translator::supported())
    engine_ = std::make_unique<Verifier>(
        cpu_, CodeCache::create(4 * kMiB).value(), [this] { engines_differ_ = true; }, trust);
  else
    engine_ = std::make_unique<Interpreter>(cpu_);
  DimmSpec spec;
  spec.id = "boot0";
  spec.socket = Socket::Boot;
  spec.size = 16 * kMiB;
  if (!memory_.insert(spec).ok()) __builtin_trap();

  map(layout::kCode, layout::kCode, layout::kCodeSize, kPresent | kWritable | kUser);
  map(layout::kData, layout::kData, layout::kDataSize, kPresent | kWritable | kUser);
  map(layout::kReadOnly, layout::kReadOnly, layout::kReadOnlySize, kPresent | kUser);
  map(kSystemLinear, kSystem, layout::kSystemSize, kPresent | kWritable);

  describe(kGdt + kCode0, Segment{0, 0xc09b, 0, 0xffffffff});
  describe(kGdt + kData0, Segment{0, 0xc093, 0, 0xffffffff});
  describe(kGdt + (kUserCode & ~7u), segment_of(kUserCode));
  describe(kGdt + (kUserData & ~7u), segment_of(kUserData));
  // Linux has two more for programs: 64-bit code, and one whose limit is the number of the processor.
  describe(kGdt + 0x30, Segment{0, 0xa0fb, 0, 0xffffffff});
  describe(kGdt + 0x78, Segment{0, 0x40f5, 0, 0});
  const u32 locals = static_cast<u32>(local_segments().size());
  for (u32 n = 0; n < locals; ++n) describe(kLdt + n * 8, segment_of(local_selector(n)));
  for (u32 v = 0; v < 32; ++v) {
    const u32 to = kSystemLinear + kHandlers + v * 2;
    // INT3 and INTO are for programs; so is INT 80 to the host, which no case calls.
    const bool for_programs = v == 3 || v == 4;
    write(kSystem + kHandlers + v * 2, kHalt);
    put(kSystem + kIdt + v * 8, kCode0 << 16 | (to & 0xffff));
    put(kSystem + kIdt + v * 8 + 4, (to & 0xffff0000) | (for_programs ? 0xee00 : 0x8e00));
  }
  put(kSystem + kTss + 4, kSystemLinear + kStackTop);
  put(kSystem + kTss + 8, kData0);
  put(kSystem + kTss + 0x64, 0x68u << 16);  // no I/O bitmap: user mode may reach no port

  CpuState& s = cpu_.state;
  s.cr0 = cr0::kProtection | cr0::kPaging | cr0::kWriteProtect | cr0::kNumericError | cr0::kExtensionType |
          cr0::kMonitorCoprocessor | cr0::kAlignmentMask;
  s.cr3 = kPointers;
  s.cr4 = cr4::kPae | cr4::kOsfxsr | cr4::kOsxmmexcpt;
  s.efer = efer::kNoExecute;
  for (u32 n = 0; n < 2; ++n) s.pdpte[n] = (kDirectories + n * 0x1000) | kPresent;
  s.gdtr = DescriptorTable{kSystemLinear + kGdt, kGdtLimit};
  s.idtr = DescriptorTable{kSystemLinear + kIdt, 0xff};
  s.tr = Segment{0x48, 0x8b, kSystemLinear + kTss, 0x67};
  s.ldtr = with_locals ? Segment{0x50, 0x82, kSystemLinear + kLdt, locals * 8 - 1} : Segment{};
  cpu_.adopt();
}

void EmulatedProcessor::map_alias() {
  static_assert(layout::kAliasDistance == FastTable::kEntries << kPageShift);
  map(layout::kData + layout::kAliasDistance, layout::kData, layout::kDataSize, kPresent | kWritable | kUser);
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

// A directory serves each GiB, a page table each 2 MiB that anything lies in.
void EmulatedProcessor::map(u32 linear, u32 physical, u32 size, u64 rights) {
  const u32 directory = kDirectories + (linear >> 30) * 0x1000;
  const u32 table = kTables + (linear >= 1 * kGiB ? 2 : linear >> 21) * 0x1000;
  put(directory + (linear >> 21 & 0x1ff) * 8, static_cast<u32>(table | kPresent | kWritable | kUser));
  for (u32 at = 0; at < size; at += 0x1000)
    put(table + ((linear + at) >> 12 & 0x1ff) * 8, static_cast<u32>((physical + at) | rights));
}

// SDM 3A, figure 3-8.
void EmulatedProcessor::describe(u32 at, const Segment& s) {
  const u32 limit = s.attributes & 0x8000 ? s.limit >> 12 : s.limit;
  put(kSystem + at, s.base << 16 | (limit & 0xffff));
  put(kSystem + at + 4, (s.base & 0xff000000) | (limit & 0xf0000) | u32{s.attributes} << 8 | (s.base >> 16 & 0xff));
}

Exception EmulatedProcessor::run(Registers& r, u32 count) {
  CpuState& s = cpu_.state;
  std::memcpy(s.gpr, r.gpr, sizeof r.gpr);
  s.eip = r.eip;
  s.fpu = r.fpu;
  for (u32 n = 0; n < 6; ++n) s.segment[n] = segment_of(r.selector[n]);
  s.shadow = Shadow::kNone;
  s.mid_repeat = false;
  s.pending_debug = 0;
  cpu_.set_flags(r.eflags | eflag::kInterrupt | eflag::kAlwaysOne);
  cpu_.update_mode();
  engine_->run(count);
  if ((r.eflags & eflag::kTrap) && cpu_.user()) engine_->run(1);  // the delivery of its debug trap
  std::memcpy(r.gpr, s.gpr, sizeof r.gpr);
  r.fpu = s.fpu;
  r.eip = s.eip;
  r.eflags = cpu_.flags() & ~(eflag::kResume | eflag::kTrap);
  for (u32 n = 0; n < 6; ++n) r.selector[n] = s.segment[n].selector;
  return cpu_.user() ? Exception{} : leave_handler(r);
}

Exception EmulatedProcessor::run_to_breakpoint(Registers& r) {
  constexpr u32 kPlenty = 1'000'000;
  Exception e = run(r, kPlenty);
  if (e.vector != static_cast<int>(Vector::kBreakpoint)) return e;
  --r.eip;
  return Exception{};
}

// It went to a handler: the stack has what it left.
Exception EmulatedProcessor::leave_handler(Registers& r) {
  CpuState& s = cpu_.state;
  Exception e;
  e.vector = static_cast<int>((s.eip - kSystemLinear - kHandlers) / 2);
  s.activity = Activity::kRunning;
  u32 at = kSystem + s.gpr[isa::kEsp] - kSystemLinear;
  if (has_error_code(static_cast<Vector>(e.vector))) {
    e.error_code = get(at);
    at += 4;
  }
  e.address = s.cr2;
  r.eip = get(at);
  r.selector[isa::kCs] = static_cast<u16>(get(at + 4));
  r.eflags = get(at + 8) & ~(eflag::kResume | eflag::kTrap);
  r.gpr[isa::kEsp] = get(at + 12);
  r.selector[isa::kSs] = static_cast<u16>(get(at + 16));
  if (e.vector == static_cast<int>(Vector::kDebug)) e = Exception{};
  return e;
}

}  // namespace paemu::isa_test
