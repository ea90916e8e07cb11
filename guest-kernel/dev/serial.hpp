// The 16550 of COM1 (National PC16550D data sheet): the kernel's console and the tty ttyS0.
#pragma once

namespace ido {

// Early in boot: log lines go out by polling. Nothing but ports is needed.
void init_serial_console();

// Once interrupts and memory work: the tty, its device nodes and the receive interrupt.
void init_serial_tty();

}  // namespace ido
