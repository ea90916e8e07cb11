#include "jit/window_fault.hpp"

#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

namespace paemu::jit {
namespace {

constexpr unsigned long kFsGsBase = 1u << 1;  // of AT_HWCAP2: Linux, Documentation/arch/x86/elf_auxvec
thread_local WindowFaultHandler* current = nullptr;
thread_local const u8* base_in_use = nullptr;
struct sigaction before;

void on_signal(int number, siginfo_t* info, void* context) {
  greg_t& at = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  if (current != nullptr) {
    const u8* const address = info->si_code > 0 ? static_cast<const u8*>(info->si_addr) : nullptr;
    if (const u8* go_on = current->on_window_fault(reinterpret_cast<const u8*>(at), address); go_on != nullptr) {
      at = reinterpret_cast<greg_t>(go_on);
      return;
    }
  }
  // Somebody else's: as if we had never asked. The instruction faults once more.
  sigaction(number, &before, nullptr);
}

}  // namespace

void ask_for_window_faults() {
  struct sigaction now;
  if (sigaction(SIGSEGV, nullptr, &now) != 0 || now.sa_sigaction == on_signal) return;
  before = now;
  struct sigaction mine{};
  mine.sa_sigaction = on_signal;
  mine.sa_flags = SA_SIGINFO;
  sigemptyset(&mine.sa_mask);
  sigaction(SIGSEGV, &mine, nullptr);
}

bool windows_supported() { return (getauxval(AT_HWCAP2) & kFsGsBase) != 0; }

void handle_window_faults(WindowFaultHandler& handler) { current = &handler; }

void use_window(const u8* base) {
  if (base == base_in_use) return;
  base_in_use = base;
  asm volatile("wrgsbase %0" : : "r"(base));
}

}  // namespace paemu::jit
