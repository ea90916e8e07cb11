#include "fs/epoll.hpp"

#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "fs/anonymous_file.hpp"
#include "lib/wait.hpp"
#include "mm/slab.hpp"

namespace ido::fs {

class Epoll;

// One watched file. It does not hold the file: the file's end takes the item away.
struct EpollItem final : public PollListener {
  Epoll* epoll = nullptr;
  File* file = nullptr;
  u32 descriptor = 0;
  EpollEvent wanted;
  bool disarmed = false;              // one-shot, and shot
  EpollItem* next_of_file = nullptr;  // other epolls that watch the same file
  ListNode all_node, ready_node;
  ~EpollItem() { detach(); }
  void notice() override;

  static void* operator new(usize, const std::nothrow_t&) noexcept;
  static void operator delete(void* item);
};

namespace {

constexpr AnonymousKind kEpollKind{"eventpoll"};
constexpr u32 kDeepest = 5;  // epolls that watch epolls
constexpr u32 kAlways = poll_bit::kError | poll_bit::kHangUp;
constinit SlabCache g_items{"eventpoll_item", sizeof(EpollItem)};

}  // namespace

void* EpollItem::operator new(usize, const std::nothrow_t&) noexcept { return g_items.allocate(); }
void EpollItem::operator delete(void* item) { g_items.release(item); }

class Epoll final : public AnonymousFile {
 public:
  explicit Epoll(u32 open_flags) : AnonymousFile(kEpollKind, open_flags) {}
  ~Epoll() override {
    while (EpollItem* item = all_.front()) remove(*item);
  }

  u32 poll() override {
    for (EpollItem& item : ready_)
      if (present(item) != 0) return poll_bit::kIn;
    return 0;
  }
  PollSource* poll_source() override { return &source_; }
  void describe_state(Text& text) override {
    for (EpollItem& i : all_)
      text.add("tfd: %8u events: %8x data: %16llx\n", i.descriptor, i.wanted.events,
               static_cast<unsigned long long>(i.wanted.data));
  }

  EpollItem* find(const File& file, u32 descriptor) {
    for (EpollItem& i : all_)
      if (i.file == &file && i.descriptor == descriptor) return &i;
    return nullptr;
  }

  Or<> add(File& file, u32 descriptor, const EpollEvent& event) {
    auto* item = new (std::nothrow) EpollItem;
    if (item == nullptr) return fail(Errno::kNoMem);
    item->epoll = this;
    item->file = &file;
    item->descriptor = descriptor;
    item->next_of_file = file.watchers;
    file.watchers = item;
    all_.push_back(*item);
    file.poll_source()->attach(*item);
    modify(*item, event);
    return {};
  }

  void modify(EpollItem& item, const EpollEvent& event) {
    item.wanted = event;
    item.disarmed = false;
    if (present(item) != 0) item.notice();
  }

  void remove(EpollItem& item) {
    const InterruptGuard guard;
    EpollItem** link = &item.file->watchers;
    while (*link != &item) link = &(*link)->next_of_file;
    *link = item.next_of_file;
    all_.remove(item);
    if (item.ready_node.linked()) ready_.remove(item);
    delete &item;
  }

  void make_ready(EpollItem& item) {
    if (item.disarmed) return;
    if (!item.ready_node.linked()) ready_.push_back(item);
    waiting_.wake_all();
    source_.changed();
  }

  Or<u32> wait(EpollEvent* events, u32 most, u64 timeout_ns) {
    const u64 start = now_ns();
    const InterruptGuard guard;  // sources speak up in interrupt handlers
    for (;;) {
      const u32 found = collect(events, most);
      if (found > 0 || timeout_ns == 0) return found;
      const u64 passed = now_ns() - start;
      if (timeout_ns != kForever && passed >= timeout_ns) return 0;
      auto waited = waiting_.wait_interruptible_for(timeout_ns == kForever ? kForever : timeout_ns - passed);
      if (!waited.ok() && waited.error() != Errno::kTimedOut) return fail(Errno::kRestartNoHandler);
    }
  }

