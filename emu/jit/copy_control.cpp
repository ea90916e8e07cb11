// Near jumps, calls, returns, and the stack (SDM 2). In the modes that are translated ESP is 32 bits wide and all of
// CS may be jumped to.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {
constexpr u32 kSlot = 4;  // bytes of a stack slot
constexpr u32 kEqual = 4, kNotEqual = 5;  // condition codes
}

bool BlockTranslator::copy_control(const Insn& i) {
  if (operand16(i)) return false;
  const u8 o = i.opcode;
  if (row(i).map == isa::Map::k0F) return (o & 0xf0) == 0x80 && copy_branch(i);
  if ((o & 0xf0) == 0x70) return copy_branch(i);
  if (o == 0xeb || o == 0xe9 || o == 0xe8) return copy_jump(i);
  if (o == 0xc3 || o == 0xc2) return copy_return(i);
  if (o >= 0xe0 && o <= 0xe3) return copy_loop(i);
  if (o == 0xff) {
    const u8 digit = i.modrm >> 3 & 7;
    return digit == 2 || digit == 4 ? copy_indirect(i) : digit == 6 && copy_stack(i);
  }
  if ((o & 0xf0) == 0x50 || o == 0x68 || o == 0x6a || o == 0xc9) return copy_stack(i);
  return false;
}

void BlockTranslator::jump_if(u32 code, Label& to) {
  switch (code) {
    case 0: return jo(to, T_NEAR);
    case 1: return jno(to, T_NEAR);
    case 2: return jb(to, T_NEAR);
    case 3: return jae(to, T_NEAR);
    case 4: return je(to, T_NEAR);
    case 5: return jne(to, T_NEAR);
    case 6: return jbe(to, T_NEAR);
    case 7: return ja(to, T_NEAR);
    case 8: return js(to, T_NEAR);
    case 9: return jns(to, T_NEAR);
    case 10: return jp(to, T_NEAR);
    case 11: return jnp(to, T_NEAR);
    case 12: return jl(to, T_NEAR);
    case 13: return jge(to, T_NEAR);
    case 14: return jle(to, T_NEAR);
    default: return jg(to, T_NEAR);
  }
}

HostOperand BlockTranslator::slot_below() {
  return look_up(Address{.base = isa::kEsp, .displacement = 0u - kSlot}, kSlot, Access::kWrite, Alignment::kNatural,
                 false);
}

HostOperand BlockTranslator::slot_at(u8 reg) {
  return look_up(Address{.base = reg}, kSlot, Access::kRead, Alignment::kNatural, false);
}

void BlockTranslator::push_value(const Reg32& value) {
  const HostOperand slot = slot_below();
  store(slot, value);
  move_stack(-static_cast<int>(kSlot));
}

void BlockTranslator::push_value(u32 value) {
  const HostOperand slot = slot_below();
  store(slot, value);
  move_stack(-static_cast<int>(kSlot));
}

void BlockTranslator::move_stack(int bytes) { lea(guest32(isa::kEsp), ptr[guest64(isa::kEsp) + bytes]); }

BlockTranslator::SideExit& BlockTranslator::way_out(u32 target) {
  const bool loops = loops_by(target);
  SideExit& e = side_exit(target, index_ + 1);
  e.to_loop = loops;
  return e;
}

// The host's condition leads out of the block.
bool BlockTranslator::copy_branch(const Insn& i) {
  const u32 target = next_eip(i) + i.immediate, condition = i.opcode & 15;
  const bool last = remaining() == 1;
  need_flags(read_by_condition(i.opcode));
  if (!last && next_in_path() == target) {
    jump_if(condition ^ 1, way_out(next_eip(i)).label);
    return true;
  }
  if (last && loops_by(target)) {
    jump_if(condition, loop_.label);
    return true;
  }
  if (last) settle_all();
  jump_if(condition, way_out(target).label);
  return true;
}

bool BlockTranslator::copy_jump(const Insn& i) {
  const u32 target = next_eip(i) + i.immediate;
  const bool calls = i.opcode == 0xe8 && i.immediate != 0;  // a call of the next instruction asks where it is
  if (i.opcode == 0xe8) push_value(next_eip(i));
  if (remaining() > 1) {
    if (calls) calls_.push_back({next_eip(i), {values_.of(isa::kEsp).name, values_.of(isa::kEsp).added - kSlot}});
    return true;
  }
  ended_ = true;
  if (i.opcode != 0xe8 && loops_by(target)) {
    jmp(loop_.label, T_NEAR);
    return true;
  }
  settle(flags_, x87_, xmm_);
  if (calls)
    call_to(target, next_eip(i));
  else
    jump_to(target);
  return true;
}

// Across an access, which needs esi if it is looked up in line.
void BlockTranslator::save_esi() {
  if (!window_) mov(ptr[CONTEXT(spare)], esi);
}
void BlockTranslator::restore_esi() {
  if (!window_) mov(esi, ptr[CONTEXT(spare)]);
}

