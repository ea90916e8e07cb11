#include "fs/file.hpp"
#include "fs/lock.hpp"
#include "lib/limits.hpp"

namespace ido::fs {

u32 FileTable::limit() {
  const u64 most = resource_limit(Resource::kFiles);
  return most < kMost ? static_cast<u32>(most) : kMost;
}

FileTable::~FileTable() {
  for (Slot& s : slots_)
    if (s.file) close_slot(s);
}

// POSIX locks go when their process closes any descriptor of the file (fcntl(2)).
void FileTable::close_slot(Slot& slot) {
  Ref<File> file = std::move(slot.file);
  slot = {};
  if (Inode* inode = file->inode(); inode != nullptr && inode->locks != nullptr) release_locks(*inode, this);
}

Or<Ref<File>> FileTable::get(u32 descriptor) const {
  if (descriptor >= slots_.size() || !slots_[descriptor].file) return fail(Errno::kBadF);
  return slots_[descriptor].file;
}

Or<u32> FileTable::add(Ref<File> file, bool close_on_exec, u32 lowest) {
  u32 free = lowest > first_free_ ? lowest : first_free_;
  while (free < slots_.size() && slots_[free].file) ++free;
  if (free >= limit()) return fail(Errno::kMFile);
  TRY(put(free, std::move(file), close_on_exec));
  if (lowest <= first_free_) first_free_ = free + 1;
  return free;
}

Or<> FileTable::put(u32 descriptor, Ref<File> file, bool close_on_exec) {
  if (descriptor >= limit()) return fail(Errno::kBadF);
  if (descriptor >= slots_.size()) {
    // By doubling, as Vector::push grows, so that a loop of opens is linear.
    if (descriptor >= slots_.capacity())
      TRY(slots_.reserve(descriptor + 1 > slots_.capacity() * 2 ? descriptor + 1 : slots_.capacity() * 2));
    while (slots_.size() <= descriptor) TRY(slots_.push({}));
  }
  Slot& slot = slots_[descriptor];
  if (slot.file) close_slot(slot);
  slot.file = std::move(file);
  slot.close_on_exec = close_on_exec;
  return {};
}

Or<> FileTable::close(u32 descriptor) {
  Slot* s = slot(descriptor);
  if (s == nullptr) return fail(Errno::kBadF);
  if (descriptor < first_free_) first_free_ = descriptor;
  close_slot(*s);
  return {};
}

Or<Ref<FileTable>> FileTable::clone() const {
  Ref<FileTable> copy(new (std::nothrow) FileTable);
  if (!copy) return fail(Errno::kNoMem);
  copy->first_free_ = first_free_;
  TRY(copy->slots_.reserve(slots_.size()));
  for (const Slot& s : slots_) TRY(copy->slots_.push({s.file, s.close_on_exec}));
  return copy;
}

void FileTable::close_on_exec() {
  for (u32 i = 0; i < slots_.size(); ++i)
    if (slots_[i].file && slots_[i].close_on_exec) (void)close(i);
}

}  // namespace ido::fs
