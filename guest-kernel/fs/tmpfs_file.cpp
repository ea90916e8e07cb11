// A regular file in tmpfs: reading and writing go through the page cache that mappings share.
#include "fs/tmpfs.hpp"
#include "fs/tmpfs_nodes.hpp"
#include "lib/string.hpp"

namespace ido::fs {

namespace {

constexpr u64 kMostSize = u64{0x7fffffff} << kPageShift;  // what a page index can name
constexpr u32 kKeepSize = 1;                              // fallocate(2)

constinit SlabCache g_cache{"tmpfs_file", sizeof(TmpfsFile)};

Or<> copy_out(Page* page, u32 offset, u32 size, Buffer& buffer) {
  Or<> result = buffer.give_frame(frame_of(page), offset, size);
  put_page(page);
  return result;
}

}  // namespace

void* TmpfsFile::operator new(usize, const std::nothrow_t&) noexcept { return g_cache.allocate(); }
void TmpfsFile::operator delete(void* inode) { g_cache.release(inode); }

TmpfsFile::TmpfsFile(Ref<TmpfsInstance> instance, u32 mode, StringView name) : TmpfsInode(std::move(instance), mode) {
  opened_as(name);
}

TmpfsFile::~TmpfsFile() { instance_->pages -= counted_pages_; }

void TmpfsFile::opened_as(StringView path) {
  const u32 n = path.size < sizeof name_ - 1 ? path.size : static_cast<u32>(sizeof name_) - 1;
  memcpy(name_, path.data, n);
  name_[n] = 0;
}

void TmpfsFile::describe(char* buffer, u32 size) {
  format_to(buffer, size, status.links == 0 ? "%s (deleted)" : "%s", name_);
}

// Pages come by page faults too: the sums are brought up to date when somebody looks or writes.
void TmpfsFile::account() {
  instance_->pages += cached_pages();
  instance_->pages -= counted_pages_;
  counted_pages_ = cached_pages();
}

void TmpfsFile::refresh_status() {
  account();
  status.blocks = u64{cached_pages()} * (kPageSize / 512);
}

bool TmpfsFile::room_for(u32 index) {
  if (instance_->pages < instance_->limit()) return true;
  Page* page = find_page(index);
  if (page != nullptr) put_page(page);
  return page != nullptr;
}

Or<u32> TmpfsFile::read(u64 position, Buffer& buffer) {
  const u32 before = buffer.done();
  while (buffer.left() > 0 && position < status.size) {
    const u32 offset = static_cast<u32>(position) & kPageMask;
    const u64 rest = status.size - position;
    u32 n = kPageSize - offset < buffer.left() ? kPageSize - offset : buffer.left();
    if (n > rest) n = static_cast<u32>(rest);
    Page* page = find_page(static_cast<u32>(position >> kPageShift));
    auto copied = page == nullptr ? buffer.give_zeroes(n) : copy_out(page, offset, n, buffer);
    if (!copied.ok()) {
      if (buffer.done() > before) break;
      return fail(copied.error());
    }
    position += n;
  }
  status.access = now();
  return buffer.done() - before;
}

Or<> TmpfsFile::copy_in(u32 index, u32 offset, u32 size, Buffer& buffer) {
  if (!room_for(index)) return fail(Errno::kNoSpc);
  Page* page = size == kPageSize ? TRY(fetch_page_for_overwrite(index)) : TRY(fetch_page(index));
  Or<> result = buffer.take_to_frame(frame_of(page), offset, size);
  mark_dirty(page);
  put_page(page);
  account();
  return result;
}

Or<u32> TmpfsFile::write(u64 position, Buffer& buffer) {
  const u32 before = buffer.done();
  if (position >= kMostSize) return fail(Errno::kFBig);
  if (seals & (seal::kWrite | seal::kFutureWrite)) return fail(Errno::kPerm);
  if ((seals & seal::kGrow) && position + buffer.left() > status.size) {
    if (position >= status.size) return fail(Errno::kPerm);
    buffer.cut(status.size - position);
  }
  while (buffer.left() > 0 && position < kMostSize) {
    const u32 offset = static_cast<u32>(position) & kPageMask;
    const u32 n = kPageSize - offset < buffer.left() ? kPageSize - offset : buffer.left();
    const u32 done = buffer.done();
    auto copied = copy_in(static_cast<u32>(position >> kPageShift), offset, n, buffer);
    position += buffer.done() - done;
    if (position > status.size) status.size = position;
    if (!copied.ok()) {
      if (buffer.done() > before) break;
      return fail(copied.error() == Errno::kNoMem ? Errno::kNoSpc : copied.error());
    }
  }
  touch_modified();
  return buffer.done() - before;
}

Or<> TmpfsFile::truncate(u64 size) {
  if (size > kMostSize) return fail(Errno::kFBig);
  const bool shrinks = size < status.size;
  if ((shrinks && (seals & seal::kShrink)) || (size > status.size && (seals & seal::kGrow))) return fail(Errno::kPerm);
  status.size = size;  // first, so that no fault brings a page back
  if (shrinks) truncate_pages(static_cast<u32>((size + kPageMask) >> kPageShift), static_cast<u32>(size) & kPageMask);
  account();
  touch_modified();
  return {};
}

Or<> TmpfsFile::allocate(u32 mode, u64 offset, u64 size) {
  if (mode & ~kKeepSize) return fail(Errno::kOpNotSupp);
  const u64 end = offset + size;
  if (end > kMostSize) return fail(Errno::kFBig);
  if ((seals & seal::kGrow) && end > status.size) return fail(Errno::kPerm);
  const u64 last = (end + kPageMask) >> kPageShift;
  account();
  if (last - (offset >> kPageShift) > instance_->limit()) return fail(Errno::kNoSpc);
  for (u64 index = offset >> kPageShift; index < last; ++index) {
    if (!room_for(static_cast<u32>(index))) return fail(Errno::kNoSpc);
    auto page = fetch_page(static_cast<u32>(index));
    if (!page.ok()) return fail(page.error() == Errno::kNoMem ? Errno::kNoSpc : page.error());
    mark_dirty(*page);
    put_page(*page);
    account();
  }
  if (!(mode & kKeepSize) && end > status.size) status.size = end;
  touch_modified();
  return {};
}

Or<u64> TmpfsFile::find_data(u64 position, bool hole) {
  const u64 pages = (status.size + kPageMask) >> kPageShift;
  u64 index = position >> kPageShift;
  for (; index < pages; ++index) {
    Page* page = find_page(static_cast<u32>(index));
    if (page != nullptr) put_page(page);
    if ((page == nullptr) == hole) break;
  }
  if (index >= pages) return hole ? Or<u64>(status.size) : Or<u64>(fail(Errno::kNxIo));
  const u64 found = index << kPageShift;
  return found > position ? found : position;
}

Or<u32> seals_of(const Inode& inode) {
  if (!(inode.seals & Inode::kSealable)) return fail(Errno::kInval);
  return inode.seals & seal::kAll;
}

Or<> add_seals(Inode& inode, u32 seals) {
  const u32 old = TRY(seals_of(inode));
  if (seals & ~seal::kAll) return fail(Errno::kInval);
  if (old & seal::kSeal) return fail(Errno::kPerm);
  if ((seals & seal::kWrite) && !(old & seal::kWrite) && inode.backing() != nullptr)
    for (const Area& area : inode.backing()->areas)
      if (area.shared() && area.writable()) return fail(Errno::kBusy);
  inode.seals |= seals;
  return {};
}

Or<Ref<Inode>> make_nameless_file(StringView name) {
  // All of them lie on one instance, as Linux's kernel-internal mount.
  static TmpfsInstance* instance = nullptr;
  if (instance == nullptr) {
    instance = new (std::nothrow) TmpfsInstance;
    if (instance == nullptr) return fail(Errno::kNoMem);
    instance->hold();  // for ever
  }
  Ref<Inode> made(new (std::nothrow) TmpfsFile(Ref<TmpfsInstance>(instance), mode::kRegular | 0777, name));
  if (!made) return fail(Errno::kNoMem);
  made->status.links = 0;
  return made;
}

}  // namespace ido::fs
