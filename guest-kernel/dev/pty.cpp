#include "dev/pty.hpp"

#include "arch/interrupts.hpp"
#include "dev/tty.hpp"
#include "fs/device.hpp"
#include "fs/file_systems.hpp"
#include "fs/vfs.hpp"
#include "fs/virtual_tree.hpp"
#include "lib/credentials.hpp"
#include "mm/uaccess.hpp"

namespace ido {

using namespace termios;

namespace {

constexpr u32 kSlaveMajor = 136, kMostPairs = 256, kTtyGroup = 5;
constexpr u32 kDevPtsMagic = 0x1cd1;

// A pair: the terminal that the slave's files are of, and the queue of what it has sent to the master. Lives as long as
// a file of either end, or the slave's name.
class Pair final : public RefCounted, public TtyLine {
 public:
  explicit Pair(u32 number) : tty(*this, fs::device_number(kSlaveMajor, number)), number_(number) {}

  // The slave's output. All or nothing, so that "\r\n" stays together.
  u32 send(const char* text, u32 size) override {
    if (master_gone) return size;
    if (kQueue - count_ < size) return 0;
    for (u32 i = 0; i < size; ++i) queue_[(first_ + count_++) % kQueue] = text[i];
    readable.wake_all();
    source.changed();
    return size;
  }

  Or<Ref<fs::File>> open(Ref<fs::Dentry> dentry, u32 flags) override;

  Or<u32> take(fs::Buffer& buffer) {
    const u32 before = buffer.done();
    while (buffer.left() > 0 && count_ > 0) {
      const u32 rest = kQueue - first_, n = buffer.left() < count_ ? buffer.left() : count_;
      const u32 run = n < rest ? n : rest;
      TRY(buffer.give(queue_ + first_, run));
      first_ = (first_ + run) % kQueue;
      count_ -= run;
    }
    tty.room();
    return buffer.done() - before;
  }

  u32 count() const { return count_; }
  u32 number() const { return number_; }

  Tty tty;
  bool locked = true;  // until unlockpt(3)
  bool master_gone = false;
  u32 slaves = 0;  // open files
  bool slave_was_open = false;
  Ref<fs::Inode> inode;
  WaitQueue readable;
  fs::PollSource source;  // the master's

 private:
  static constexpr u32 kQueue = 4096;
  u32 number_;
  u32 first_ = 0, count_ = 0;
  char queue_[kQueue];
};

Pair* g_pairs[kMostPairs];  // those whose master is open
u32 g_file_system_device = 0;

class SlaveFile final : public fs::File {
 public:
  SlaveFile(Ref<fs::Dentry> where, u32 open_flags, Ref<Pair> pair) : File(std::move(where), open_flags), pair_(pair) {
    ++pair_->slaves;
    pair_->slave_was_open = true;
  }
  ~SlaveFile() override {
    if (--pair_->slaves == 0) {
      pair_->readable.wake_all();
      pair_->source.changed();
    }
  }
  bool seekable() const override { return false; }
  Or<u32> read(fs::Buffer& buffer, u64&) override { return pair_->tty.read(buffer, blocks()); }
  Or<u32> write(fs::Buffer& buffer, u64&) override { return pair_->tty.write(buffer, blocks()); }
  Or<u32> control(u32 request, u32 argument) override {
    if (request == kTiocGPtn) return fail(Errno::kNotTy);
    return pair_->tty.control(request, argument);
  }
  u32 poll() override { return pair_->tty.poll(); }
  fs::PollSource* poll_source() override { return &pair_->tty.poll_source(); }

 private:
  Ref<Pair> pair_;
};

Or<Ref<fs::File>> Pair::open(Ref<fs::Dentry> dentry, u32 flags) {
  if (locked || master_gone) return fail(Errno::kIo);
  Ref<fs::File> file(new (std::nothrow) SlaveFile(std::move(dentry), flags, Ref<Pair>(this)));
  if (!file) return fail(Errno::kNoMem);
  tty.opened(flags);
  return file;
}

// The slave's name in the file system. It finds its pair by the number, for the pair goes before the name.
class SlaveInode final : public fs::Inode {
 public:
  SlaveInode(u32 number, u32 mode) : Inode(fs::mode::kCharacter | mode), number_(number) {
    status.special_device = fs::device_number(kSlaveMajor, number);
    status.device = g_file_system_device;
    status.inode = number + 3;
    status.user = current_credentials().user.file_system;
    status.group = kTtyGroup;
  }
  Or<Ref<fs::File>> open(Ref<fs::Dentry> dentry, u32 flags) override {
    Pair* pair = g_pairs[number_];
    if (pair == nullptr || pair->inode.get() != this) return fail(Errno::kIo);
    return pair->open(std::move(dentry), flags);
  }

 private:
  u32 number_;
};

class MasterFile final : public fs::File {
 public:
  MasterFile(Ref<fs::Dentry> where, u32 open_flags, Ref<Pair> pair) : File(std::move(where), open_flags), pair_(pair) {
    g_pairs[pair_->number()] = pair_.get();
  }
  ~MasterFile() override {
    g_pairs[pair_->number()] = nullptr;
    pair_->master_gone = true;
    pair_->inode = {};
    pair_->tty.hang_up();
  }
  bool seekable() const override { return false; }

