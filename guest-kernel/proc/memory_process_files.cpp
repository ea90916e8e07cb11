// What /proc/PID tells of a process's memory: statm, oom_score, oom_score_adj, pagemap (proc(5), and Linux's
// Documentation/admin-guide/mm/pagemap.rst).
#include "fs/proc_file_system.hpp"
#include "mm/entry.hpp"
#include "mm/mm.hpp"
#include "proc/oom.hpp"
#include "proc/process_files.hpp"

namespace ido {

// size resident shared text lib data dt, in pages.
Or<> render_statm(Text& text, u32 argument) {
  const Process* p = TRY(subject_of(argument)).process;
  if (p->mm == nullptr) {
    text.add("0 0 0 0 0 0 0\n");
    return {};
  }
  const Mm& mm = *p->mm;
  const Mm::Counters& c = mm.counters;
  const u32 code = ((mm.code_end + kPageMask) >> kPageShift) - (mm.code_start >> kPageShift);
  text.add("%u %u %u %u 0 %u 0\n", c.mapped_pages, c.anonymous_pages + c.file_pages, c.file_pages, code, c.data_pages);
  return {};
}

Or<> render_oom_score(Text& text, u32 argument) {
  text.add("%u\n", oom_score(*TRY(subject_of(argument)).process));
  return {};
}

Or<> render_oom_adjustment(Text& text, u32 argument) {
  text.add("%d\n", TRY(subject_of(argument)).process->oom_adjustment);
  return {};
}

Or<> store_oom_adjustment(StringView text, u32 argument) {
  Process* p = TRY(subject_of(argument)).process;
  u32 i = 0;
  const bool negative = text.size > 0 && text.data[0] == '-';
  if (negative) ++i;
  i32 value = 0;
  const u32 first = i;
  for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && value <= kOomFirst; ++i)
    value = value * 10 + (text.data[i] - '0');
  if (i == first || value > kOomFirst || (i < text.size && text.data[i] != '\n')) return fail(Errno::kInval);
  if (negative) value = -value;
  if (value < p->oom_adjustment && !current_process().credentials.privileged()) return fail(Errno::kAcces);
  p->oom_adjustment = value;
  return {};
}

namespace {

// A word of 64 bits for each page of the address space: where it is.
class PageMap final : public fs::Inode {
 public:
  explicit PageMap(u32 argument) : Inode(fs::mode::kRegular | 0400), argument_(argument) {}
  Or<u32> read(u64 position, fs::Buffer& buffer) override {
    if (position % sizeof(u64) != 0 || buffer.left() % sizeof(u64) != 0) return fail(Errno::kInval);
    const Process* p = TRY(subject_of(argument_)).process;
    if (p->mm == nullptr) return 0u;
    p->mm->get();
    const u32 before = buffer.done();
    Or<> given{};
    for (u64 page = position / sizeof(u64); given.ok() && buffer.left() > 0; ++page) {
      if (page >= layout::kUserEnd >> kPageShift) break;
      const u64 word = word_of(*p->mm, static_cast<u32>(page) << kPageShift);
      given = buffer.give(&word, sizeof word);  // may sleep: no entry is kept over it
    }
    p->mm->put();
    if (!given) return fail(given.error());
    return buffer.done() - before;
  }

 private:
  static u64 word_of(Mm& mm, u32 address) {
    constexpr u64 kPresent = u64{1} << 63, kFile = u64{1} << 61, kAlone = u64{1} << 56;
    const Pte* slot = mm.table().entry(address, false);
    if (slot == nullptr || !slot->present()) return 0;
    const bool zero = is_zero_page(*slot);
    return kPresent | slot->frame().value | (is_anonymous(*slot) || zero ? 0 : kFile) |
           (!zero && page_of(slot->frame())->map_count == 1 ? kAlone : 0);
  }
  u32 argument_;
};

}  // namespace

Or<Ref<fs::Inode>> make_page_map(u32 argument) {
  Ref<fs::Inode> map(new (std::nothrow) PageMap(argument));
  if (!map) return fail(Errno::kNoMem);
  return map;
}

}  // namespace ido