  // How deep epolls lie below this one; more than kDeepest, or in a circle: kDeepest + 1.
  u32 depth(const File& goal, u32 at = 1);

 private:
  static u32 present(EpollItem& item) {
    return item.disarmed ? 0 : item.file->poll() & (item.wanted.events | kAlways) & 0xffff;
  }

  // Level-triggered items go to the end of the list again: the next wait looks at them anew.
  u32 collect(EpollEvent* events, u32 most) {
    u32 found = 0;
    IntrusiveList<EpollItem, &EpollItem::ready_node> again;
    while (found < most) {
      EpollItem* item = ready_.pop_front();
      if (item == nullptr) break;
      const u32 bits = present(*item);
      if (bits == 0) continue;
      events[found].events = bits;
      events[found].data = item->wanted.data;
      ++found;
      if (item->wanted.events & epoll_flag::kOneShot)
        item->disarmed = true;
      else if (!(item->wanted.events & epoll_flag::kEdge))
        again.push_back(*item);
    }
    while (EpollItem* item = again.pop_front()) ready_.push_back(*item);
    return found;
  }

  IntrusiveList<EpollItem, &EpollItem::all_node> all_;
  IntrusiveList<EpollItem, &EpollItem::ready_node> ready_;
  WaitQueue waiting_;
  PollSource source_;
};

void EpollItem::notice() { epoll->make_ready(*this); }

namespace {
Epoll* as_epoll(File& file) { return file.kind() == &kEpollKind ? static_cast<Epoll*>(&file) : nullptr; }
}  // namespace

u32 Epoll::depth(const File& goal, u32 at) {
  if (this == &goal || at > kDeepest) return kDeepest + 1;
  u32 deepest = at;
  for (EpollItem& i : all_) {
    Epoll* below = as_epoll(*i.file);
    const u32 d = below == nullptr ? at : below->depth(goal, at + 1);
    if (d > deepest) deepest = d;
  }
  return deepest;
}

void forget_watchers(File& file) {
  while (file.watchers != nullptr) file.watchers->epoll->remove(*file.watchers);
}

Or<Ref<File>> make_epoll(u32 open_flags) {
  Ref<File> file(new (std::nothrow) Epoll(open_flags));
  if (!file) return fail(Errno::kNoMem);
  return file;
}

Or<> control_epoll(File& epoll_file, EpollCommand command, Ref<File> file, u32 descriptor, const EpollEvent& event) {
  Epoll* epoll = as_epoll(epoll_file);
  if (file->poll_source() == nullptr) return fail(Errno::kPerm);
  if (epoll == nullptr || file.get() == &epoll_file) return fail(Errno::kInval);
  EpollItem* known = epoll->find(*file, descriptor);
  switch (command) {
    case EpollCommand::kAdd:
      if (known != nullptr) return fail(Errno::kExist);
      if (Epoll* below = as_epoll(*file); below != nullptr && below->depth(epoll_file) > kDeepest)
        return fail(Errno::kLoop);
      return epoll->add(*file, descriptor, event);
    case EpollCommand::kModify:
      if (known == nullptr) return fail(Errno::kNoEnt);
      epoll->modify(*known, event);
      return {};
    case EpollCommand::kDelete:
      if (known == nullptr) return fail(Errno::kNoEnt);
      epoll->remove(*known);
      return {};
  }
  return fail(Errno::kInval);
}

Or<u32> wait_epoll(File& epoll_file, EpollEvent* events, u32 most, u64 timeout_ns) {
  Epoll* epoll = as_epoll(epoll_file);
  if (epoll == nullptr) return fail(Errno::kInval);
  return epoll->wait(events, most, timeout_ns);
}

}  // namespace ido::fs
