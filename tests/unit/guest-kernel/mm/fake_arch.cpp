#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <set>

#include "arch/kmap.hpp"
#include "fake.hpp"
#include "fake_tasks.hpp"

namespace {

using namespace base;

constexpr u64 kPhysicalSize = 72 * kGiB;  // sparse

int memory_file;
u8* all_physical;
ido::TablePages hooks;
u32 table_page_countdown;
i32 user_table_count;

void* host_map(u64 address, u64 size, u64 offset) {
  const int fixed = address != 0 ? MAP_FIXED : 0;
  void* p = mmap(reinterpret_cast<void*>(address), size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | fixed,
                 memory_file, static_cast<off_t>(offset));
  if (p == MAP_FAILED) {
    perror("mmap");
    abort();
  }
  return p;
}

}  // namespace

namespace fake {

void make_physical_memory() {
  memory_file = memfd_create("physical", 0);
  if (ftruncate(memory_file, static_cast<off_t>(kPhysicalSize)) != 0) abort();
  all_physical = static_cast<u8*>(host_map(0, kPhysicalSize, 0));
  host_map(ido::layout::kPageOffset, ido::layout::kLowMemoryMax, 0);
}

u8* physical(ido::Pfn frame) { return all_physical + (u64{frame.value} << kPageShift); }
i32 user_tables() { return user_table_count; }
void fail_table_pages(u32 nth) { table_page_countdown = nth; }

}  // namespace fake

namespace ido {

Windows windows{.vmemmap = 0xc2000000, .direct_map_frames = layout::kLowMemoryMax >> kPageShift};

namespace {

struct Tables {
  std::map<u32, Pte*> by_span;  // 2 MiB of addresses each
};
constexpr u32 kSpanShift = 21;
Tables& tables_of(u64 handle) { return *reinterpret_cast<Tables*>(handle); }

Pte* allocate_table() {
  if (table_page_countdown == 1) return nullptr;
  if (table_page_countdown > 1) --table_page_countdown;
  return static_cast<Pte*>(hooks.allocate());
}

void release_user_table(Pte* table) {
  hooks.release(table);
  --user_table_count;
}

}  // namespace

struct UserPageTableAccess {
  static u64& handle(UserPageTable& t) { return t.pdpt_physical_; }
  static u64 handle(const UserPageTable& t) { return t.pdpt_physical_; }
};
using Access = UserPageTableAccess;

Or<UserPageTable*> UserPageTable::create() {
  auto* table = new UserPageTable;
  Access::handle(*table) = reinterpret_cast<u64>(new Tables);
  return table;
}

void UserPageTable::destroy() {
  for (auto& [span, entries] : tables_of(pdpt_physical_).by_span) release_user_table(entries);
  delete &tables_of(pdpt_physical_);
  delete this;
}

u64 UserPageTable::cr3() const { return pdpt_physical_; }

Pte* UserPageTable::entry(u32 address, bool make) {
  auto& by_span = tables_of(pdpt_physical_).by_span;
  auto found = by_span.find(address >> kSpanShift);
  if (found == by_span.end()) {
    Pte* made = make ? allocate_table() : nullptr;
    if (made == nullptr) return nullptr;
    ++user_table_count;
    found = by_span.emplace(address >> kSpanShift, made).first;
  }
  return found->second + ((address >> kPageShift) & 511);
}

void UserPageTable::set(Pte* slot, Pte value) { *slot = value; }
Pte UserPageTable::exchange(Pte* slot, Pte value) { return std::exchange(*slot, value); }

u32 UserPageTable::page_count() const { return static_cast<u32>(tables_of(pdpt_physical_).by_span.size()); }

void UserPageTable::trim(u32 from, u32 to) {
  auto& by_span = tables_of(pdpt_physical_).by_span;
  for (u32 span = from >> kSpanShift; span <= (to - 1) >> kSpanShift; ++span) {
    auto found = by_span.find(span);
    if (found == by_span.end()) continue;
    bool empty = true;
    for (u32 i = 0; i < 512; ++i) empty &= found->second[i].value == 0;
    if (!empty) continue;
    release_user_table(found->second);
    by_span.erase(found);
  }
}

void flush_user_page(const UserPageTable&, u32) {}
void flush_user_all(const UserPageTable&) {}
void set_table_pages(TablePages wanted) { hooks = wanted; }

u64 no_execute_bit() { return pte::kNoExecute; }

Or<> map_kernel(u32 address, Pfn frame, u64) {
  // The fake uses no table for the kernel, but takes one where the real one does; they are never given back.
  static std::set<u32> spans;
  if (spans.count(address >> kSpanShift) == 0) {
    if (allocate_table() == nullptr) return fail(Errno::kNoMem);
    spans.insert(address >> kSpanShift);
  }
  host_map(address, kPageSize, u64{frame.value} << kPageShift);
  return {};
}

void unmap_kernel(u32 address) {
  mmap(reinterpret_cast<void*>(static_cast<u64>(address)), kPageSize, PROT_NONE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

Kmap::Kmap(Pfn frame) : bytes_(fake::physical(frame)) { fake::kmaps_held(1); }
Kmap::~Kmap() { fake::kmaps_held(-1); }
void zero_frame(Pfn frame) { memset(fake::physical(frame), 0, kPageSize); }
void copy_frame(Pfn to, Pfn from) { memcpy(fake::physical(to), fake::physical(from), kPageSize); }

}  // namespace ido
