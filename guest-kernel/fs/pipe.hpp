// Pipes and named pipes: a ring of bytes between a reading and a writing end (pipe(7)).
#pragma once

#include "fs/vfs.hpp"

namespace ido::fs {

struct PipeEnds {
  Ref<File> read;
  Ref<File> write;
};
Or<PipeEnds> make_pipe(u32 flags);  // open_flag::kNonBlock

Or<Ref<Inode>> make_fifo(u32 mode);

}  // namespace ido::fs
