// Pipes and named pipes: a ring of bytes between a reading and a writing end (pipe(7)).
#pragma once

#include "fs/file.hpp"

namespace ido::fs {

struct PipeEnds {
  Ref<File> read;
  Ref<File> write;
};
Or<PipeEnds> make_pipe(u32 flags);  // open_flag::kNonBlock

Or<Ref<Inode>> make_fifo(u32 mode);

// fcntl(F_GETPIPE_SZ) and F_SETPIPE_SZ, tee(2). Errno::kBadF, for tee kInval: not a pipe.
Or<u32> pipe_capacity(File& file);
Or<u32> set_pipe_capacity(File& file, u32 size);
Or<u32> tee(File& from, File& to, u32 size, bool block);

}  // namespace ido::fs
