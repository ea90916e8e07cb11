// Stack instructions of several accesses: POP to memory, PUSHA, POPA, ENTER (SDM 2). As the handlers do they find out
// first whether an access faults, and then change something.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {
constexpr u32 kSlot = 4;           // bytes of a stack slot
constexpr u32 kFrame = 8 * kSlot;  // of PUSHA
}  // namespace

bool BlockTranslator::copy_frame(const Insn& i) {
  if (operand16(i)) return false;
  switch (i.opcode) {
    case 0x60: return copy_pusha();
    case 0x61: return copy_popa();
    case 0x8f: return copy_pop_memory(i);
    default: return copy_enter(i);
  }
}

bool BlockTranslator::copy_pop_memory(const Insn& i) {
  if (!memory(i)) {
    load(guest32(i.rm), slot_at(isa::kEsp));
    if (i.rm != isa::kEsp) move_stack(kSlot);
    return true;
  }
  if (!reachable(i, Access::kWrite) || i.segment == isa::kFs || i.segment == isa::kGs) return false;
  load(ecx, slot_at(isa::kEsp));
  mov(ptr[CONTEXT(spare)], ecx);
  Address to = address_of(i);
  if (to.base == isa::kEsp) to.displacement += kSlot;  // ESP after the increment
  const HostOperand at = look_up(to, kSlot, Access::kWrite, Alignment::kAny, false);
  mov(ecx, ptr[CONTEXT(spare)]);
  store(at, ecx);
  move_stack(kSlot);
  return true;
}

// A slot of several that were looked up at once.
void BlockTranslator::move_slot(const HostOperand& slots, u32 offset, const Reg32& reg, Access access) {
  const u8 opcode = access == Access::kWrite ? 0x89 : 0x8b;
  if (slots.window) {
    HostOperand slot = slots;
    slot.displacement += offset;
    encode({0, false, opcode}, static_cast<u8>(reg.getIdx()), slot);
  } else if (access == Access::kWrite) {
    mov(ptr[rdi + Reg64(slots.number) + static_cast<int>(offset)], reg);
  } else {
    mov(reg, ptr[rdi + Reg64(slots.number) + static_cast<int>(offset)]);
  }
}

// In the window the first slot and the last, which lie in all pages that there are, are touched first.
void BlockTranslator::touch_slots(const HostOperand& slots, Access access) {
  if (!slots.window) return;
  for (const u32 offset : {0u, kFrame - kSlot}) {
    move_slot(slots, offset, ecx, Access::kRead);
    if (access == Access::kWrite) move_slot(slots, offset, ecx, Access::kWrite);
  }
}

// EAX lies on top, at the highest address.
bool BlockTranslator::copy_pusha() {
  const HostOperand slots =
      look_up(Address{.base = isa::kEsp, .displacement = 0u - kFrame}, kFrame, Access::kWrite, Alignment::kAny, false);
  touch_slots(slots, Access::kWrite);
  for (u32 n = 0; n < 8; ++n) move_slot(slots, (7 - n) * kSlot, guest32(n), Access::kWrite);
  move_stack(-static_cast<int>(kFrame));
  return true;
}

// The image's ESP is skipped.
bool BlockTranslator::copy_popa() {
  const HostOperand slots = look_up(Address{.base = isa::kEsp}, kFrame, Access::kRead, Alignment::kAny, false);
  touch_slots(slots, Access::kRead);
  for (u32 n = 0; n < 8; ++n) {
    if (n != isa::kEsp) move_slot(slots, (7 - n) * kSlot, guest32(n), Access::kRead);
  }
  move_stack(kFrame);
  return true;
}

// Of level 0. A write at the new stack pointer must be possible too (SDM 2A, ENTER).
bool BlockTranslator::copy_enter(const Insn& i) {
  if ((i.immediate2 & 31) != 0) return false;
  const u32 room = i.immediate & 0xffff;
  const HostOperand last = look_up(Address{.base = isa::kEsp, .displacement = 0u - kSlot - room}, kSlot, Access::kWrite,
                                   Alignment::kAny, false);
  touch(last, kSlot);
  store(slot_below(), guest32(isa::kEbp));
  lea(guest32(isa::kEbp), ptr[guest64(isa::kEsp) - static_cast<int>(kSlot)]);
  move_stack(-static_cast<int>(kSlot + room));
  return true;
}

}  // namespace paemu::jit
