// BlockTranslator: makes the host code of one block, instruction by instruction.
//
// A row that is copied runs on the host with the guest's registers in place, its memory operand looked up in the fast
// TLB in line. All else, and whatever misses there, is run by the interpreter's own handler, out of line: so each row
// works, and faults are exact, whether it is copied or not. copy() and what it calls return false for what they leave
// to the handler, having emitted nothing.
//
// The pieces: block_translator.cpp (the block's frame), block_jumps.cpp (the ways out of it), memory_access.cpp,
// shared_access.cpp, copy_integer.cpp, copy_multiply.cpp, copy_shift.cpp, copy_string.cpp, copy_control.cpp,
// copy_frame.cpp, copy_x87.cpp, copy_mmx.cpp, copy_sse.cpp, copy_system.cpp, copy_transfer.cpp.
#pragma once

#include <deque>
#include <optional>

#include "cpu/host_fpu.hpp"
#include "isa/table.hpp"
#include "jit/assembler.hpp"
#include "jit/host_rules.hpp"
#include "jit/path.hpp"
#include "jit/return_stack.hpp"
#include "jit/thunks.hpp"
#include "jit/translation.hpp"
#include "jit/values.hpp"

namespace paemu::jit {

class BlockTranslator : public Assembler {
 public:
  // Writes to `buffer`, which `cache` reserved. Links are made in `links`.
  BlockTranslator(u8* buffer, usize size, Cpu& cpu, const HostRules& rules, const Thunks& thunks,
                  const CodeCache& cache, Translation& out, std::deque<Link>& links, Loops loops);
  void run();

 private:
  // What is known, at a point of the code, of flags in the host's register that are not the guest's.
  struct Flags {
    u32 maybe_stale = eflag::kAdjust | stale::kSignZeroParity;  // before the block anything that a block may leave
    bool recorded = true;  // Context::stale_mask is right; else it has to become `record`
    u32 record = 0;
    bool operator==(const Flags&) const = default;
  };
  // What the x87 unit's pointers to the last instruction have to become before anybody can look.
  struct LastX87 {
    const Insn* insn = nullptr;
    const Insn* with_memory = nullptr;
    bool operator==(const LastX87&) const = default;
  };
  // XMM registers that the host's hold in this block.
  struct HeldXmm {
    u8 held = 0, dirty = 0;  // bit n: register n
    bool operator==(const HeldXmm&) const = default;
  };
  static constexpr u32 kNoSlot = ~u32{0};
  // An instruction that is run by its handler out of line.
  struct Miss {
    Xbyak::Label label, resume;
    usize at = 0;  // in the code, when it is there
    u32 index = 0;
    Flags flags;
    LastX87 x87;
    HeldXmm before, after;
    Values values;  // after it
    u32 in_rdi = kNoSlot;
    u8 lent = 0;  // what the code at `resume` relies on
  };
  // A CALL into the routine that the path goes on with.
  struct Call {
    u32 back = 0;      // where it returns to
    Values::Held esp;  // with the return address pushed
  };
  // A way out of the block to a known address.
  struct SideExit {
    Xbyak::Label label;
    u32 target = 0, executed = 0;
    bool to_run_loop = false;  // not linked
    bool to_loop = false;      // to loop_.label, with all left open
    bool by_return = false;    // to the address in esi
    Flags flags;
    LastX87 x87;
    HeldXmm xmm;
    std::vector<Call> calls;  // pending ones
    Values::Held esp;
  };

  // Bytes of one page that were looked up at once, for several accesses: from `distance` on beyond base + index.
  struct Span {
    u32 base = 0, index = 0;  // names of values
    u8 scale = 0;
    u32 distance = 0, size = 0;
    Access access = Access::kRead;  // what may be done there; kWrite: both
    bool aligned = false;           // `multiple`: a distance known to be at a multiple of 16 bytes
    u32 multiple = 0;
    u32 from = 0, last = 0;  // indices of the first instruction that uses it, and of the last so far
    u32 slot = 0;            // of Context::pages
  };

