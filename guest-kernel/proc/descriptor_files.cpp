// /proc/PID/fd: links that lead to the open files themselves; and fdinfo: what is known of them.
#include "fs/vfs.hpp"
#include "proc/process_files.hpp"

namespace ido {

namespace {

Or<Ref<fs::File>> file_of(u32 argument, u32 descriptor) {
  const Subject s = TRY(subject_of(argument));
  if (!s.process->files) return fail(Errno::kNoEnt);
  auto file = s.process->files->get(descriptor);
  if (!file.ok()) return fail(Errno::kNoEnt);
  return file;
}

class DescriptorLink final : public fs::Inode {
 public:
  DescriptorLink(u32 argument, u32 descriptor, u32 permissions)
      : Inode(fs::mode::kSymlink | permissions), argument_(argument), descriptor_(descriptor) {}
  Or<> read_link(Text& target) override {
    Ref<fs::File> file = TRY(file_of(argument_, descriptor_));
    if (file->dentry)
      fs::path_of(file->dentry, target);
    else
      file->describe(target);
    return {};
  }
  Ref<fs::Dentry> jump() override {
    auto file = file_of(argument_, descriptor_);
    return file.ok() ? (*file)->dentry : Ref<fs::Dentry>{};
  }

 private:
  u32 argument_, descriptor_;
};

class DescriptorInformation final : public fs::Inode {
 public:
  DescriptorInformation(u32 argument, u32 descriptor)
      : Inode(fs::mode::kRegular | 0400), argument_(argument), descriptor_(descriptor) {}
  Or<Ref<fs::File>> open(Ref<fs::Dentry> dentry, u32 flags) override {
    Ref<fs::File> file = TRY(file_of(argument_, descriptor_));
    Text text;
    const Status of = {file->position, file->flags};
    text.add("pos:\t%llu\nflags:\t0%o\nmnt_id:\t0\nino:\t%llu\n", static_cast<unsigned long long>(of.position),
             of.flags, file->inode() != nullptr ? static_cast<unsigned long long>(file->inode()->status.inode) : 0ull);
    file->describe_state(text);
    return fs::open_text(std::move(dentry), flags, std::move(text));
  }

 private:
  struct Status {
    u64 position;
    u32 flags;
  };
  u32 argument_, descriptor_;
};

enum class As : u8 { kLinks, kFiles };

class DescriptorDirectory final : public fs::Inode {
 public:
  DescriptorDirectory(u32 argument, As as) : Inode(fs::mode::kDirectory | 0500), argument_(argument), as_(as) {}
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    u32 descriptor;
    if (!fs::numbered_name(name, "", descriptor)) return fail(Errno::kNoEnt);
    Ref<fs::File> file = TRY(file_of(argument_, descriptor));
    const u32 permissions = (file->readable() ? 0500u : 0u) | (file->writable() ? 0300u : 0u);
    Ref<fs::Inode> made;
    if (as_ == As::kLinks)
      made = Ref<fs::Inode>(new (std::nothrow) DescriptorLink(argument_, descriptor, permissions));
    else
      made = Ref<fs::Inode>(new (std::nothrow) DescriptorInformation(argument_, descriptor));
    if (!made) return fail(Errno::kNoMem);
    return made;
  }
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    const Subject s = TRY(subject_of(argument_));
    for (; s.process->files && position < s.process->files->size(); ++position) {
      const u32 descriptor = static_cast<u32>(position);
      if (s.process->files->slot(descriptor) == nullptr) continue;
      char name[16];
      format_to(name, sizeof name, "%u", descriptor);
      const u32 type = as_ == As::kLinks ? fs::mode::kSymlink : fs::mode::kRegular;
      if (!sink.add({name, position + 1, type, position + 1})) break;
    }
    return position;
  }

 private:
  u32 argument_;
  As as_;
};

Or<Ref<fs::Inode>> make(u32 argument, As as) {
  Ref<fs::Inode> d(new (std::nothrow) DescriptorDirectory(argument, as));
  if (!d) return fail(Errno::kNoMem);
  return d;
}

}  // namespace

Or<Ref<fs::Inode>> make_descriptor_links(u32 argument) { return make(argument, As::kLinks); }
Or<Ref<fs::Inode>> make_descriptor_files(u32 argument) { return make(argument, As::kFiles); }

}  // namespace ido
