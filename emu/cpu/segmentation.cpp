#include "cpu/segmentation.hpp"

#include <cassert>

#include "cpu/cpu.hpp"

namespace paemu {

namespace {

bool fail(Cpu& cpu, Vector v, u32 error_code) {
  cpu.raise(v, error_code);
  return false;
}

void set_null(Segment& s, u16 selector) { s = Segment{selector, 0, 0, 0}; }

// SDM 2B, MOV: loading SS.
bool load_stack(Cpu& cpu, u16 selector) {
  Descriptor d;
  if (!check_stack_segment(cpu, selector, cpu.cpl, Vector::kGeneralProtection, d)) return false;
  if (!mark_accessed(cpu, selector, d)) return false;
  cpu.state.segment[isa::kSs] = d.segment(selector);
  return true;
}

// SDM 2B, MOV: loading DS, ES, FS, GS.
bool load_data(Cpu& cpu, Segment& s, u16 selector) {
  if (null_selector(selector)) {
    set_null(s, selector);
    return true;
  }
  Descriptor d;
  if (!read_descriptor(cpu, selector, d, Vector::kGeneralProtection)) return false;
  const u32 code = selector_error(selector);
  if (d.system() || (d.code() && !d.readable())) return fail(cpu, Vector::kGeneralProtection, code);
  if (!(d.code() && d.conforming()) && (rpl_of(selector) > d.dpl() || cpu.cpl > d.dpl())) {
    return fail(cpu, Vector::kGeneralProtection, code);
  }
  if (!d.present()) return fail(cpu, Vector::kSegmentNotPresent, code);
  if (!mark_accessed(cpu, selector, d)) return false;
  s = d.segment(selector);
  return true;
}

}  // namespace

u32 Descriptor::limit() const {
  const u32 raw = (low & 0xffff) | (high & 0xf0000);
  return (high & (1u << 23)) ? (raw << 12) | 0xfff : raw;
}

Segment Descriptor::segment(u16 selector) const {
  return Segment{selector, static_cast<u16>((high >> 8) & 0xf0ff), base(), limit()};
}

bool descriptor_address(const Cpu& cpu, u16 selector, u32& linear) {
  u32 base = cpu.state.gdtr.base;
  u32 limit = cpu.state.gdtr.limit;
  if (selector & 4) {
    if (null_selector(cpu.state.ldtr.selector)) return false;
    base = cpu.state.ldtr.base;
    limit = cpu.state.ldtr.limit;
  }
  linear = base + (selector & 0xfff8u);
  return (selector | 7u) <= limit;
}

bool read_descriptor(Cpu& cpu, u16 selector, Descriptor& out, Vector vector, Ext ext) {
  u32 linear;
  if (!descriptor_address(cpu, selector, linear)) {
    return fail(cpu, vector, selector_error(selector, ext));
  }
  u64 raw;
  if (!cpu.load_linear(linear, raw)) return false;
  out.low = static_cast<u32>(raw);
  out.high = static_cast<u32>(raw >> 32);
  return true;
}

bool mark_accessed(Cpu& cpu, u16 selector, Descriptor& d) {
  if (d.system() || (d.high & (1u << 8))) return true;
  u32 linear;
  if (!descriptor_address(cpu, selector, linear)) return true;
  d.high |= 1u << 8;
  return cpu.store_linear(linear + 5, static_cast<u8>(d.high >> 8));
}

bool check_stack_segment(Cpu& cpu, u16 selector, u32 cpl, Vector vector, Descriptor& out, Ext ext) {
  if (null_selector(selector)) return fail(cpu, vector, static_cast<u32>(ext));
  if (!read_descriptor(cpu, selector, out, vector, ext)) return false;
  const u32 code = selector_error(selector, ext);
  if (rpl_of(selector) != cpl || !out.data() || !out.writable() || out.dpl() != cpl) {
    return fail(cpu, vector, code);
  }
  if (!out.present()) return fail(cpu, Vector::kStackFault, code);
  return true;
}

void load_segment_real(Cpu& cpu, isa::SegmentRegister which, u16 selector) {
  Segment& s = cpu.state.segment[which];
  constexpr u16 kRealRights = segment_attribute::kPresent | segment_attribute::kNotSystem |
                              segment_attribute::kWritable | segment_attribute::kAccessed;
  s.selector = selector;
  s.base = u32{selector} << 4;
  if (cpu.virtual8086()) {
    s.limit = 0xffff;
    s.attributes = kRealRights | (3u << segment_attribute::kDplShift);
  } else {
    // Limit and size stay as they were left by protected mode: big real mode relies on it.
    s.attributes = kRealRights | (s.attributes & (segment_attribute::kDefaultBig | segment_attribute::kGranularity));
  }
}

bool load_segment(Cpu& cpu, isa::SegmentRegister which, u16 selector) {
  assert(which <= isa::kGs && which != isa::kCs);
  if (!cpu.protected_mode() || cpu.virtual8086()) {
    load_segment_real(cpu, which, selector);
  } else {
    const bool ok = which == isa::kSs ? load_stack(cpu, selector) : load_data(cpu, cpu.state.segment[which], selector);
    if (!ok) return false;
  }
  cpu.update_mode();
  return true;
}

void drop_privileged_segments(Cpu& cpu, u32 cpl) {
  for (const isa::SegmentRegister which : {isa::kEs, isa::kDs, isa::kFs, isa::kGs}) {
    Segment& s = cpu.state.segment[which];
    const bool conforming =
        (s.attributes & segment_attribute::kCode) && (s.attributes & segment_attribute::kConforming);
    const u32 dpl = (s.attributes >> segment_attribute::kDplShift) & 3;
    if (!conforming && dpl < cpl) set_null(s, 0);
  }
}

}  // namespace paemu