  // What a block that jumps to its own start has left open there: the loop proper, a second copy of the block up to
  // that jump, begins with it and ends with it.
  struct Loop {
    bool found = false;
    Xbyak::Label label;
    u32 count = 0;  // instructions
    Flags flags;
    LastX87 x87;
    HeldXmm xmm;
    u8 lent = 0;
    bool in_mmx = false;
    Values values;            // there
    std::vector<Span> spans;  // that hold from round to round
  };

  // --- The block's frame.
  void emit_copy(u32 count);
  void emit_loop();
  bool loops_by(u32 target);
  bool holds_in_loop(const Span& s, const Values& at_jump) const;
  void check_budget(u32 count);
  void check_bytes();
  void instruction();
  bool has_row(const Insn& i) const;
  SideExit& side_exit(u32 target, u32 executed);
  void push_calls(const SideExit& e);
  void call_handler(const Insn& i);
  void emit_misses();
  void emit_side_exits();
  void jump_to(u32 target);            // the end of a path, all state stored
  void jump_indirect();                // to esi
  void transfer(Privilege privilege);  // the same, to another mode
  void settle_all();                   // here, so that C++ may run
  // The same of a CALL, which has been done, with the address that it returns to.
  void call_to(u32 target, u32 back);
  void call_indirect(u32 back);
  void push_entry(u32 back);
  void land(u32 back);
  Link& new_link(u32 target);
  void compare_page(Link& link, Xbyak::Label& unlinked);
  void emit_unlinked(Link& link, Xbyak::Label& unlinked);
  void settle(const Flags& f, const LastX87& x87, const HeldXmm& xmm);
  void load_xmm(const HeldXmm& xmm);
  void record_flags(const Flags& f);
  u32 next_eip(const Insn& i) const { return base_ + i.offset + i.length; }
  std::optional<u32> next_in_path() const;
  u32 remaining() const { return count_ - index_; }
  const isa::Row& row(const Insn& i) const { return isa::rows()[i.row]; }
  static bool memory(const Insn& i) { return i.flags & isa::insn_flag::kMemory; }
  static bool operand16(const Insn& i) { return i.flags & isa::insn_flag::kOperand16; }

  // --- Flags.
  void flags_written_exactly() { flags_ = Flags{0, false, 0}; }
  void flags_written_by(u32 operation);
  void flags_written_but(u32 bits, u32 record) { flags_ = Flags{bits, false, record}; }
  void need_flags(u32 bits);  // before an instruction that reads them
  static u32 read_by_condition(u32 code);

