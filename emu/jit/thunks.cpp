#include "jit/thunks.hpp"

#include <cassert>
#include <iterator>
#include <utility>

#include "jit/assembler.hpp"
#include "jit/return_stack.hpp"
#include "jit/translator.hpp"

namespace paemu::jit {
namespace {

constexpr u32 kInterruptsOn = 0x202;  // flags of the host that are never the guest's: bit 1 and IF

// The end of the pair in Context: whatever comes here has gone on to the next instruction.
const Insn* stop(Cpu&, const Insn* i) { return i; }

// -> did it go on to the next instruction? Else state and clock say where the guest is.
bool execute_one(Context* context, const Insn* insn, u32 block_eip, u32 how) {
  const u32 remaining = how & ~Thunks::kOnlyNext;
  Cpu& c = *context->cpu;
  ++context->handler_calls[insn->row];
  c.lazy.set(context->guest_flags());
  Insn* pair = context->pair;
  pair[0] = *insn;
  pair[1].offset = static_cast<u16>(insn->offset + insn->length);
  pair[1].handler = reinterpret_cast<void (*)()>(&stop);
  const u64 retired = context->end - static_cast<u64>(context->left) - remaining;
  c.position = Cpu::Position{pair, pair, retired, block_eip};
  const u64 window_fault = std::exchange(context->window_fault, Context::kNoFault);
  const u8 mode = c.mode_key;
  const Insn* i = pair;
  while (i == pair) i = handler_of(i)(c, i);
  if (window_fault != Context::kNoFault) context->translator->after_window_fault(window_fault);
  if (i == nullptr) {
    const bool goes_on = how == remaining && !c.attention && c.mode_key == mode &&
                         context->translator->resume(block_eip + pair[1].offset, remaining);
    if (!goes_on) {
      context->exit = Exit::kHandled;
      return false;
    }
  }
  c.position.current = nullptr;
  context->flags = c.lazy.get() | kInterruptsOn;
  context->stale_mask = 0;
  return true;
}

void make_exact(Context* context) {
  context->flags = context->guest_flags() | kInterruptsOn;
  context->stale_mask = 0;
}

class ThunkWriter : public Assembler {
 public:
  using Assembler::Assembler;

  void enter() {
    for (const auto& r : {rbx, rbp, r12, r13, r14, r15}) push(r);
    sub(rsp, 8);  // and the stack is aligned
    mov(r10, rdi);
    mov(r15, ptr[CONTEXT(cpu)]);
    mov(ptr[CONTEXT(host_stack)], rsp);
    mov(rsp, ptr[CONTEXT(returns_base)]);
    load_guest();
    jmp(ptr[CONTEXT(target)]);
  }

  void leave(Exit kind) {
    if (kind == Exit::kLink || kind == Exit::kApart) mov(ptr[CONTEXT(exit_link)], rcx);
    if (kind != Exit::kLink) mov(ptr[CONTEXT(exit_eip)], esi);
    mov(dword[CONTEXT(exit)], static_cast<u32>(kind));
    save_guest();
    epilogue();
  }

  void execute() {
    pop(r8);
    save_guest();
    mov(edx, esi);
    mov(rsi, rcx);
    mov(ecx, edi);
    call_cpp(reinterpret_cast<u64>(&execute_one));
    test(al, al);
    Xbyak::Label left;
    jz(left);
    push(r8);
    load_guest();
    ret();
    L(left);
    epilogue();
  }

  void look_up_again(const FastTable& t) {
    pext(ecx, ecx, ptr[CONTEXT(page_bits)]);
    pext(esi, esi, ptr[CONTEXT(index_bits)]);
    mov(r8d, ptr[in_cpu(t.tag) + rsi * 4]);
    lea(ecx, ptr[rcx + r8]);
    mov(rsi, ptr[in_cpu(t.addend) + rsi * 8]);
    mov(ptr[CONTEXT(pages) + rdi * 8], rsi);
    ret();
  }

