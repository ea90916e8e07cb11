// Files and directories without storage: contents are made when they are opened. /proc and /sys are built of these.
#pragma once

#include "fs/file.hpp"

namespace ido::fs {

// Makes a file's text; takes what was written to it. `argument`: the file's own (a section number, a pid).
using Render = Or<> (*)(Text& text, u32 argument);
using Store = Or<> (*)(StringView text, u32 argument);

class VirtualFile final : public Inode {
 public:
  VirtualFile(Render render, Store store, u32 argument)
      : Inode(mode::kRegular | (render != nullptr ? 0444u : 0u) | (store != nullptr ? 0200u : 0u)),
        render_(render),
        store_(store),
        argument_(argument) {}
  Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags) override;
  Or<> truncate(u64) override { return {}; }

 private:
  Render render_;
  Store store_;
  u32 argument_;
};

// An open file with that text: for inodes that make their text themselves.
Or<Ref<File>> open_text(Ref<Dentry> dentry, u32 flags, Text text);

class VirtualLink final : public Inode {
 public:
  VirtualLink(Render render, u32 argument) : Inode(mode::kSymlink | 0777), render_(render), argument_(argument) {}
  Or<> read_link(Text& target) override { return render_(target, argument_); }

 private:
  Render render_;
  u32 argument_;
};

// A fixed directory, filled once.
class VirtualDirectory : public Inode {
 public:
  explicit VirtualDirectory(u32 magic) : Inode(mode::kDirectory | 0555), magic_(magic) {}
  Or<> add(const char* name, Ref<Inode> inode);  // name: a literal
  Or<> add_file(const char* name, Render render, Store store = nullptr, u32 argument = 0);
  Or<> add_link(const char* name, Render render, u32 argument = 0);
  Or<Ref<Inode>> lookup(StringView name) override;
  Or<u64> list(u64 position, DirectorySink& sink) override;
  FileSystemStatus file_system() override { return {magic_}; }

 protected:
  u32 fixed_count() const { return entries_.size(); }
  u32 magic() const { return magic_; }

 private:
  struct Entry {
    const char* name;
    Ref<Inode> inode;
  };
  u32 magic_;
  Vector<Entry> entries_;
};

Or<Ref<VirtualDirectory>> make_virtual_directory(u32 magic);

// "name<number>" to the number; false when the text is not of that form.
bool numbered_name(StringView text, StringView prefix, u32& number);

}  // namespace ido::fs