  // --- Memory.
  // Assembler's, and a fault of the host there is a miss.
  void encode(const Opcode& op, u8 reg, const HostOperand& rm);
  void load(const Xbyak::Reg32& to, const HostOperand& from) {
    encode({0, false, 0x8b}, static_cast<u8>(to.getIdx()), from);
  }
  void store(const HostOperand& to, const Xbyak::Reg32& value) {
    encode({0, false, 0x89}, static_cast<u8>(value.getIdx()), to);
  }
  void store(const HostOperand& to, u32 value) {
    encode({0, false, 0xc7}, 0, to);
    dd(value);
  }
  enum class Alignment : u8 { kAny, kNatural, kRequired16 };
  // An address as an instruction names it: registers, which may be none, and a constant.
  struct Address {
    u8 base = isa::kNoRegister, index = isa::kNoRegister, scale = 0;
    u32 displacement = 0;
  };
  // May the memory operand be looked up in line?
  bool reachable(const Insn& i, Access access) const;
  // The operand, for encode(). In a block that uses the window that is all; else it is looked up in line, and esi
  // becomes, or the result names, its linear address, rdi the addend to it.
  HostOperand look_up(const Insn& i, u32 size, Access access, Alignment alignment = Alignment::kAny,
                      bool low_index = false);
  // The same for an address that is in register `linear` already.
  void look_up_linear(u32 linear, u32 size, Access access, Alignment alignment);
  // The same for an address that was computed into esi.
  HostOperand look_up_esi(u32 size, Access access, Alignment alignment = Alignment::kAny);
  void look_up_constant(u32 linear, Access access);
  void compare_tag(const FastTable& t, u32 linear, u32 unit);
  // The same for an address that need not be an instruction's operand.
  HostOperand look_up(const Address& a, u32 size, Access access, Alignment alignment, bool low_index);
  HostOperand in_window(const Address& a, bool low_index);
  Xbyak::Reg32 linear_address(const HostOperand& at);  // in that register, or in esi
  Xbyak::RegExp address(const Address& a, u32 more = 0) const;
  Xbyak::RegExp address(const Insn& i) const { return address(address_of(i)); }
  static Address address_of(const Insn& i) { return {i.base, i.index, i.scale, i.displacement}; }
  Xbyak::Label& missed();  // where the handler takes the present instruction over
  // --- shared_access.cpp
  u32 distance_of(const Address& a, const Values& values) const;
  Span* known_span(const Address& a, u32 size, Access access, Alignment alignment);
  std::optional<u32> free_slot() const;
  Span* new_span(const Address& a, u32 size, Access access, Alignment alignment);
  void look_up_span(const Span& span, const Address& a);
  void look_up_again(const Miss& m);
  const FastTable& table(Access a) const { return cpu_.mmu.fast(a, privilege_); }