bool BlockTranslator::copy_indirect(const Insn& i) {
  const bool call = (i.modrm >> 3 & 7) == 2;
  if (memory(i)) {
    if (!reachable(i, Access::kRead)) return false;
    load(esi, look_up(i, kSlot, Access::kRead));
  } else {
    mov(esi, guest32(i.rm));
  }
  if (call) {
    save_esi();
    push_value(next_eip(i));
    restore_esi();
    settle(flags_, x87_, xmm_);
    call_indirect(next_eip(i));
  } else {
    settle(flags_, x87_, xmm_);
    jump_indirect();
  }
  ended_ = true;
  return true;
}

bool BlockTranslator::copy_return(const Insn& i) {
  const u32 release = i.opcode == 0xc2 ? i.immediate : 0;
  load(esi, slot_at(isa::kEsp));
  move_stack(static_cast<int>(kSlot + release));
  if (const std::optional<u32> back = next_in_path(); back && !calls_.empty()) return return_in_path(*back);
  settle(flags_, x87_, xmm_);
  // Does the last pending call go on there (ReturnStack)?
  Label predicted;
  mov(ecx, ptr[rsp + static_cast<int>(offsetof(ReturnStack::Entry, address))]);
  lea(ecx, ptr[rcx + rsi]);
  jrcxz(predicted);
  jmp(cache_.writable(thunks_.return_elsewhere[static_cast<u32>(privilege_)]), T_NEAR);
  L(predicted);
  ret();
  ended_ = true;
  return true;
}

// From a routine that the path called. esi: to where.
bool BlockTranslator::return_in_path(u32 back) {
  calls_.pop_back();
  SideExit& elsewhere = side_exit(0, index_ + 1);
  elsewhere.by_return = true;
  Label expected;
  lea(ecx, ptr[rsi - static_cast<int>(back)]);
  jrcxz(expected);
  jmp(elsewhere.label, T_NEAR);
  L(expected);
  if (remaining() > 1) return true;
  ended_ = true;
  if (loops_by(back)) {
    jmp(loop_.label, T_NEAR);
    return true;
  }
  settle(flags_, x87_, xmm_);
  jump_to(back);
  return true;
}

// LOOPNE, LOOPE, LOOP and JECXZ.
bool BlockTranslator::copy_loop(const Insn& i) {
  if (i.flags & isa::insn_flag::kAddress16) return false;
  const bool asks_zero = i.opcode < 0xe2, counts = i.opcode != 0xe3;
  if (asks_zero) need_flags(eflag::kZero);
  if (counts) lea(guest32(isa::kEcx), ptr[guest64(isa::kEcx) - 1]);
  mov(ecx, guest32(isa::kEcx));
  const u32 target = next_eip(i) + i.immediate;
  const bool follows = remaining() > 1 && next_in_path() == target;
  SideExit& e = way_out(follows ? next_eip(i) : target);
  Label on_zero, on;
  jrcxz(on_zero);
  if (asks_zero) {
    jump_if(i.opcode == 0xe0 ? kNotEqual : kEqual, follows ? on : e.label);
    L(on_zero);
    if (follows) jmp(e.label, T_NEAR);
    L(on);
  } else if (follows == counts) {  // what goes on is not zero
    jmp(on);
    L(on_zero);
    jmp(e.label, T_NEAR);
    L(on);
  } else {
    jmp(e.label, T_NEAR);
    L(on_zero);
  }
  return true;
}

// PUSH of registers, immediates and memory, POP of registers, LEAVE.
bool BlockTranslator::copy_stack(const Insn& i) {
  const u8 o = i.opcode;
  if (o >= 0x58 && o <= 0x5f) {
    load(guest32(i.reg), slot_at(isa::kEsp));
    if (i.reg != isa::kEsp) move_stack(kSlot);
    return true;
  }
  if (o == 0xc9) {
    const HostOperand slot = slot_at(isa::kEbp);
    lea(r8d, ptr[guest64(isa::kEbp) + static_cast<int>(kSlot)]);
    load(guest32(isa::kEbp), slot);  // which may fault
    mov(guest32(isa::kEsp), r8d);
    return true;
  }
  if (o == 0xff && memory(i)) {
    if (!reachable(i, Access::kRead)) return false;
    load(esi, look_up(i, kSlot, Access::kRead));
    save_esi();
    const HostOperand slot = slot_below();
    const Reg32 value = window_ ? esi : ecx;  // esi may be part of the slot
    if (!window_) mov(ecx, ptr[CONTEXT(spare)]);
    store(slot, value);
    move_stack(-static_cast<int>(kSlot));
  } else if (o == 0x68 || o == 0x6a) {
    push_value(i.immediate);
  } else {
    push_value(guest32(o == 0xff ? i.rm : i.reg));
  }
  return true;
}

}  // namespace paemu::jit
