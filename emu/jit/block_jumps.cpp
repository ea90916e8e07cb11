// Ways from a block to the next: jumps that are linked, indirect ones by the jump cache, calls with their entries of the
// ReturnStack. All state is stored where one of them is emitted.
#include <cstring>

#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

// Links it when the target is translated (Translator::connect).
void BlockTranslator::jump_to(u32 target) {
  Label unlinked;
  Link& link = new_link(target);
  compare_page(link, unlinked);
  db(0xe9);
  link.jump = const_cast<u8*>(getCurr());
  dd(0);
  emit_unlinked(link, unlinked);
}

Link& BlockTranslator::new_link(u32 target) {
  Link& link = links_.emplace_back();
  link.from = &out_;
  link.target = target;
  out_.outgoing.push_back(&link);
  return link;
}

// Within the page the mapping holds, since this very code runs there; across pages the target's page must be at hand
// for fetching, and be the page that was translated.
void BlockTranslator::compare_page(Link& link, Label& unlinked) {
  const u32 target = link.target;
  if (((target ^ out_.eip) & ~kPageMask) == 0) return;
  const FastTable& fetch = table(Access::kFetch);
  const u32 n = FastTable::index_of(target);
  Label page_held, page_same;
  mov(ecx, ptr[in_cpu(&fetch.tag[n])]);
  lea(ecx, ptr[rcx + static_cast<int>(target >> kPageShift)]);
  jrcxz(page_held);
  jmp(unlinked, T_NEAR);
  L(page_held);
  mov(rcx, ptr[in_cpu(&fetch.addend[n])]);
  db(0x48);  // MOV RSI, imm64, whatever the value
  db(0xbe);
  link.addend = const_cast<u8*>(getCurr());
  dq(0);
  lea(rcx, ptr[rcx + rsi]);
  jrcxz(page_same);
  jmp(unlinked, T_NEAR);
  L(page_same);
}

void BlockTranslator::emit_unlinked(Link& link, Label& unlinked) {
  L(unlinked);
  link.unlinked = cache_.executable(getCurr());
  const i32 distance = static_cast<i32>(getCurr() - (link.jump + sizeof(i32)));
  std::memcpy(link.jump, &distance, sizeof distance);
  mov(rcx, reinterpret_cast<u64>(&link));
  jmp(cache_.writable(thunks_.exit_link), T_NEAR);
}

void BlockTranslator::jump_indirect() {
  through_jump_cache(privilege_, cache_.writable(thunks_.check_jump[static_cast<u32>(privilege_)]),
                     [this](const Xbyak::Address& code) { jmp(code); });
}

// As jump_indirect(), to code of that privilege. No pending call is of it.
void BlockTranslator::transfer(Privilege privilege) {
  mov(rsp, ptr[CONTEXT(returns_base)]);
  through_jump_cache(privilege, cache_.writable(thunks_.check_jump[static_cast<u32>(privilege)]),
                     [this](const Xbyak::Address& code) { jmp(code); });
}

// As jump_indirect(), for a CALL whose return address is `back`.
void BlockTranslator::call_indirect(u32 back) {
  through_jump_cache(privilege_, cache_.writable(thunks_.check_jump[static_cast<u32>(privilege_)]),
                     [&](const Xbyak::Address& code) {
                       push_entry(back);
                       call(code);
                       land(back);
                     });
}

// As jump_to().
void BlockTranslator::call_to(u32 target, u32 back) {
  Label unlinked;
  Link& link = new_link(target);
  compare_page(link, unlinked);
  push_entry(back);
  db(0xe8);
  link.jump = const_cast<u8*>(getCurr());
  dd(0);
  land(back);
  emit_unlinked(link, unlinked);
}

// What ReturnStack has of a call but the host's own return address. The CALL has been done.
void BlockTranslator::push_entry(u32 back) {
  push(guest64(isa::kEsp));
  push(static_cast<i32>(0u - back));
}

// A path is left within routines that it called: they return as others do.
void BlockTranslator::push_calls(const SideExit& e) {
  for (const Call& c : e.calls) {
    if (c.esp.name != e.esp.name) continue;  // nobody knows where its return address is
    Label on;
    lea(ecx, ptr[guest64(isa::kEsp) + static_cast<int>(c.esp.added - e.esp.added)]);
    push(rcx);
    push(static_cast<i32>(0u - c.back));
    call(on);
    land(c.back);
    L(on);
  }
}

// Where the RET of a call comes back to, on the host: the rest of its entry goes.
void BlockTranslator::land(u32 back) {
  lea(rsp, ptr[rsp + static_cast<int>(sizeof(ReturnStack::Entry) - sizeof(u64))]);
  jump_to(back);
}

}  // namespace paemu::jit
