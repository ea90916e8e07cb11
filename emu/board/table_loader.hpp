// TableLoader: the commands of "etc/table-loader", by which firmware places and relocates tables that it does not
// understand. The protocol is QEMU's (hw/acpi/bios-linker-loader.c describes it), so other firmware can run ours.
//
// A command is 128 bytes: u32 kind, then the kind's own fields; file names are 56 bytes, NUL-terminated.
#pragma once

#include "board/byte_writer.hpp"

namespace paemu {

class TableLoader {
 public:
  enum class Zone : u8 { High = 1, Low = 2 };  // anywhere below 4 GiB; the 0xf0000 segment (or the EBDA)

  // Load `file` into memory aligned to `alignment`. Before all other commands that name the file.
  void allocate(const char* file, u32 alignment, Zone zone) {
    moves_.dword(1);
    moves_.text(file, kNameSize);
    moves_.dword(alignment);
    moves_.byte(static_cast<u8>(zone));
    moves_.align(kCommandSize);
  }
  // Add the address of `target` to the number of `size` bytes at `offset` in `file`.
  void add_pointer(const char* file, const char* target, u32 offset, u8 size) {
    moves_.dword(2);
    moves_.text(file, kNameSize);
    moves_.text(target, kNameSize);
    moves_.dword(offset);
    moves_.byte(size);
    moves_.align(kCommandSize);
  }
  // Make the bytes [start, start + length) of `file` sum up to 0 by the byte at `offset`. May be queued at any time:
  // all checksums come after all pointers.
  void add_checksum(const char* file, u32 offset, u32 start, u32 length) {
    checksums_.dword(3);
    checksums_.text(file, kNameSize);
    checksums_.dword(offset);
    checksums_.dword(start);
    checksums_.dword(length);
    checksums_.align(kCommandSize);
  }

  std::vector<u8> take() {
    moves_.raw(checksums_.take());
    return moves_.take();
  }

 private:
  static constexpr usize kCommandSize = 128;
  static constexpr usize kNameSize = 56;

  ByteWriter moves_;  // allocations and pointers
  ByteWriter checksums_;
};

}  // namespace paemu