  void shortcut(ShortcutFunction function) {
    pop(r8);
    mov(ptr[CONTEXT(returns)], rsp);
    mov(rsp, ptr[CONTEXT(host_stack)]);
    for (const auto& r : {r8, rax, rdx, r9, r10, r11}) push(r);  // what a C++ function need not keep
    mov(ptr[CONTEXT(left)], r11d);
    mov(edx, esi);
    mov(ecx, edi);
    mov(rdi, r15);
    mov(rsi, r10);
    seto(al);  // faster than PUSHF and POPF
    lahf();
    push(rax);
    lea(rsp, ptr[rsp - 8]);  // and the stack is aligned
    mov(rax, reinterpret_cast<u64>(function));
    call(rax);
    mov(ecx, eax);
    lea(rsp, ptr[rsp + 8]);
    pop(rax);
    add(al, 0x7f);
    sahf();
    for (const auto& r : {r11, r10, r9, rdx, rax, r8}) pop(r);
    mov(rsp, ptr[CONTEXT(returns)]);
    push(r8);
    ret();
  }

  void make_flags_exact() {
    pop(r8);
    save_guest();
    call_cpp(reinterpret_cast<u64>(&make_exact));
    push(r8);
    load_guest();
    ret();
  }

  // Takes what is dead from the ReturnStack, until the last entry is that of this RET.
  void return_elsewhere(Privilege privilege, const u8* check) {
    using Entry = ReturnStack::Entry;
    Xbyak::Label next, found, no_other;
    L(next);
    mov(rcx, ptr[CONTEXT(returns_base)]);
    not_(rcx);
    lea(rcx, ptr[rsp + rcx + 1]);
    jrcxz(no_other);
    mov(rcx, guest64(isa::kEsp));
    not_(rcx);
    mov(edi, ptr[rsp + static_cast<int>(offsetof(Entry, stack))]);
    lea(rcx, ptr[rdi + rcx + 1]);
    rorx(rcx, rcx, 32);
    jecxz(no_other);
    lea(rsp, ptr[rsp + static_cast<int>(sizeof(Entry))]);
    mov(ecx, ptr[rsp + static_cast<int>(offsetof(Entry, address))]);
    lea(ecx, ptr[rcx + rsi]);
    jecxz(found);
    jmp(next);
    L(found);
    ret();
    L(no_other);
    through_jump_cache(privilege, check, [this](const Xbyak::Address& code) { jmp(code); });
  }

  // Looks whether the jump cache's entry is for the address in esi and for the page that is mapped there. If so notes
  // that and returns, with the entry's number in r8.
  void check_jump(Privilege privilege, const u8* exit_indirect) {
    const FastTable& fetch = cpu_.mmu.fast(Access::kFetch, privilege);
    Xbyak::Label leave, page_held, same_eip, same_page;
    pext(edi, esi, ptr[CONTEXT(index_bits)]);
    pext(r8d, esi, ptr[CONTEXT(page_bits)]);
    mov(ecx, ptr[in_cpu(fetch.tag) + rdi * 4]);
    lea(ecx, ptr[rcx + r8]);
    jrcxz(page_held);
    jmp(leave);
    L(page_held);
    mov(rdi, ptr[in_cpu(fetch.addend) + rdi * 8]);
    lea(r8d, ptr[r8 + rsi]);
    pext(r8d, r8d, ptr[CONTEXT(jump_index_bits)]);
    mov(ecx, ptr[jump_entry(privilege, offsetof(JumpCache, eip), sizeof(u32))]);
    lea(ecx, ptr[rcx + rsi]);
    jrcxz(same_eip);
    jmp(leave);
    L(same_eip);
    mov(rcx, ptr[jump_entry(privilege, offsetof(JumpCache, addend), sizeof(u64))]);
    lea(rcx, ptr[rcx + rdi]);
    jrcxz(same_page);
    jmp(leave);
    L(same_page);
    mov(rcx, ptr[CONTEXT(fetch_epoch)]);
    lea(rcx, ptr[rcx + rsi]);
    not_(rcx);
    lea(rcx, ptr[rcx + 1]);
    mov(ptr[jump_entry(privilege, offsetof(JumpCache, key), sizeof(u64))], rcx);
    ret();
    L(leave);
    lea(rsp, ptr[rsp + 8]);
    jmp(exit_indirect);
  }

