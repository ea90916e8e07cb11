// Segmentation: descriptors, segment registers and every check of loading one (SDM 3A, chapters 3 and 5).
//
// Functions that return bool leave the fault in cpu.fault and nothing changed when they return false. Far transfers
// load CS themselves (far_transfer.hpp); everything else goes through load_segment().
#pragma once

#include "cpu/fault.hpp"
#include "cpu/state.hpp"
#include "isa/insn.hpp"

namespace paemu {

class Cpu;

// Segment::attributes, bit by bit (SDM 3A, figure 3-8, bits 8-23 of the high dword).
namespace segment_attribute {
inline constexpr u16 kAccessed = 1u << 0, kWritable = 1u << 1 /* data */, kReadable = 1u << 1 /* code */,
                     kExpandDown = 1u << 2 /* data */, kConforming = 1u << 2 /* code */, kCode = 1u << 3,
                     kNotSystem = 1u << 4, kPresent = 1u << 7, kDefaultBig = 1u << 14, kGranularity = 1u << 15;
inline constexpr u32 kDplShift = 5;
}  // namespace segment_attribute

// System descriptor types (SDM 3A, table 3-2).
namespace system_type {
inline constexpr u32 kTss16Available = 1, kLdt = 2, kTss16Busy = 3, kCallGate16 = 4, kTaskGate = 5,
                     kInterruptGate16 = 6, kTrapGate16 = 7, kTss32Available = 9, kTss32Busy = 11, kCallGate32 = 12,
                     kInterruptGate32 = 14, kTrapGate32 = 15;
}  // namespace system_type

// The 8 bytes of a descriptor as they lie in a table.
struct Descriptor {
  u32 low = 0;
  u32 high = 0;

  u32 type() const { return (high >> 8) & 0xf; }
  bool system() const { return !(high & (1u << 12)); }
  u32 dpl() const { return (high >> 13) & 3; }
  bool present() const { return high & (1u << 15); }
  bool code() const { return !system() && (high & (1u << 11)); }
  bool data() const { return !system() && !(high & (1u << 11)); }
  bool conforming() const { return high & (1u << 10); }  // code
  bool readable() const { return high & (1u << 9); }     // code
  bool writable() const { return high & (1u << 9); }     // data
  u32 base() const { return (low >> 16) | ((high & 0xff) << 16) | (high & 0xff000000); }
  u32 limit() const;  // in bytes, granularity applied
  // Gates.
  u16 gate_selector() const { return static_cast<u16>(low >> 16); }
  u32 gate_offset() const { return (low & 0xffff) | (high & 0xffff0000); }
  u32 gate_parameters() const { return high & 0x1f; }

  Segment segment(u16 selector) const;  // the hidden part
};

inline bool null_selector(u16 selector) { return (selector & ~3) == 0; }
// The EXT bit of an error code: the exception came while an event from outside the program, or an earlier exception,
// was being delivered (SDM 3A, 6.13).
enum class Ext : u8 { kClear, kSet };
constexpr u32 selector_error(u16 selector, Ext ext = Ext::kClear) {
  return (selector & 0xfffcu) | static_cast<u32>(ext);
}

inline u32 rpl_of(u16 selector) { return selector & 3; }

// MOV, POP, LDS..: loads ES, SS, DS, FS or GS in the mode that the processor is in. CS asserts.
[[nodiscard]] bool load_segment(Cpu& cpu, isa::SegmentRegister which, u16 selector);
// Real and virtual-8086 mode: base is selector * 16. In real mode limit and rights stay (SDM 3A, 20.1.1); in
// virtual-8086 mode they become 64 KiB, data, DPL 3.
void load_segment_real(Cpu& cpu, isa::SegmentRegister which, u16 selector);

// Reads the descriptor of a selector from GDT or LDT. False: outside its table, raises `vector` with the selector
// and `ext`, or a page fault.
[[nodiscard]] bool read_descriptor(Cpu& cpu, u16 selector, Descriptor& out, Vector vector, Ext ext = Ext::kClear);
// Sets the accessed bit in the table, if it is clear, and in `d`.
[[nodiscard]] bool mark_accessed(Cpu& cpu, u16 selector, Descriptor& d);
// The linear address of a selector's descriptor; no value (false) when it is outside its table.
bool descriptor_address(const Cpu& cpu, u16 selector, u32& linear);

// SS for a stack at `cpl` (SDM 3A, 5.7): checks; false raises `vector` (#TS, #GP; #SS when not present).
[[nodiscard]] bool check_stack_segment(Cpu& cpu, u16 selector, u32 cpl, Vector vector, Descriptor& out,
                                       Ext ext = Ext::kClear);

// Nulls the data segments that `cpl` may not keep, on return to an outer level (SDM 2A, RET).
void drop_privileged_segments(Cpu& cpu, u32 cpl);

}  // namespace paemu
