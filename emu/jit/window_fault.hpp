// Faults of the host where translated code accesses the window (memory/host_window.hpp): SIGSEGV becomes a miss.
//
// This is the one signal that the emulator's thread means to get. Faults anywhere else stay what they are.
#pragma once

#include "base/types.hpp"

namespace paemu::jit {
using namespace base;

class WindowFaultHandler {
 public:
  // The host faulted at this instruction of translated code, at this address of its own (or at nullptr, when it does not
  // say). -> where to go on; nullptr: it is no access to the window. Called from the signal handler.
  virtual const u8* on_window_fault(const u8* instruction, const u8* address) = 0;

 protected:
  ~WindowFaultHandler() = default;
};

// Can this host have a window (the FSGSBASE instructions, which its kernel must allow)?
bool windows_supported();
// Asks the host for the signal. Who else in this process has a handler for SIGSEGV must have asked before.
void ask_for_window_faults();
// This thread's faults are this handler's from now on.
void handle_window_faults(WindowFaultHandler& handler);
// The addresses of translated code's accesses to the window are relative to `base` from now on, in this thread.
void use_window(const u8* base);

}  // namespace paemu::jit
