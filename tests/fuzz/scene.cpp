#include "scene.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "isa/insn.hpp"
#include "scene_tables.hpp"

namespace paemu::fuzz {
namespace {

enum class Mode : u8 { kReal, kUnreal, kVirtual8086, kProtected16, kRing0, kRing1, kRing2, kRing3, kCount };

u32 random_register(FuzzInput& in) {
  switch (in.below(6)) {
    case 0: return place::kData + in.word() % (place::kEnd - place::kData);
    case 1: return place::kData + 0xff8 + in.below(16);  // at the end of a page
    case 2: return in.byte();
    case 3: return place::kCode + in.word() % 0x400;
    case 4: return in.byte() * 0x01010101u;
    default: return in.dword();
  }
}

// Selectors by mode: code, data and stack.
void set_segments(Scene& s, Mode mode) {
  CpuState& c = s.cpu;
  const auto load = [&](u32 n, u16 selector) { c.segment[n] = descriptor_in(s.memory, selector); };
  const auto all_data = [&](u16 selector) {
    for (const u32 n : {isa::kEs, isa::kSs, isa::kDs, isa::kFs, isa::kGs}) load(n, selector);
  };
  switch (mode) {
    case Mode::kReal:
    case Mode::kUnreal:
    case Mode::kVirtual8086:
      for (u32 n = 0; n < 6; ++n) {
        const u16 selector = n == isa::kCs ? place::kCode >> 4 : n == isa::kSs ? 0 : place::kData >> 4;
        const u16 dpl = mode == Mode::kVirtual8086 ? 0x60 : 0;
        c.segment[n] = Segment{selector, static_cast<u16>(0x93 | dpl), u32{selector} << 4, 0xffff};
      }
      if (mode == Mode::kUnreal) {
        for (const u32 n : {isa::kEs, isa::kDs, isa::kFs}) c.segment[n] = Segment{0, 0x93, 0, ~0u};
      }
      break;
    case Mode::kProtected16: load(isa::kCs, selector::kCode16), all_data(selector::kData16); break;
    case Mode::kRing1: load(isa::kCs, selector::kCode1 | 1), all_data(selector::kData1 | 1); break;
    case Mode::kRing2: load(isa::kCs, selector::kCode2 | 2), all_data(selector::kData2 | 2); break;
    case Mode::kRing3: load(isa::kCs, selector::kCode3 | 3), all_data(selector::kData3 | 3); break;
    default: load(isa::kCs, selector::kCode0), all_data(selector::kData0); break;
  }
}

void set_control(CpuState& c, FuzzInput& in, Mode mode) {
  c.cr0 = cr0::kExtensionType;
  c.cr4 = in.word() & 0x7ff;
  const u8 choice = in.byte();
  if (choice & 1) c.cr0 |= cr0::kWriteProtect;
  if (choice & 2) c.cr0 |= cr0::kNumericError;
  if (choice & 4) c.cr0 |= cr0::kAlignmentMask;
  if (choice & 8) c.cr0 |= cr0::kMonitorCoprocessor;
  if ((choice & 0x30) == 0x30) c.cr0 |= cr0::kTaskSwitched;
  if ((choice & 0xc0) == 0xc0) c.cr0 |= cr0::kEmulation;
  c.efer = in.byte() & 1 ? efer::kNoExecute : 0;
  c.cr4 &= ~cr4::kPae;
  if (mode == Mode::kReal || mode == Mode::kUnreal) return;
  c.cr0 |= cr0::kProtection;
  switch (in.below(3)) {
    case 0: break;
    case 1: c.cr0 |= cr0::kPaging, c.cr3 = place::kDirectory; break;
    default: c.cr0 |= cr0::kPaging, c.cr4 |= cr4::kPae, c.cr3 = place::kPdpt; break;
  }
}

void set_fpu(FpuState& f, FuzzInput& in) {
  // Zero, one, infinity, a quiet and a signalling NaN, a denormal, an unsupported form, the largest.
  static constexpr u8 kReals[8][10] = {{},
                                       {0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f},
                                       {0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f},
                                       {1, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0x7f},
                                       {1, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0xff},
                                       {1},
                                       {1, 0, 0, 0, 0, 0, 0, 0x40, 0xff, 0x3f},
                                       {255, 255, 255, 255, 255, 255, 255, 255, 0xfe, 0xff}};
  f.control = in.word();
  f.status = in.word();
  f.tag = in.byte();
  f.mxcsr = in.word();
  for (auto& st : f.st) std::memcpy(st, kReals[in.below(8)], 10);
  for (auto& xmm : f.xmm) {
    const u8 which = in.byte();
    std::memcpy(xmm, kReals[which & 7] + 2, 8);
    std::memset(xmm + 8, which, 8);
  }
}

void set_debug(CpuState& c, FuzzInput& in) {
  const u8 enabled = in.byte();
  c.dr[7] = debug::kDr7Fixed;
  c.dr[6] = debug::kDr6Fixed;
  if (enabled >= 0x40) return;
  c.dr[7] |= enabled | (u32{in.word()} << 16);
  for (u32 n = 0; n < 4; ++n) c.dr[n] = random_register(in);
}

void alter(Scene& s, FuzzInput& in) {
  for (u32 left = in.below(8); left > 0; --left) {
    const u8 kind = in.byte();
    const u16 where = in.word();
    const u8 value = in.byte();
    switch (kind % 5) {
      case 0: s.memory[where % place::kStacks] = value; break;  // vectors, descriptors, task states
      case 1: s.memory[place::kDirectory + where % 0x10000] = value; break;
      case 2: alter_page_entry(s.memory, where, value); break;
      case 3: s.pokes.push_back({where, value}); break;
      default: reinterpret_cast<u8*>(s.cpu.gpr)[where % 32] = value; break;
    }
  }
}

void add_arrivals(Scene& s, FuzzInput& in) {
  u64 tick = 0;
  for (u32 left = in.below(5); left > 0; --left) {
    tick += in.word() % 700;
    const u8 value = in.byte();
    switch (in.below(10)) {
      case 0: s.arrivals.push_back({tick, arrival::serial_bytes(0, {&value, 1})}); break;
      case 1: s.arrivals.push_back({tick, Arrival{{}, InputKind::Key, {value, static_cast<u8>(value | 0x80)}}}); break;
      case 2: s.arrivals.push_back({tick, arrival::power_button()}); break;
      case 3: s.arrivals.push_back({tick, arrival::reset_by_monitor()}); break;
      case 4: {
        DimmSpec dimm{.id = "dimm1", .slot = value % 4u, .base = GuestPhys{~u64{0}}, .size = 128 * kMiB};
        s.arrivals.push_back({tick, arrival::dimm_insert(dimm)});
        break;
      }
      case 5: s.arrivals.push_back({tick, arrival::dimm_eject_request("dimm1")}); break;
      case 6: s.arrivals.push_back({tick, arrival::dimm_surprise_pull("dimm1")}); break;
      default: s.arrivals.push_back({tick, arrival::non_maskable()}); break;
    }
  }
}

}  // namespace

Scene make_scene(std::span<const u8> bytes) {
  FuzzInput in(bytes.first(std::min(bytes.size(), kHeader)));
  const std::span<const u8> code = bytes.subspan(std::min(bytes.size(), kHeader));
  static constexpr const char* kModels[] = {"pentium3", "pentium-m", "coreduo", "max32"};
  static constexpr u32 kSlices[] = {1, 2, 3, 7, 64, 65, 500};

  Scene s;
  s.model = kModels[in.below(std::size(kModels))];
  s.slice = kSlices[in.below(std::size(kSlices))];
  s.memory.assign(place::kEnd, 0);
  const auto mode = static_cast<Mode>(in.below(static_cast<u32>(Mode::kCount)));
  const u32 start = in.word() % 0x3000;
  write_tables(s.memory, in);
  // Over and over, so that a jump astray finds something too.
  for (u32 at = place::kCode + start, n = 0; at < place::kHandlers && !code.empty(); ++at)
    s.memory[at] = code[n++ % code.size()];
  for (u32 n = place::kData; n < place::kEnd; ++n) s.memory[n] = static_cast<u8>(n * 7 + (n >> 8));

  CpuState& c = s.cpu;
  set_control(c, in, mode);
  set_segments(s, mode);
  const bool v86 = mode == Mode::kVirtual8086, real = mode == Mode::kReal || mode == Mode::kUnreal;
  c.eip = c.segment[isa::kCs].base == 0 ? place::kCode + start : start;
  c.eflags = (in.dword() & 0x3c7ad5) | eflag::kAlwaysOne;
  if (in.byte() & 7) c.eflags &= ~eflag::kTrap;
  c.eflags &= ~(eflag::kVirtual8086 | eflag::kNestedTask);
  if (v86) c.eflags |= eflag::kVirtual8086;
  for (u32 n = 0; n < 8; ++n) c.gpr[n] = random_register(in);
  c.gpr[isa::kEsp] = place::kStacks + 0xf00 + in.below(32) * 8;
  c.gdtr = {place::kGdt, 0xff};
  c.idtr = real ? DescriptorTable{0, 0x3ff} : DescriptorTable{place::kIdt, 0x7ff};
  c.ldtr = descriptor_in(s.memory, selector::kLdt);
  c.tr = descriptor_in(s.memory, selector::kTss);
  c.sysenter_cs = selector::kCode0;
  c.sysenter_esp = place::kStacks + 0xe00;
  c.sysenter_eip = place::kCode + start;
  set_fpu(c.fpu, in);
  set_debug(c, in);
  add_arrivals(s, in);
  alter(s, in);
  if (c.cr4 & cr4::kPae) std::memcpy(c.pdpte, &s.memory[place::kPdpt], sizeof(c.pdpte));
  return s;
}

}  // namespace paemu::fuzz
