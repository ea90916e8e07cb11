// Pseudo-terminals (pty(7)): /dev/ptmx gives a master, whose slave appears in the devpts file system as a number.
#pragma once

namespace ido {

// Registers /dev/ptmx and the file system.
void init_pseudo_terminals();

}  // namespace ido
