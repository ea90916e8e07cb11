// Memory beyond 4 GiB by both ways there are: PAE's entries, and 4-MiB pages with PSE-36 (SDM 3A, 4.3 and 4.4). What is
// written by one is read by the other.
//
// paemu: -cpu pentium3 -m 12G
// paemu: -cpu max32,phys-bits=40 -m 70G
#include "paging.hpp"

using namespace bare;

namespace {

// Physical places: the first beyond 4 GiB, and each further power of two that has memory. 3 GiB are below 4 GiB.
u32 places(u64 (&place)[8], u64 bytes) {
  u32 n = 0;
  place[n++] = u64{1} << 32;
  for (u64 at = u64{1} << 32; 2 * at < bytes; at *= 2, ++n) place[n] = 2 * at + (n << 22);
  return n;
}

u32 value_of(u64 place) { return static_cast<u32>(place >> 22) * 0x9e3779b9 + 1; }

void write_by_pae(const u64* place, u32 count) {
  start_paging(Paging::kPae);
  for (u32 i = 0; i < count; ++i) {
    map_page(Paging::kPae, kWindow, 0, 0);
    table_entry(Paging::kPae, kWindow).write((place[i] + 0x5000) | entry::kAll);
    invlpg(kWindow);
    at<u32>(kWindow + 0x10) = value_of(place[i]);
  }
  // By 2-MiB pages as well.
  for (u32 i = 0; i < count; ++i) {
    directory_entry(Paging::kPae, kWindow).write(place[i] | entry::kAll | entry::kLarge);
    invlpg(kWindow);
    expect((Text("PAE, 2-MiB page at ").hex(place[i], 10)), Text().hex(at<u32>(kWindow + 0x5010)),
           Text().hex(value_of(place[i])));
  }
  stop_paging();
}

void read_by_pse36(const u64* place, u32 count) {
  start_paging(Paging::k32);
  for (u32 i = 0; i < count; ++i) {
    // Bits 32-39 of the address are bits 13-20 of the entry (table 4-4).
    const u32 high = static_cast<u32>(place[i] >> 32);
    directory_entry(Paging::k32, kWindow)
        .write((static_cast<u32>(place[i]) & 0xffc00000) | (high << 13) | entry::kAll | entry::kLarge);
    invlpg(kWindow);
    expect((Text("PSE-36, 4-MiB page at ").hex(place[i], 10)), Text().hex(at<u32>(kWindow + 0x5010)),
           Text().hex(value_of(place[i])));
  }
  stop_paging();
}

}  // namespace

void guest_main() {
  u64 place[8];
  const u32 count = places(place, physical_bits() > 36 ? u64{68} << 30 : u64{12} << 30);
  write_by_pae(place, count);
  read_by_pse36(place, count);
}
