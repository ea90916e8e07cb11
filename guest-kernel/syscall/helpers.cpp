#include "syscall/helpers.hpp"

#include "arch/time.hpp"

namespace ido {

Or<UserPath> UserPath::copy(u32 address) {
  auto* text = static_cast<char*>(::operator new(kPathMax, std::nothrow));
  if (text == nullptr) return fail(Errno::kNoMem);
  UserPath path{text, 0};
  path.size_ = TRY(string_from_user(text, address, kPathMax));
  return path;
}

Or<u32> add_pair(Call& call, Ref<fs::File> first, Ref<fs::File> second, bool close_on_exec, u32 address) {
  const u32 a = TRY(files(call).add(std::move(first), close_on_exec));
  auto b = files(call).add(std::move(second), close_on_exec);
  if (!b.ok()) {
    TRY(files(call).close(a));
    return fail(b.error());
  }
  const u32 both[2] = {a, *b};
  if (auto told = put_user(address, both); !told.ok()) {
    TRY(files(call).close(a));
    TRY(files(call).close(*b));
    return fail(told.error());
  }
  return 0;
}

Or<Ref<fs::Dentry>> start_of(Call& call, u32 descriptor) {
  if (descriptor == kAtFdCwd) return working_directory(call);
  Ref<fs::File> file = TRY(file_of(call, descriptor));
  if (!file->dentry) return fail(Errno::kNotDir);
  return file->dentry;
}

Or<Ref<fs::Dentry>> start_for(Call& call, u32 descriptor, const UserPath& path) {
  if (path.view().starts_with("/")) return fs::current_root();
  return start_of(call, descriptor);
}

Or<Ref<fs::Dentry>> lookup_at(Call& call, u32 descriptor, u32 path_address, u32 at_flags) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  if (path.view().empty() && (at_flags & kAtEmptyPath)) return start;
  return fs::lookup(start, path.view(), at_flags & kAtSymlinkNoFollow ? fs::Follow::kNo : fs::Follow::kLast);
}

namespace {
template <class T>
struct Timespec {
  T seconds;
  T nanoseconds;
};
template <class T>
Or<u64> timespec_from_user(u32 address) {
  const auto t = TRY(get_user<Timespec<T>>(address));
  // The 64-bit form has padding in its upper half on a 32-bit machine.
  const auto nanoseconds = static_cast<i32>(t.nanoseconds);
  if (t.seconds < 0 || nanoseconds < 0 || nanoseconds >= static_cast<i32>(kNsPerSecond)) return fail(Errno::kInval);
  const u64 seconds = static_cast<u64>(t.seconds);
  if (seconds > ~u64{0} / kNsPerSecond / 2) return ~u64{0} / 2;
  return seconds * kNsPerSecond + static_cast<u32>(nanoseconds);
}
}  // namespace

Or<u64> timespec32_from_user(u32 address) { return timespec_from_user<i32>(address); }
Or<u64> timespec64_from_user(u32 address) { return timespec_from_user<i64>(address); }

}  // namespace ido