  // The bottom entry stays.
  void return_to_zero(const u8* exit_indirect) {
    lea(rsp, ptr[rsp - 8]);
    jmp(exit_indirect);
  }

 private:
  void save_guest() {
    for (u32 n = 0; n < 8; ++n) mov(ptr[in_cpu(&cpu_.state.gpr[n])], guest32(n));
    mov(ptr[CONTEXT(left)], r11d);
    pushfq();
    pop(qword[CONTEXT(flags)]);
  }
  void load_guest() {
    for (u32 n = 0; n < 8; ++n) mov(guest32(n), ptr[in_cpu(&cpu_.state.gpr[n])]);
    mov(r11d, ptr[CONTEXT(left)]);
    push(qword[CONTEXT(flags)]);
    popfq();
  }
  // rsi, rdx and rcx: arguments after the Context. r8 is kept.
  void call_cpp(u64 function) {
    mov(ptr[CONTEXT(returns)], rsp);
    mov(rsp, ptr[CONTEXT(host_stack)]);
    push(r8);
    push(r10);
    mov(rdi, r10);
    mov(rax, function);
    call(rax);
    pop(r10);
    pop(r8);
    mov(rsp, ptr[CONTEXT(returns)]);
  }
  void epilogue() {
    mov(rsp, ptr[CONTEXT(host_stack)]);
    add(rsp, 8);
    for (const auto& r : {r15, r14, r13, r12, rbp, rbx}) pop(r);
    ret();
  }
};

}  // namespace

Thunks make_thunks(CodeCache& cache, Cpu& cpu) {
  Thunks t;
  constexpr u32 kMost = 4096;
  u8* at = cache.reserve(kMost);
  assert(at != nullptr);
  ThunkWriter w(at, kMost, cpu);
  const auto here = [&] {
    w.align(16);
    return cache.executable(w.getCurr());
  };
  t.enter = reinterpret_cast<void (*)(Context*)>(reinterpret_cast<u64>(here()));
  w.enter();
  t.exit_link = here();
  w.leave(Exit::kLink);
  t.exit_indirect = here();
  w.leave(Exit::kIndirect);
  t.exit_budget = here();
  w.leave(Exit::kBudget);
  t.exit_apart = here();
  w.leave(Exit::kApart);
  for (const Access a : {Access::kRead, Access::kWrite}) {
    for (const Privilege p : {Privilege::kSupervisor, Privilege::kUser}) {
      t.look_up_again[static_cast<u32>(a)][static_cast<u32>(p)] = here();
      w.look_up_again(cpu.mmu.fast(a, p));
    }
  }
  for (const Privilege p : {Privilege::kSupervisor, Privilege::kUser}) {
    const u32 n = static_cast<u32>(p);
    t.check_jump[n] = here();
    w.check_jump(p, cache.writable(t.exit_indirect));
    t.return_elsewhere[n] = here();
    w.return_elsewhere(p, cache.writable(t.check_jump[n]));
  }
  t.return_to_zero = here();
  w.return_to_zero(cache.writable(t.exit_indirect));
  t.execute = here();
  w.execute();
  for (usize n = 0; n < std::size(kShortcuts); ++n) {
    t.shortcuts[n] = here();
    w.shortcut(kShortcuts[n].function);
  }
  t.make_flags_exact = here();
  w.make_flags_exact();
  w.ready();
  cache.commit(w.getCurr());
  cache.keep();
  return t;
}

}  // namespace paemu::jit
