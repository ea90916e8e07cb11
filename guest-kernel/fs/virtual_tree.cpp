#include "fs/virtual_tree.hpp"

#include "lib/string.hpp"

namespace ido::fs {

namespace {

constexpr u32 kMostWritten = 256;  // bytes of one write to a virtual file

class VirtualOpenFile final : public File {
 public:
  VirtualOpenFile(Ref<Dentry> where, u32 open_flags, Store store, u32 argument)
      : File(std::move(where), open_flags), store_(store), argument_(argument) {}
  Text text;

  Or<u32> read(Buffer& buffer, u64& at) override {
    const StringView all = text.view();
    if (at >= all.size) return 0;
    const u32 from = static_cast<u32>(at);
    const u32 n = all.size - from < buffer.left() ? all.size - from : buffer.left();
    TRY(buffer.give(all.data + from, n));
    at += n;
    return n;
  }

  Or<u32> write(Buffer& buffer, u64& at) override {
    if (store_ == nullptr) return fail(Errno::kAcces);
    char line[kMostWritten];
    const u32 size = buffer.left();
    if (size > sizeof line) return fail(Errno::kInval);
    TRY(buffer.take(line, size));
    StringView word{line, size};
    while (word.size > 0 && (word[word.size - 1] == '\n' || word[word.size - 1] == ' ')) --word.size;
    TRY(store_(word, argument_));
    at += size;
    return size;
  }

 private:
  Store store_;
  u32 argument_;
};

}  // namespace

Or<Ref<File>> open_text(Ref<Dentry> dentry, u32 flags, Text text) {
  if (!text.complete()) return fail(Errno::kNoMem);
  auto* file = new (std::nothrow) VirtualOpenFile(std::move(dentry), flags, nullptr, 0);
  if (file == nullptr) return fail(Errno::kNoMem);
  file->text = std::move(text);
  return Ref<File>(file);
}

Or<Ref<File>> VirtualFile::open(Ref<Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) VirtualOpenFile(std::move(dentry), flags, store_, argument_);
  if (file == nullptr) return fail(Errno::kNoMem);
  Ref<File> held(file);
  if (file->writable() && store_ == nullptr) return fail(Errno::kAcces);
  if (file->readable() && render_ != nullptr) {
    TRY(render_(file->text, argument_));
    if (!file->text.complete()) return fail(Errno::kNoMem);
  }
  return held;
}

Or<> VirtualDirectory::add(const char* name, Ref<Inode> inode) {
  if (!inode) return fail(Errno::kNoMem);
  return entries_.push({name, std::move(inode)});
}

Or<> VirtualDirectory::add_file(const char* name, Render render, Store store, u32 argument) {
  return add(name, Ref<Inode>(new (std::nothrow) VirtualFile(render, store, argument)));
}

Or<> VirtualDirectory::add_link(const char* name, Render render, u32 argument) {
  return add(name, Ref<Inode>(new (std::nothrow) VirtualLink(render, argument)));
}

Or<Ref<Inode>> VirtualDirectory::lookup(StringView name) {
  for (const Entry& e : entries_)
    if (name == e.name) return e.inode;
  return fail(Errno::kNoEnt);
}

Or<u64> VirtualDirectory::list(u64 position, DirectorySink& sink) {
  while (position < entries_.size()) {
    const Entry& e = entries_[static_cast<u32>(position)];
    if (!sink.add({e.name, e.inode->status.inode, e.inode->type(), position + 1})) break;
    ++position;
  }
  return position;
}

Or<Ref<VirtualDirectory>> make_virtual_directory(u32 magic) {
  Ref<VirtualDirectory> made(new (std::nothrow) VirtualDirectory(magic));
  if (!made) return fail(Errno::kNoMem);
  return made;
}

bool numbered_name(StringView text, StringView prefix, u32& number) {
  if (!text.starts_with(prefix)) return false;
  const StringView digits = text.from(prefix.size);
  if (digits.size > 1 && digits[0] == '0') return false;
  return parse_decimal(digits, number);
}

}  // namespace ido::fs