  Or<u32> read(fs::Buffer& buffer, u64&) override {
    while (pair_->count() == 0) {
      if (slave_gone()) return fail(Errno::kIo);
      if (!blocks()) return fail(Errno::kAgain);
      TRY(pair_->readable.wait_interruptible());
    }
    return pair_->take(buffer);
  }

  Or<u32> write(fs::Buffer& buffer, u64&) override {
    const u32 before = buffer.done();
    while (buffer.left() > 0) {
      if (pair_->tty.input_room() == 0 && !pair_->tty.packets()) {
        if (buffer.done() > before) break;
        if (!blocks()) return fail(Errno::kAgain);
        TRY(wait_for_reader());
        continue;
      }
      u8 c;
      TRY(buffer.take(&c, 1));
      const InterruptGuard guard;
      pair_->tty.receive(c);
    }
    return buffer.done() - before;
  }

  Or<u32> control(u32 request, u32 argument) override {
    switch (request) {
      case kTiocGPtn: TRY(put_user(argument, pair_->number())); return 0;
      case kTiocSPtLck: pair_->locked = TRY(get_user<u32>(argument)) != 0; return 0;
      case kTiocGPtLck: TRY(put_user(argument, pair_->locked ? 1u : 0u)); return 0;
      case kTiocPkt: return TRY(get_user<u32>(argument)) == 0 ? Or<u32>(0) : fail(Errno::kInval);
      case kFionRead: TRY(put_user(argument, pair_->count())); return 0;
      case kTiocGPgrp: TRY(put_user(argument, pair_->tty.foreground_group)); return 0;
      case kTiocSCtty:
      case kTiocNoTty: return fail(Errno::kNotTy);
      default: return pair_->tty.control(request, argument);
    }
  }

  u32 poll() override {
    u32 bits = pair_->count() > 0 ? fs::poll_bit::kIn : 0;
    if (slave_gone()) bits |= fs::poll_bit::kHangUp;
    if (pair_->tty.packets() || pair_->tty.input_room() > 0) bits |= fs::poll_bit::kOut;
    return bits;
  }
  fs::PollSource* poll_source() override { return &pair_->source; }

 private:
  bool slave_gone() const { return pair_->slaves == 0 && pair_->slave_was_open; }

  // The slave's reads speak up at the terminal's source.
  Or<> wait_for_reader() {
    class Listener final : public fs::PollListener {
     public:
      ~Listener() { detach(); }
      void notice() override { queue.wake_all(); }
      WaitQueue queue;
    } listener;
    pair_->tty.poll_source().attach(listener);
    return listener.queue.wait_interruptible();
  }

  Ref<Pair> pair_;
};

Or<Ref<fs::File>> open_master(Ref<fs::Dentry> dentry, u32 flags) {
  u32 number = 0;
  while (number < kMostPairs && g_pairs[number] != nullptr) ++number;
  if (number == kMostPairs) return fail(Errno::kNoSpc);
  Ref<Pair> pair(new (std::nothrow) Pair(number));
  if (!pair) return fail(Errno::kNoMem);
  pair->inode = Ref<fs::Inode>(new (std::nothrow) SlaveInode(number, 0620));
  if (!pair->inode) return fail(Errno::kNoMem);
  Ref<fs::File> file(new (std::nothrow) MasterFile(std::move(dentry), flags, pair));
  if (!file) return fail(Errno::kNoMem);
  add_terminal(pair->tty);
  return file;
}

// The root of devpts: ptmx, and the slaves there are.
class PtsDirectory final : public fs::VirtualDirectory {
 public:
  PtsDirectory() : VirtualDirectory(kDevPtsMagic) {
    status.mode = fs::mode::kDirectory | 0755;
    status.device = g_file_system_device;
  }
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    u32 number;
    if (fs::numbered_name(name, "", number) && number < kMostPairs && g_pairs[number] != nullptr)
      return g_pairs[number]->inode;
    return VirtualDirectory::lookup(name);
  }
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    if (position < fixed_count()) position = TRY(VirtualDirectory::list(position, sink));
    for (; position >= fixed_count() && position - fixed_count() < kMostPairs; ++position) {
      const u32 number = static_cast<u32>(position) - fixed_count();
      if (g_pairs[number] == nullptr) continue;
      char name[16];
      format_to(name, sizeof name, "%u", number);
      if (!sink.add({name, number + 3, fs::mode::kCharacter, position + 1})) break;
    }
    return position;
  }
};

Or<Ref<fs::Inode>> make_devpts(StringView) {
  Ref<PtsDirectory> top(new (std::nothrow) PtsDirectory);
  if (!top) return fail(Errno::kNoMem);
  Ref<fs::Inode> ptmx(new (std::nothrow) fs::DeviceInode(fs::mode::kCharacter, fs::device_number(5, 2)));
  if (!ptmx) return fail(Errno::kNoMem);
  ptmx->status.device = g_file_system_device;
  TRY(top->add("ptmx", std::move(ptmx)));
  return Ref<fs::Inode>(top);
}

}  // namespace

void init_pseudo_terminals() {
  g_file_system_device = fs::new_device();
  fs::register_device(fs::device_number(5, 2), "ptmx", open_master);
  fs::register_file_system("devpts", make_devpts);
}

}  // namespace ido
