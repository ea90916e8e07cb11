// /proc/PID/mem: the memory of a process as a file, for who may trace it (proc(5)).
#include "mm/mm.hpp"
#include "proc/process_files.hpp"
#include "proc/task.hpp"
#include "proc/trace.hpp"

namespace ido {

namespace {

class MemoryFile final : public fs::Inode {
 public:
  explicit MemoryFile(u32 pid) : Inode(fs::mode::kRegular | 0600), pid_(pid) {}

  Or<u32> read(u64 position, fs::Buffer& buffer) override {
    return move(position, buffer, [&](Mm& mm, u8* bytes, u32 address, u32 count) -> Or<> {
      TRY(trace::read_memory(mm, bytes, address, count));
      return buffer.give(bytes, count);
    });
  }
  Or<u32> write(u64 position, fs::Buffer& buffer) override {
    return move(position, buffer, [&](Mm& mm, u8* bytes, u32 address, u32 count) -> Or<> {
      TRY(buffer.take(bytes, count));
      return trace::write_memory(mm, address, bytes, count);
    });
  }

 private:
  // Piece by piece, no piece over the end of a page. What was moved before a fault counts.
  template <class Move>
  Or<u32> move(u64 position, fs::Buffer& buffer, Move move_piece) {
    Process* process = find_process(static_cast<i32>(pid_));
    if (process == nullptr) return fail(Errno::kSrch);
    Mm* mm = process->mm;
    if (mm == nullptr) return 0;
    mm->get();  // the process may end while this sleeps
    u32 done = 0;
    Or<> result;
    while (buffer.left() > 0 && position <= 0xffffffff) {
      u8 piece[256];
      const auto address = static_cast<u32>(position);
      u32 count = kPageSize - (address & kPageMask);
      if (count > sizeof piece) count = sizeof piece;
      if (count > buffer.left()) count = buffer.left();
      result = move_piece(*mm, piece, address, count);
      if (!result) break;
      done += count;
      position += count;
    }
    mm->put();
    if (done == 0 && !result) return fail(Errno::kIo);
    return done;
  }

  u32 pid_;
};

}  // namespace

Or<Ref<fs::Inode>> make_memory_file(u32 pid) {
  Ref<fs::Inode> file{new (std::nothrow) MemoryFile(pid)};
  if (!file) return fail(Errno::kNoMem);
  return file;
}

}  // namespace ido
