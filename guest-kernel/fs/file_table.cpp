#include "fs/vfs.hpp"

namespace ido::fs {

Or<Ref<File>> FileTable::get(u32 descriptor) const {
  if (descriptor >= slots_.size() || !slots_[descriptor].file) return fail(Errno::kBadF);
  return slots_[descriptor].file;
}

Or<u32> FileTable::add(Ref<File> file, bool close_on_exec, u32 lowest) {
  u32 free = lowest;
  while (free < slots_.size() && slots_[free].file) ++free;
  if (free >= kMost) return fail(Errno::kMFile);
  TRY(put(free, std::move(file), close_on_exec));
  return free;
}

Or<> FileTable::put(u32 descriptor, Ref<File> file, bool close_on_exec) {
  if (descriptor >= kMost) return fail(Errno::kBadF);
  while (slots_.size() <= descriptor) TRY(slots_.push({}));
  slots_[descriptor].file = std::move(file);
  slots_[descriptor].close_on_exec = close_on_exec;
  return {};
}

Or<> FileTable::close(u32 descriptor) {
  if (slot(descriptor) == nullptr) return fail(Errno::kBadF);
  slots_[descriptor] = {};
  return {};
}

Or<Ref<FileTable>> FileTable::clone() const {
  Ref<FileTable> copy(new (std::nothrow) FileTable);
  if (!copy) return fail(Errno::kNoMem);
  TRY(copy->slots_.reserve(slots_.size()));
  for (const Slot& s : slots_) TRY(copy->slots_.push({s.file, s.close_on_exec}));
  return copy;
}

void FileTable::close_on_exec() {
  for (Slot& s : slots_)
    if (s.file && s.close_on_exec) s = {};
}

}  // namespace ido::fs
