// Reading directories: getdents, getdents64.
#include "base/bits.hpp"
#include "lib/string.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kTypeShift = 12;  // DT_* is the type bits of st_mode shifted down

// Lays entries into the user's buffer in one of the two shapes (getdents(2)).
class UserEntries final : public fs::DirectorySink {
 public:
  UserEntries(u32 address, u32 size, bool wide) : address_(address), size_(size), wide_(wide) {}

  bool add(const fs::DirectoryEntry& e) override {
    const u32 head = wide_ ? 19 : 10;
    const u32 length = align_up<u32>(head + e.name.size + 1 + (wide_ ? 0 : 1), wide_ ? 8 : 4);
    if (used_ + length > size_) {
      full_ = true;
      return false;
    }
    u8 record[304] = {};
    const u64 next = e.next;
    const u8 type = static_cast<u8>(e.type >> kTypeShift);
    if (wide_) {
      memcpy(record, &e.inode, 8);
      memcpy(record + 8, &next, 8);
      record[16] = static_cast<u8>(length), record[17] = static_cast<u8>(length >> 8);
      record[18] = type;
    } else {
      memcpy(record, &e.inode, 4);
      memcpy(record + 4, &next, 4);
      record[8] = static_cast<u8>(length), record[9] = static_cast<u8>(length >> 8);
      record[length - 1] = type;
    }
    memcpy(record + head, e.name.data, e.name.size);
    if (!copy_to_user(address_ + used_, record, length).ok()) {
      faulted_ = true;
      return false;
    }
    used_ += length;
    return true;
  }

  Or<u32> result() const {
    if (faulted_) return fail(Errno::kFault);
    if (full_ && used_ == 0) return fail(Errno::kInval);
    return used_;
  }

 private:
  u32 address_, size_;
  bool wide_;
  u32 used_ = 0;
  bool full_ = false, faulted_ = false;
};

Or<u32> read_directory(Call& call, bool wide) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  UserEntries entries(call[1], call[2], wide);
  TRY(file->list(entries));
  return entries.result();
}

}  // namespace

Or<u32> sys_getdents(Call& call) { return read_directory(call, false); }
Or<u32> sys_getdents64(Call& call) { return read_directory(call, true); }

}  // namespace ido
