#include "native_processor.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

#include <cstdlib>
#include <cstring>

namespace {

// What the assembly below and the signal handler share.
struct Frame {
  alignas(16) paemu::u8 fx[512];
  paemu::u32 gpr[8];
  paemu::u32 eip, eflags;
};

}  // namespace

// native_enter(Frame*): loads everything and goes to 32-bit code; the signal handler comes back by native_leave.
asm(R"(
.pushsection .text
native_enter:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, native_stack(%rip)
  mov $0x2b, %eax
  mov %eax, %ds
  mov %eax, %es
  fxrstor64 (%rdi)
  mov 528(%rdi), %ecx
  mov 548(%rdi), %edx
  mov 544(%rdi), %esi
  pushq $0x2b
  push %rcx
  push %rdx
  pushq $0x23
  push %rsi
  mov 512(%rdi), %eax
  mov 516(%rdi), %ecx
  mov 520(%rdi), %edx
  mov 524(%rdi), %ebx
  mov 532(%rdi), %ebp
  mov 536(%rdi), %esi
  mov 540(%rdi), %edi
  iretq
native_leave:
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
.popsection
.pushsection .bss
.balign 8
native_stack: .skip 8
.popsection
)");
extern "C" {
void native_enter(const Frame* frame);
void native_leave();
extern paemu::u64 native_stack;
}

namespace paemu::isa_test {

namespace {

// SDM 1, 10.5.1; the offsets that are used.
constexpr u32 kFxTag = 4, kFxMxcsr = 24, kFxSt = 32, kFxXmm = 160, kFxSoftware = 464, kFxHeader = 512;
constexpr u32 kXsaveMagic = 0x46505853;  // in the signal frame: an XSAVE header follows
constexpr u64 kUser32 = 0x23, kUser64 = 0x33, kUserData = 0x2b;
constexpr greg_t kDebugTrap = 1, kBreakpointTrap = 3;

Frame frame;
Exception taken;
bool inside = false, in_32_bits = false;

void save_fpu(const FpuState& f, u8* fx) {
  std::memset(fx, 0, 512);
  std::memcpy(fx, &f.control, 2);
  std::memcpy(fx + 2, &f.status, 2);
  fx[kFxTag] = f.tag;
  std::memcpy(fx + kFxMxcsr, &f.mxcsr, 4);
  const u32 top = f.status >> 11 & 7;
  for (u32 n = 0; n < 8; ++n) std::memcpy(fx + kFxSt + n * 16, f.st[(top + n) & 7], 10);
  std::memcpy(fx + kFxXmm, f.xmm, sizeof f.xmm);
}

void load_fpu(const u8* fx, FpuState& f) {
  u32 magic;
  std::memcpy(&magic, fx + kFxSoftware, 4);
  u64 present = 3;
  if (magic == kXsaveMagic) std::memcpy(&present, fx + kFxHeader, 8);
  if (present & 1) {
    std::memcpy(&f.control, fx, 2);
    std::memcpy(&f.status, fx + 2, 2);
    f.tag = fx[kFxTag];
    const u32 top = f.status >> 11 & 7;
    for (u32 n = 0; n < 8; ++n) std::memcpy(f.st[(top + n) & 7], fx + kFxSt + n * 16, 10);
  } else {  // in its initial state, and not written
    f.control = 0x37f;
    f.status = 0;
    f.tag = 0;
    std::memset(f.st, 0, sizeof f.st);
  }
  std::memcpy(&f.mxcsr, fx + kFxMxcsr, 4);
  if (present & 2)
    std::memcpy(f.xmm, fx + kFxXmm, sizeof f.xmm);
  else
    std::memset(f.xmm, 0, sizeof f.xmm);
}

FpuState fpu_after;

void on_signal(int number, siginfo_t*, void* context) {
  if (!inside) {
    signal(number, SIG_DFL);  // our own mistake: happens again, and ends the program
    return;
  }
  inside = false;
  mcontext_t& m = static_cast<ucontext_t*>(context)->uc_mcontext;
  const auto get = [&](int n) { return static_cast<u32>(m.gregs[n]); };
  constexpr int kOrder[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
  for (int n = 0; n < 8; ++n) frame.gpr[n] = get(kOrder[n]);
  frame.eip = get(REG_RIP);
  frame.eflags = get(REG_EFL);
  in_32_bits = (m.gregs[REG_CSGSFS] & 0xffff) == kUser32;
  taken = Exception{};
  if (m.gregs[REG_TRAPNO] == kBreakpointTrap) {
    --frame.eip;
  } else if (m.gregs[REG_TRAPNO] != kDebugTrap) {
    taken.vector = static_cast<int>(m.gregs[REG_TRAPNO]);
    taken.error_code = get(REG_ERR);
    taken.address = get(REG_CR2);
  }
  u8* fx = reinterpret_cast<u8*>(m.fpregs);
  load_fpu(fx, fpu_after);
  save_fpu(FpuState{}, frame.fx);
  std::memcpy(fx, frame.fx, kFxXmm);
  m.gregs[REG_RIP] = reinterpret_cast<greg_t>(&native_leave);
  m.gregs[REG_RSP] = static_cast<greg_t>(native_stack);
  m.gregs[REG_EFL] = 0x202;
  const u64 others = static_cast<u64>(m.gregs[REG_CSGSFS]) & 0x0000ffffffff0000;
  m.gregs[REG_CSGSFS] = static_cast<greg_t>(others | kUser64 | kUserData << 48);
}

bool map(u32 address, u32 size) {
  void* at = reinterpret_cast<void*>(static_cast<usize>(address));
  return mmap(at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0) == at;
}

u8* host(u32 address) { return reinterpret_cast<u8*>(static_cast<usize>(address)); }

}  // namespace

NativeProcessor::NativeProcessor() {
  if (!map(layout::kCode, layout::kCodeSize) || !map(layout::kData, layout::kAllData)) {
    unavailable_ = "this host gives no memory at low addresses";
    return;
  }
  mprotect(host(layout::kReadOnly), layout::kReadOnlySize, PROT_READ);
  constexpr usize kStack = 64 * 1024;
  stack_t stack{};
  stack.ss_sp = std::malloc(kStack);  // for as long as the program runs
  stack.ss_size = kStack;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(number, &action, nullptr);

  const u8 nop = 0x90;
  write(layout::kCode, {&nop, 1});
  Registers probe;
  probe.eip = layout::kCode;
  probe.gpr[4] = layout::kData;
  const Exception e = run(probe);
  if (!in_32_bits || e.vector != Exception::kNone || probe.eip != layout::kCode + 1) {
    unavailable_ = "this host does not run 32-bit code";
  }
}

Exception NativeProcessor::run(Registers& r, Stop stop) {
  save_fpu(r.fpu, frame.fx);
  std::memcpy(frame.gpr, r.gpr, sizeof r.gpr);
  frame.eip = r.eip;
  frame.eflags = r.eflags | (stop == Stop::kTrapFlag ? eflag::kTrap : 0) | eflag::kInterrupt | eflag::kAlwaysOne;
  inside = true;
  native_enter(&frame);
  std::memcpy(r.gpr, frame.gpr, sizeof r.gpr);
  r.eip = frame.eip;
  r.eflags = frame.eflags & ~(eflag::kTrap | eflag::kResume);
  r.fpu = fpu_after;
  return taken;
}

void NativeProcessor::write(u32 address, std::span<const u8> bytes) {
  std::memcpy(host(address), bytes.data(), bytes.size());
}

const u8* NativeProcessor::data() const { return host(layout::kData); }

}  // namespace paemu::isa_test
