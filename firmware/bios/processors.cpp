#include "bios/processors.hpp"

#include "abi/fw_cfg.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/local_apic.hpp"
#include "bios/mtrr.hpp"

extern "C" {
extern const base::u8 begin[], other_processor[];   // start.S
extern volatile base::u32 other_processors_parked;  // start.S
}

namespace firmware {

namespace {

constexpr u32 kMostIds = 32;

u32 ids;

void note_id() {
  const u32 id = local_apic_id();
  if (id < kMostIds) ids |= 1u << id;
}

void pause() { asm volatile("pause" : : : "memory"); }

// A start-up IPI names a page, and a processor begins at the page's first byte: a far jump into the shadow.
void write_start_page(u8* page) {
  const u32 offset = static_cast<u32>(other_processor - begin);
  page[0] = 0xea;
  page[1] = static_cast<u8>(offset), page[2] = static_cast<u8>(offset >> 8);
  page[3] = 0x00, page[4] = 0xe0;
}

}  // namespace

// One at a time: start.S sees to that, they share a stack.
extern "C" void other_processor_main() {
  init_mtrrs();
  init_local_apic(false);
  note_id();
}

void start_processors() {
  if (!has_local_apic()) return;
  note_id();
  const u32 others = fw_cfg_number(abi::fw_cfg::kCpuCount) - 1;
  if (others == 0 || others >= kMostIds) return;
  write_start_page(at<u8>(kStartPage));
  // The manual's pauses of 10 ms and 200 us are for boards with an 82489DX (MultiProcessor Specification, B.4); a processor
  // that has taken the first start-up IPI ignores the second.
  send_to_others(kInitIpi);
  for (u32 n = 0; n < 100; ++n) pause();
  send_to_others(kStartUpIpi | kStartPage >> 12);
  send_to_others(kStartUpIpi | kStartPage >> 12);
  // What does not come in all this time is broken.
  for (u32 n = 0; n < 10'000'000 && other_processors_parked < others; ++n) pause();
  if (other_processors_parked == others) return;
  put("only ");
  put(other_processors_parked + 1);
  put(" of ");
  put(others + 1);
  put(" processors started\r\n");
}

u32 processor_ids() { return ids; }

}  // namespace firmware
