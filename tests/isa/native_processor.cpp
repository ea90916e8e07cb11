#include "native_processor.hpp"

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "isa/insn.hpp"
#include "segments.hpp"

// The way in is rt_sigreturn, which loads everything at once and, unlike an IRET of our own, also the upper half of
// ESP when the stack segment is one of 16 bits. The way out is whatever signal ends it.
//
// native_enter(ucontext, selectors): loads DS to GS and goes. FS is the program's thread pointer: the signal's entry
// puts it back before any C++ runs, and clears AC, which the kernel hands on to handlers.
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
  movw 6(%rsi), %ds
  movw 0(%rsi), %es
  movw 8(%rsi), %fs
  movw 10(%rsi), %gs
  mov %rdi, %rsp
  mov $15, %eax
  syscall
  ud2
native_signal_entry:
  pushq $2
  popfq
  sub $8, %rsp
  movw %es, native_selectors(%rip)
  movw %ds, 6+native_selectors(%rip)
  movw %fs, 8+native_selectors(%rip)
  movw %gs, 10+native_selectors(%rip)
  mov %rdi, %r12
  mov %rdx, %r13
  mov $158, %eax
  mov $0x1002, %edi
  mov native_thread_pointer(%rip), %rsi
  syscall
  mov %r12, %rdi
  mov %r13, %rsi
  call native_on_signal
  mov native_stack(%rip), %rsp
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
native_thread_pointer: .skip 8
native_selectors: .skip 16
.popsection
)");
extern "C" {
void native_enter(const ucontext_t* context, const paemu::u16* selectors);
void native_signal_entry(int number, siginfo_t* info, void* context);
extern paemu::u64 native_thread_pointer;
extern paemu::u16 native_selectors[6];
}

namespace paemu::isa_test {

namespace {

// SDM 1, 10.5.1; the offsets that are used.
constexpr u32 kFxTag = 4, kFxMxcsr = 24, kFxSt = 32, kFxXmm = 160, kFxSoftware = 464, kFxHeader = 512;
constexpr u32 kXsaveMagic = 0x46505853;        // in the signal frame: an XSAVE header follows
constexpr u64 kStackSegmentFlags = 0x2 | 0x4;  // UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS (the kernel's uapi)
constexpr greg_t kDebugTrap = 1, kBreakpointTrap = 3;
constexpr int kRegister[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};

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

// What the signal's handler works with.
struct {
  bool inside = false;
  NativeProcessor::Stop stop;
  Registers* registers;
  Exception taken;
} run_now;

bool map(u32 address, u32 size) {
  void* at = reinterpret_cast<void*>(static_cast<usize>(address));
  return mmap(at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0) == at;
}

u8* host(u32 address) { return reinterpret_cast<u8*>(static_cast<usize>(address)); }

void handle_signals() {
  syscall(SYS_arch_prctl, ARCH_GET_FS, &native_thread_pointer);
  constexpr usize kStack = 256 * 1024;
  stack_t stack{};
  stack.ss_sp = std::malloc(kStack);  // for as long as the program runs
  stack.ss_size = kStack;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = native_signal_entry;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int number : {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS}) sigaction(number, &action, nullptr);
}

// System calls of 32-bit code become SIGSYS. Where that is not to be had, nothing is lost: no row makes one.
void refuse_system_calls() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

bool make_local_segments() {
  const auto specs = local_segments();
  for (u32 n = 0; n < specs.size(); ++n) {
    const SegmentSpec& s = specs[n];
    const bool pages = s.attributes >> 15 & 1;
    user_desc d{};
    d.entry_number = n;
    d.base_addr = s.base;
    d.limit = pages ? s.limit >> 12 : s.limit;
    d.seg_32bit = s.attributes >> 14 & 1;
    d.contents = s.attributes >> 2 & 3;
    d.read_exec_only = !(s.attributes >> 1 & 1);
    d.limit_in_pages = pages;
    d.seg_not_present = !(s.attributes >> 7 & 1);
    constexpr int kWrite = 0x11;
    if (syscall(SYS_modify_ldt, kWrite, &d, sizeof d) != 0) return false;
  }
  return true;
}

}  // namespace

