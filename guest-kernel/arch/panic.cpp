// panic, registers and back traces: the last words.
#include "abi/ports.hpp"
#include "arch/boot_info.hpp"
#include "arch/cpu.hpp"
#include "arch/symbols.hpp"
#include "arch/trampoline.hpp"
#include "arch/traps.hpp"
#include "base/port_io.hpp"
#include "lib/log.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

BootInfo boot_info;

namespace {

constexpr u32 kMostFrames = 24;
constexpr u8 kExitStatus = 0x7e;  // what the debug-exit port is told, see abi/ports.hpp

void (*panic_report)();

bool in_direct_map(u32 address) {
  return address >= layout::kPageOffset && address < windows.vmemmap && kernel_entry(address).present();
}

void print_address(u32 address, u32 named) {
  const Symbol symbol = symbol_of(named);
  if (symbol.name == nullptr)
    print("  [%08x]\n", address);
  else
    print("  [%08x] %s+0x%x\n", address, symbol.name, symbol.offset + (address - named));
}
// The name is of the byte before: a return address may be the next function's first when the call does not return.
void print_return_address(u32 address) { print_address(address, address - 1); }

}  // namespace

void print_registers(const TrapFrame& f) {
  print("  eip %04x:%08x eflags %08x vector %u error %x cr2 %08x cr3 %08x\n", f.cs, f.eip, f.eflags, f.vector, f.error,
        read_cr2(), f.cr3);
  print("  eax %08x ebx %08x ecx %08x edx %08x\n", f.eax, f.ebx, f.ecx, f.edx);
  print("  esi %08x edi %08x ebp %08x ds %04x es %04x fs %04x gs %04x\n", f.esi, f.edi, f.ebp, f.ds, f.es, f.fs, f.gs);
  if (f.from_user()) print("  esp %04x:%08x\n", f.ss, f.esp);
}

void print_back_trace(u32 first, u32 frame_pointer) {
  print("back trace:\n");
  if (first != 0) print_address(first, first);
  for (u32 i = 0; i < kMostFrames && in_direct_map(frame_pointer) && (frame_pointer & 3) == 0; ++i) {
    const u32* frame = reinterpret_cast<const u32*>(frame_pointer);
    if (frame[1] == 0) break;
    print_return_address(frame[1]);
    if (frame[0] <= frame_pointer) break;  // callers lie higher
    frame_pointer = frame[0];
  }
}

void set_panic_report(void (*report)()) { panic_report = report; }

void panic(const char* format, ...) {
  asm volatile("cli" : : : "memory");
  static bool again;
  show_log_on_console(true);
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  format_list(text, sizeof text, format, arguments);
  va_end(arguments);
  print("panic: %s\n", text);
  if (!again) {
    again = true;
    print_back_trace(0, reinterpret_cast<u32>(__builtin_frame_address(0)));
    if (panic_report != nullptr) panic_report();
  }
  StringView what;
  if (command_line_value(boot_info.command_line, "panic", what) && what == StringView{"exit"})
    out8(abi::port::kDebugExit, kExitStatus);
  for (;;) asm volatile("cli; hlt");
}

}  // namespace ido

// The compiler's: a pure virtual call, and destructors of globals, which never run.
extern "C" void __cxa_pure_virtual() { ido::panic("a pure virtual function was called"); }
extern "C" {
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int atexit(void (*)()) { return 0; }
}
