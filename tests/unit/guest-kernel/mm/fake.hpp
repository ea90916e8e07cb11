// A fake arch/ and proc/ for mm on the host: "physical memory" is a sparse memory file, the direct map and the vmemmap
// window are host mappings of it at the kernel's own addresses, tasks are host contexts that switch where the kernel
// may sleep.
//
// The machine, made at the first use: 256 MiB of low RAM (its first 4 MiB reserved, a hole at 640 KiB), 256 MiB at 4
// GiB, room for hotplug up to 16 GiB. mm's state lives as long as the process, so each test leaves memory as it found
// it: use the Machine fixture, which checks that.
#pragma once

#include <functional>
#include <string>

#include "base/types.hpp"
#include "mm/backing.hpp"
#include "mm/hotplug.hpp"
#include "mm/init.hpp"
#include "mm/mm.hpp"

namespace fake {
using namespace base;

inline constexpr u64 kHotplugBase = 5 * kGiB;

struct Machine {
  Machine();
  ~Machine();  // requires that no page, object or task leaked

 private:
  u32 free_pages_, objects_;
};

// Boots mm with this map instead; in a fresh process only (see passes_in_fresh_process).
void boot_with(const ido::BootMemory& memory);
// Runs the hidden test case of that name in a process of its own. Returns whether it passed.
bool passes_in_fresh_process(const std::string& test);

u8* physical(ido::Pfn frame);

// Fails the n-th next table page that arch asks for (1: the next), and all after it, until 0 is set.
void fail_table_pages(u32 nth);

// What the kernel printed since the last call.
std::string take_log();

// Runs the bodies as tasks, in an order that follows from the seed, until all have ended. Points where the kernel may
// sleep or yield switch between them. Requires that some task can always go on.
void run_tasks(u32 seed, std::initializer_list<std::function<void()>> bodies);
u64 now_ns();  // grows by the timed sleeps

// A file of the test: counted, and told what to refuse.
class File final : public ido::Backing {
 public:
  explicit File(u64 size) : size_(size) {}
  u64 size_bytes() override { return size_; }
  ido::Or<> read_page(ido::Page* page) override;
  ido::Or<> migrate_page(ido::Page* from, ido::Page* to) override;
  void hold() override { ++references; }
  void release() override { --references; }
  void describe(char* buffer, u32 size) override;

  void resize(u64 size) { size_ = size; }
  i32 references = 0;
  std::function<ido::Or<>()> on_read, on_migrate;  // may sleep; an error refuses

 private:
  u64 size_;
};

// Byte i of page `index` of a File when it is first read.
u8 file_byte(u32 index, u32 i);

}  // namespace fake