// Called by native_signal_entry.
extern "C" void native_on_signal(int number, const ucontext_t* context) {
  if (!run_now.inside) {  // our own mistake
    signal(number, SIG_DFL);
    raise(number);
  }
  run_now.inside = false;
  const mcontext_t& m = context->uc_mcontext;
  const auto get = [&](int n) { return static_cast<u32>(m.gregs[n]); };
  Registers& r = *run_now.registers;
  for (int n = 0; n < 8; ++n) r.gpr[n] = get(kRegister[n]);
  r.eip = get(REG_RIP);
  r.eflags = get(REG_EFL) & ~(eflag::kTrap | eflag::kResume);
  std::memcpy(r.selector, native_selectors, sizeof r.selector);
  r.selector[isa::kCs] = static_cast<u16>(m.gregs[REG_CSGSFS]);
  r.selector[isa::kSs] = static_cast<u16>(m.gregs[REG_CSGSFS] >> 48);
  load_fpu(reinterpret_cast<const u8*>(m.fpregs), r.fpu);
  run_now.taken = Exception{};
  if (number == SIGSYS) {
    run_now.taken.vector = Exception::kSystemCall;
  } else if (m.gregs[REG_TRAPNO] == kBreakpointTrap && run_now.stop == NativeProcessor::Stop::kBreakpoint) {
    --r.eip;
  } else if (m.gregs[REG_TRAPNO] != kDebugTrap) {
    run_now.taken.vector = static_cast<int>(m.gregs[REG_TRAPNO]);
    run_now.taken.error_code = get(REG_ERR);
    run_now.taken.address = get(REG_CR2);
  }
}

NativeProcessor::NativeProcessor() {
  if (!map(layout::kCode, layout::kCodeSize) || !map(layout::kData, layout::kAllData)) {
    unavailable_ = "this host gives no memory at low addresses";
    return;
  }
  mprotect(host(layout::kReadOnly), layout::kReadOnlySize, PROT_READ);
  handle_signals();
  refuse_system_calls();
  has_local_segments_ = make_local_segments();
  Registers probe;
  *host(layout::kCode) = 0x40;  // INC EAX; in 64-bit mode a prefix
  probe.eip = layout::kCode;
  probe.gpr[isa::kEsp] = layout::kData + 0x1000;
  probe.selector[isa::kCs] = kUserCode;
  probe.selector[isa::kSs] = kUserData;
  const Exception e = run(probe);
  if (e.vector != Exception::kNone || probe.eip != layout::kCode + 1 || probe.gpr[isa::kEax] != 1) {
    unavailable_ = "this host does not run 32-bit code";
  }
}

Exception NativeProcessor::run(Registers& r, Stop stop) {
  alignas(64) u8 fx[512];
  save_fpu(r.fpu, fx);
  ucontext_t context{};
  context.uc_flags = kStackSegmentFlags;
  mcontext_t& m = context.uc_mcontext;
  m.fpregs = reinterpret_cast<fpregset_t>(fx);
  for (u32 n = 0; n < 8; ++n) m.gregs[kRegister[n]] = r.gpr[n];
  m.gregs[REG_RIP] = r.eip;
  m.gregs[REG_EFL] = r.eflags | (stop == Stop::kTrapFlag ? eflag::kTrap : 0) | eflag::kInterrupt | eflag::kAlwaysOne;
  m.gregs[REG_CSGSFS] = static_cast<greg_t>(r.selector[isa::kCs] | u64{r.selector[isa::kSs]} << 48);
  u16 selectors[6];
  std::memcpy(selectors, r.selector, sizeof selectors);
  run_now = {true, stop, &r, {}};
  native_enter(&context, selectors);
  return run_now.taken;
}

void NativeProcessor::write(u32 address, std::span<const u8> bytes) {
  std::memcpy(host(address), bytes.data(), bytes.size());
}

const u8* NativeProcessor::data() const { return host(layout::kData); }

}  // namespace paemu::isa_test
