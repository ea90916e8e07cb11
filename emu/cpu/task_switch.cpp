// Task switches (SDM 3A, 7.3). Everything that can fault in the old task's name is done before the commit; after it,
// faults belong to the new task.
#include "cpu/task_switch.hpp"

#include <algorithm>
#include <cstring>

#include "cpu/cpu.hpp"
#include "cpu/debug.hpp"
#include "cpu/push_frame.hpp"

namespace paemu {

namespace {

// Offsets in a TSS (SDM 3A, figures 7-2 and 7-10). The link is at 0 in both.
struct Layout {
  u32 eip, flags, gprs, segments, ldt;
  u32 segment_count;  // ES CS SS DS, and FS GS
  u32 width;          // bytes of a general register
  u32 segment_step;
  u32 cr3;  // 0: none
  u32 size;
};
constexpr Layout kLayout32{0x20, 0x24, 0x28, 0x48, 0x60, 6, 4, 4, 0x1c, 104};
constexpr Layout kLayout16{0x0e, 0x10, 0x12, 0x22, 0x2a, 4, 2, 2, 0, 44};
constexpr u32 kTrapOffset = 0x64;  // bit 0: the T flag
constexpr u32 kIoMapBaseOffset = 0x66;

constexpr u32 kBusyType = 2;  // of the descriptor type

const Layout& layout_of(u32 type) { return (type & 8) ? kLayout32 : kLayout16; }

// A TSS as it is in memory.
struct Image {
  u8 bytes[104] = {};
  u32 get(u32 offset, u32 width) const {
    u32 v = 0;
    std::memcpy(&v, bytes + offset, width);
    return v;
  }
  u16 get16(u32 offset) const { return static_cast<u16>(get(offset, 2)); }
  void put(u32 offset, u32 width, u32 v) { std::memcpy(bytes + offset, &v, width); }
};

Outcome fail(Cpu& cpu) {
  cpu.fault = cpu.mmu.fault();
  return Outcome::kFault;
}

// The new task's TSS descriptor (SDM 3A, 7.3, steps 1 to 5).
bool check_new_task(Cpu& cpu, u16 selector, TaskSwitch kind, Ext ext, Descriptor& d) {
  const bool returning = kind == TaskSwitch::kReturn;
  const Vector wrong = returning ? Vector::kInvalidTss : Vector::kGeneralProtection;
  const u32 error = selector_error(selector, ext);
  if ((selector & 4) || null_selector(selector)) {
    cpu.raise(wrong, error);
    return false;
  }
  if (!read_descriptor(cpu, selector, d, wrong, ext)) return false;
  const u32 type = d.type() & ~8u;
  if (!d.system() || type != (returning ? system_type::kTss16Busy : system_type::kTss16Available)) {
    cpu.raise(wrong, error);
    return false;
  }
  if (!d.present()) {
    cpu.raise(Vector::kSegmentNotPresent, error);
    return false;
  }
  if (d.limit() < layout_of(d.type()).size - 1) {
    cpu.raise(Vector::kInvalidTss, error);
    return false;
  }
  return true;
}

void save_old_task(const Cpu& cpu, const Layout& l, u32 flags, u32 eip, Image& image) {
  image.put(l.eip, l.width, eip);
  image.put(l.flags, l.width, flags);
  for (u32 i = 0; i < 8; ++i) image.put(l.gprs + i * l.width, l.width, cpu.state.gpr[i]);
  for (u32 i = 0; i < l.segment_count; ++i)
    image.put(l.segments + i * l.segment_step, 2, cpu.state.segment[i].selector);
}

// Sets or clears the busy bit of a TSS descriptor. The descriptor's page was probed for writing.
void set_busy(Cpu& cpu, u16 selector, bool busy) {
  u32 linear;
  u8 type;
  if (!descriptor_address(cpu, selector & ~4, linear) || !cpu.load_linear(linear + 5, type)) return;
  type = static_cast<u8>(busy ? type | kBusyType : type & ~kBusyType);
  (void)cpu.store_linear(linear + 5, type);
}

// --- After the commit. Each check raises #TS in the new task unless it says otherwise (SDM 3A, table 7-1).

bool load_ldt(Cpu& cpu, u16 selector, Ext ext) {
  cpu.state.ldtr = Segment{selector, 0, 0, 0};
  if (null_selector(selector)) return true;
  Descriptor d;
  const u32 error = selector_error(selector, ext);
  cpu.state.ldtr.selector = 0;
  if (selector & 4) {
    cpu.raise(Vector::kInvalidTss, error);
    return false;
  }
  if (!read_descriptor(cpu, selector, d, Vector::kInvalidTss, ext)) return false;
  if (!d.system() || d.type() != system_type::kLdt || !d.present()) {
    cpu.raise(Vector::kInvalidTss, error);
    return false;
  }
  cpu.state.ldtr = d.segment(selector);
  return true;
}

bool load_code(Cpu& cpu, u16 selector, Ext ext) {
  const u32 error = selector_error(selector, ext);
  Descriptor d;
  if (null_selector(selector)) {
    cpu.raise(Vector::kInvalidTss, error);
    return false;
  }
  if (!read_descriptor(cpu, selector, d, Vector::kInvalidTss, ext)) return false;
  const u32 rpl = rpl_of(selector);
  if (!d.code() || (d.conforming() ? d.dpl() > rpl : d.dpl() != rpl)) {
    cpu.raise(Vector::kInvalidTss, error);
    return false;
  }
  if (!d.present()) {
    cpu.raise(Vector::kSegmentNotPresent, error);
    return false;
  }
  if (!mark_accessed(cpu, selector, d)) return false;
  cpu.state.segment[isa::kCs] = d.segment(selector);
  return true;
}

bool load_stack(Cpu& cpu, u16 selector, u32 cpl, Ext ext) {
  Descriptor d;
  if (!check_stack_segment(cpu, selector, cpl, Vector::kInvalidTss, d, ext)) return false;
  if (!mark_accessed(cpu, selector, d)) return false;
  cpu.state.segment[isa::kSs] = d.segment(selector);
  cpu.update_mode();
  return true;
}

// As load_segment(), but what is #GP there is #TS here.
bool load_data(Cpu& cpu, isa::SegmentRegister which, u16 selector, Ext ext) {
  if (load_segment(cpu, which, selector)) return true;
  if (cpu.fault.vector == Vector::kGeneralProtection) cpu.fault.vector = Vector::kInvalidTss;
  if (ext == Ext::kSet && cpu.fault.vector != Vector::kPageFault) cpu.fault.error_code |= 1;
  return false;
}

bool load_segments(Cpu& cpu, const u16 (&selector)[6], u16 ldt, Ext ext) {
  // Until they are loaded, all are unusable; CPL is that of the new task from here on (SDM 3A, 7.3).
  const u32 cpl = rpl_of(selector[isa::kCs]);
  for (u32 i = 0; i < 6; ++i) cpu.state.segment[i] = Segment{selector[i], 0, 0, 0};
  cpu.state.segment[isa::kSs].attributes = static_cast<u16>(cpl << segment_attribute::kDplShift);
  cpu.update_mode();
  if (!load_ldt(cpu, ldt, ext)) return false;
  if (cpu.virtual8086()) {
    for (u32 i = 0; i < 6; ++i) load_segment_real(cpu, static_cast<isa::SegmentRegister>(i), selector[i]);
    cpu.update_mode();
    return true;
  }
  if (!load_code(cpu, selector[isa::kCs], ext) || !load_stack(cpu, selector[isa::kSs], cpl, ext)) return false;
  for (const isa::SegmentRegister r : {isa::kEs, isa::kDs, isa::kFs, isa::kGs}) {
    if (!load_data(cpu, r, selector[r], ext)) return false;
  }
  return true;
}

bool load_address_space(Cpu& cpu, u32 cr3) {
  CpuState& s = cpu.state;
  if (s.cr4 & cr4::kPae) {
    u64 pdpte[4];
    if (!cpu.mmu.read_pdptes(cr3, pdpte)) {
      cpu.raise(Vector::kGeneralProtection, 0);
      return false;
    }
    std::copy_n(pdpte, 4, s.pdpte);
  }
  s.cr3 = cr3;
  ++cpu.mmu.counters.table_loads;
  cpu.mmu.flush_non_global(cpu.clock.retired);
  return true;
}

// Takes the new task's registers. From here on faults are its own.
Outcome become(Cpu& cpu, const Image& image, const Layout& l, u32 flags, const TaskInterrupt* interrupt) {
  CpuState& s = cpu.state;
  const Ext ext = interrupt != nullptr ? interrupt->ext : Ext::kClear;
  if (l.cr3 != 0 && (s.cr0 & cr0::kPaging)) {
    const u32 cr3 = image.get(l.cr3, 4);
    if (cr3 != s.cr3 && !load_address_space(cpu, cr3)) return Outcome::kFault;
  }
  s.eip = image.get(l.eip, l.width);
  cpu.set_flags(flags);
  for (u32 i = 0; i < 8; ++i) {
    // A 16-bit TSS leaves the upper halves as all ones.
    s.gpr[i] = image.get(l.gprs + i * l.width, l.width) | (l.width == 2 ? 0xffff0000u : 0);
  }
  s.dr[7] &= ~debug::kLocal;  // local breakpoints end with the task (SDM 3B, 17.2.4)
  debug_registers_changed(cpu);

  u16 selector[6] = {};
  for (u32 i = 0; i < l.segment_count; ++i) selector[i] = image.get16(l.segments + i * l.segment_step);
  if (!load_segments(cpu, selector, image.get16(l.ldt), ext)) return Outcome::kFault;

  if (interrupt != nullptr && interrupt->has_error_code) {
    PushFrame frame = PushFrame::current(cpu, static_cast<u32>(ext));
    if (!frame.push(interrupt->error_code, l.width == 4 ? OperandSize::k32 : OperandSize::k16)) return Outcome::kFault;
    s.gpr[isa::kEsp] = frame.pointer();
  }
  if (s.eip > s.segment[isa::kCs].limit) return cpu.general_protection(static_cast<u32>(ext));
  // Due before the task's first instruction (SDM 3B, 17.3.1.5). A single step of the old task is not.
  if (l.width == 4 && (image.get16(kTrapOffset) & 1)) s.pending_debug |= debug::kTaskSwitch;
  cpu.debug_hits &= ~debug::kSingleStep;
  return Outcome::kBranch;
}

}  // namespace

Outcome switch_task(Cpu& cpu, u16 selector, TaskSwitch kind, u32 next_eip, const TaskInterrupt* interrupt) {
  CpuState& s = cpu.state;
  const Ext ext = interrupt != nullptr ? interrupt->ext : Ext::kClear;
  Descriptor d;
  if (!check_new_task(cpu, selector, kind, ext, d)) return Outcome::kFault;
  const Layout& to = layout_of(d.type());
  const Layout& from = layout_of(s.tr.attributes & 0xf);
  constexpr Privilege kSystem = Privilege::kSupervisor;
  const u16 old_selector = s.tr.selector;
  // Where the old task is to be saved must be within its TSS (SDM 3A, table 6-6).
  if (s.tr.limit < from.size - 1) return cpu.raise(Vector::kInvalidTss, selector_error(old_selector, ext));

  // All that is read and written, before anything changes.
  Image image, old;
  if (!cpu.mmu.load_bytes(d.base(), kSystem, image.bytes, to.size)) return fail(cpu);
  const u32 saved_size = from.ldt - from.eip;
  if (!cpu.mmu.load_bytes(s.tr.base + from.eip, kSystem, old.bytes + from.eip, saved_size) ||
      !cpu.mmu.probe(s.tr.base + from.eip, saved_size, Access::kWrite, kSystem)) {
    return fail(cpu);
  }
  if (kind == TaskSwitch::kCall && !cpu.mmu.probe(d.base(), 2, Access::kWrite, kSystem)) return fail(cpu);
  for (const u16 tss : {selector, old_selector}) {
    u32 linear;
    if (descriptor_address(cpu, tss, linear) && !cpu.mmu.probe(linear + 5, 1, Access::kWrite, kSystem))
      return fail(cpu);
  }

  // Commit.
  u32 old_flags = interrupt != nullptr ? interrupt->flags : cpu.flags();
  if (kind == TaskSwitch::kReturn) old_flags &= ~eflag::kNestedTask;
  save_old_task(cpu, from, old_flags, next_eip, old);
  (void)cpu.mmu.store_bytes(s.tr.base + from.eip, kSystem, old.bytes + from.eip, saved_size);
  if (kind == TaskSwitch::kCall) (void)cpu.store_linear(d.base(), old_selector);
  if (kind != TaskSwitch::kCall) set_busy(cpu, old_selector, false);
  if (kind != TaskSwitch::kReturn) set_busy(cpu, selector, true);

  constexpr u32 kKnownFlags = eflag::kArithmetic | eflag::kTrap | eflag::kInterrupt | eflag::kDirection | eflag::kIopl |
                              eflag::kNestedTask | eflag::kResume | eflag::kVirtual8086 | eflag::kAlignmentCheck |
                              eflag::kVirtualInterrupt | eflag::kVirtualInterruptPending | eflag::kId;
  u32 flags = image.get(to.flags, to.width) & kKnownFlags;
  if (kind == TaskSwitch::kCall) flags |= eflag::kNestedTask;
  s.tr = d.segment(selector);
  s.tr.attributes |= kBusyType;
  s.cr0 |= cr0::kTaskSwitched;
  cpu.request_attention();
  return become(cpu, image, to, flags, interrupt);
}

bool read_tss_stack(Cpu& cpu, u32 cpl, u16& ss, u32& esp, Ext ext) {
  const Segment& tr = cpu.state.tr;
  const bool wide = tr.attributes & 8;
  const u32 at = wide ? 4 + 8 * cpl : 2 + 4 * cpl;
  if (at + (wide ? 5 : 3) > tr.limit) {
    cpu.raise(Vector::kInvalidTss, selector_error(tr.selector, ext));
    return false;
  }
  if (wide) return cpu.load_linear(tr.base + at, esp) && cpu.load_linear(tr.base + at + 4, ss);
  u16 sp;
  if (!cpu.load_linear(tr.base + at, sp) || !cpu.load_linear(tr.base + at + 2, ss)) return false;
  esp = sp;
  return true;
}

namespace {

// A 32-bit TSS that is long enough to say where its I/O bitmap begins.
bool has_io_map(const Segment& tr) {
  return (tr.attributes & segment_attribute::kPresent) && (tr.attributes & 8) && tr.limit >= kIoMapBaseOffset + 1;
}

}  // namespace

bool read_redirection_bit(Cpu& cpu, u8 vector, bool& through_idt) {
  const Segment& tr = cpu.state.tr;
  u16 map_base;
  u8 bits;
  if (!has_io_map(tr)) {
    cpu.general_protection(0);
    return false;
  }
  if (!cpu.load_linear(tr.base + kIoMapBaseOffset, map_base)) return false;
  const u32 at = map_base + vector / 8u;  // 32 more than where the byte is
  if (at < 32 || at - 32 > tr.limit) {
    cpu.general_protection(0);
    return false;
  }
  if (!cpu.load_linear(tr.base + at - 32, bits)) return false;
  through_idt = (bits >> (vector % 8)) & 1;
  return true;
}

bool check_io_permission(Cpu& cpu, u32 port, u32 size) {
  if (!cpu.protected_mode()) return true;
  if (!cpu.virtual8086() && cpu.cpl <= cpu.iopl()) return true;
  const Segment& tr = cpu.state.tr;
  u16 map_base;
  if (has_io_map(tr)) {
    if (!cpu.load_linear(tr.base + kIoMapBaseOffset, map_base)) return false;
    // Two bytes are always read, so that an access may straddle eight ports (SDM 1, 18.5.2).
    const u32 at = map_base + port / 8;
    u16 bits;
    if (at + 1 <= tr.limit) {
      if (!cpu.load_linear(tr.base + at, bits)) return false;
      if (((bits >> (port % 8)) & ((1u << size) - 1)) == 0) return true;
    }
  }
  cpu.raise(Vector::kGeneralProtection, 0);
  return false;
}

}  // namespace paemu
