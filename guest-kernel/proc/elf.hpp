// Loading ELF programs for i386 (System V ABI, Intel386 supplement) into an address space.
#pragma once

#include "fs/vfs.hpp"
#include "lib/errno.hpp"

namespace ido {

class Mm;

struct LoadedProgram {
  u32 entry = 0;    // where the program itself starts
  u32 start = 0;    // where to begin: the interpreter's entry if there is one
  u32 headers = 0;  // user address of the program headers
  u32 header_count = 0;
  u32 interpreter_base = 0;  // 0: none
  u32 break_start = 0;       // the page after the highest segment
  u32 code_start = 0, code_end = 0;
};

// Maps the segments of `file`, and of the interpreter that it names. Errno::kNoExec: not a program for this machine.
Or<LoadedProgram> load_elf(Mm& mm, fs::Inode& file);

inline constexpr u32 kElfHeaderSize = 52;
inline constexpr u32 kProgramHeaderSize = 32;

}  // namespace ido