  // --- Copies.
  bool copy(const Insn& i);
  bool copy_integer(const Insn& i);
  bool copy_integer_0f(const Insn& i);
  bool copy_arithmetic(const Insn& i, u8 opcode, u32 size);
  bool copy_modrm(const Insn& i, const Opcode& op, u32 size, Access access, bool rm_written, bool reg_written);
  bool copy_group(const Insn& i, const Opcode& op, u32 size, Access access, u32 immediate_size);
  bool copy_extend(const Insn& i);
  bool copy_divide(const Insn& i);
  bool flags_die() const;
  void flags_of_product(u8 low, u32 size);
  bool copy_multiply(const Insn& i);
  bool copy_product(const Insn& i, u32 immediate_size);
  void load_divisor(const Insn& i, u32 size, bool is_signed);
  bool copy_exchange(const Insn& i, u32 size);
  bool copy_compare_exchange_8(const Insn& i);
  bool copy_table_look_up(const Insn& i);
  bool copy_shift(const Insn& i, u32 size);
  bool copy_double_shift(const Insn& i);
  bool copy_shift_by_cl(const Insn& i, u32 size, u8 kind);
  void touch(const HostOperand& at, u32 size);
  bool copy_bit_test(const Insn& i);
  bool copy_bit_string(const Insn& i);
  bool copy_bit_scan(const Insn& i);
  bool copy_control(const Insn& i);
  bool copy_branch(const Insn& i);
  bool copy_jump(const Insn& i);
  bool copy_indirect(const Insn& i);
  void save_esi();
  void restore_esi();
  bool copy_stack(const Insn& i);
  bool copy_return(const Insn& i);
  bool return_in_path(u32 back);
  SideExit& way_out(u32 target);
  bool copy_loop(const Insn& i);
  // --- copy_frame.cpp
  bool copy_frame(const Insn& i);
  bool copy_pop_memory(const Insn& i);
  bool copy_pusha();
  bool copy_popa();
  bool copy_enter(const Insn& i);
  void move_slot(const HostOperand& slots, u32 offset, const Xbyak::Reg32& reg, Access access);
  void touch_slots(const HostOperand& slots, Access access);
  void jump_if(u32 code, Xbyak::Label& to);
  bool copy_string(const Insn& i);
  bool copy_repeated(const Insn& i);
  bool copy_repeated_compare(const Insn& i);
  void begin_repeated(Xbyak::Label& done);
  void host_address(const Xbyak::Reg64& host, const Xbyak::Reg64& linear, const Xbyak::RegExp& last, Access access);
  void go_on_by(u32 reg, u32 size);
  bool copy_system(const Insn& i);
  void take_shortcut(Shortcut s);
  void go_on_behind(const Insn& i);
  bool copy_segment_load(const Insn& i, u32 segment, bool pop);
  bool copy_verify_write(const Insn& i);
  bool copy_from_control(const Insn& i);
  bool copy_to_cr3(const Insn& i);
  bool copy_flush_page(const Insn& i);
  bool copy_clts(const Insn& i);
  bool copy_sti(const Insn& i);
  bool copy_popf(const Insn& i);
  void load_flags();
  bool copy_transfer(const Insn& i);
  bool copy_interrupt_return();
  bool copy_interrupt(const Insn& i);
  bool copy_sysenter();
  bool copy_sysexit();
  void need_sysenter_segment();
  void set_flat(u32 segment, u32 beyond, u32 dpl);
  void set_privilege(Privilege privilege);
  bool copy_rdtsc();
  bool copy_cli();
  bool copy_pushf();
  bool copy_push_segment(u32 segment);
  bool copy_from_segment(const Insn& i);
  bool set_flag(u32 flag);
  bool clear_flag(u32 flag) { return clear_bits(&cpu_.state.eflags, flag); }
  bool clear_bits(const u32* field, u32 bits);
  bool need_ring0();
  bool copy_x87(const Insn& i);
  bool copy_x87_memory(const Insn& i, u32 digit);
  bool copy_fldcw(const Insn& i);
  bool copy_mmx(const Insn& i);
  bool copy_emms();
  bool copy_masked_store(const Insn& i);
  void touch_by_xmm(const HostOperand& at, u32 size, Access access);
  bool copy_sse(const Insn& i);
  bool copy_movnti(const Insn& i);
  bool copy_mxcsr(const Insn& i);
  void need_lent(u8 bit);
  void hold_xmm(u32 n, bool load);
  // Stack slots: the one below ESP for a write, the one at ESP or EBP for a read.
  HostOperand slot_below();
  HostOperand slot_at(u8 reg);
  void push_value(const Xbyak::Reg32& value);
  void push_value(u32 value);
  void move_stack(int bytes);  // ESP
  // The host's number of a byte or wider register of the guest; ECX's bytes may be moved to rcx meanwhile.
  struct Places {
    u8 reg = 0, rm = 0;
    bool through_rcx = false;  // CL or CH stand in CL or CH of the host
  };
  Places places(const Insn& i, u32 size, bool has_reg) const;

  const Block& block_;
  const u32 base_;  // EIP that the instructions' offsets count from
  const HostRules& rules_;
  const Thunks& thunks_;
  const CodeCache& cache_;
  Translation& out_;
  std::deque<Link>& links_;
  const Privilege privilege_;
  const bool window_;  // accesses go by the window
  const Loops loops_;
  Loop loop_;
  u32 count_ = 0;  // instructions of this copy, which were taken off the budget
  u32 index_ = 0;
  Values at_start_;  // of this copy
  bool ended_ = false;  // nothing can fall through to the end of the block
  Flags flags_;
  LastX87 x87_;
  HeldXmm xmm_;
  u8 lent_ = 0;  // lent::* that the code has seen to be so
  bool in_mmx_ = false;  // lent, and TOP and tags are as MMX instructions leave them
  Values values_;
  std::vector<Call> calls_;  // pending
  std::vector<Span> spans_;
  u32 in_rdi_ = kNoSlot;  // the slot of Context::pages that rdi has the value of
  const u32 widest_span_;
  std::deque<Miss> misses_;
  struct WindowAccess {
    usize at = 0;  // in the code
    const Miss* miss = nullptr;
  };
  std::vector<WindowAccess> window_accesses_;
  std::deque<SideExit> side_exits_;
};

}  // namespace paemu::jit
