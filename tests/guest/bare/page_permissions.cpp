// Who may touch which page: every combination of rights in directory and table, for both page sizes of both kinds of
// paging, by access, ring and CR0.WP; with the error code and what becomes of the accessed and dirty bits.
//
// Of an entry is shown P present, W writable, U user, X not executable; behind the outcome A and D as they are then.
#include "paging.hpp"

using namespace bare;

namespace {

enum Kind { kRead, kWrite, kFetch };
constexpr const char* kKinds[] = {"read", "write", "fetch"};

struct Case {
  Paging mode;
  bool large, write_protect, nxe;
  u32 directory, table;  // rights: 1 P, 2 W, 4 U, 8 X
  Kind kind;
  u32 ring;
};

u64 bits(u32 rights) { return (rights & 7) | ((rights & 8) ? entry::kNoExecute : 0); }

Text& show(Text& t, u32 rights) {
  for (u32 i = 0; i < 4; ++i) t << ((rights >> i) & 1 ? "PWUX"[i] : '-');
  return t;
}
Text& show_marks(Text& t, u32 marks) {
  return t << ((marks & entry::kAccessed) ? 'A' : '-') << ((marks & entry::kDirty) ? 'D' : '-');
}

Text name_of(const Case& c) {
  Text t(c.mode == Paging::k32 ? (c.large ? "4M " : "32-bit ") : (c.large ? "2M " : "PAE "));
  show(t, c.directory);
  if (!c.large) show(t << '/', c.table);
  return t << (c.write_protect ? " WP" : "") << " ring " << c.ring << ' ' << kKinds[c.kind];
}

// What SDM 3A, 4.6 (rights), 4.7 (error code) and 4.8 (accessed and dirty) say.
Text expected(const Case& c) {
  const u32 leaf = c.large ? c.directory : c.table;
  const u32 both = c.large ? c.directory : c.directory & c.table;
  const bool execute_disabled = c.nxe && ((c.directory | (c.large ? 0 : c.table)) & 8);
  const bool user = c.ring == 3;
  bool denied = false;
  if (user && !(both & 4)) denied = true;
  if (c.kind == kWrite && !(both & 2) && (user || c.write_protect)) denied = true;
  if (c.kind == kFetch && execute_disabled) denied = true;

  u32 directory_marks = 0, leaf_marks = 0;
  const bool present = (c.directory & 1) && (leaf & 1);
  if (!c.large && (c.directory & 1)) directory_marks = entry::kAccessed;  // it was used, whatever the table says
  if (present && !denied) leaf_marks = entry::kAccessed | (c.kind == kWrite ? entry::kDirty : 0);
  if (c.large) directory_marks = leaf_marks;

  const u32 error = (present ? pf::kPresent : 0) | (c.kind == kWrite ? pf::kWrite : 0) | (user ? pf::kUser : 0) |
                    (c.kind == kFetch && c.nxe ? pf::kFetch : 0);
  Text t = present && !denied ? Text("done") : page_fault(error, kWindow);
  show_marks(t << ", ", directory_marks);
  if (!c.large) show_marks(t << '/', leaf_marks);
  return t;
}

Trap access(const Case& c) {
  switch (c.kind) {
    case kRead: return call_at_ring(c.ring, [] { touch<u32>(kWindow); });
    case kWrite: return call_at_ring(c.ring, [] { at<u32>(kWindow) = 0xc3c3c3c3; });
    default: return call_at_ring(c.ring, [] { asm volatile("call *%0" : : "r"(kWindow) : "memory"); });
  }
}

void check(const Case& c) {
  const Entry directory = directory_entry(c.mode, kWindow), table = table_entry(c.mode, kWindow);
  directory.write(bits(c.directory) | (c.large ? kFrames | entry::kLarge : kWindowTable));
  table.write(bits(c.table) | kFrames);
  invlpg(kWindow);
  set_write_protect(c.write_protect);
  Text got = describe(access(c));
  show_marks(got << ", ", static_cast<u32>(directory.read()));
  if (!c.large) show_marks(got << '/', static_cast<u32>(table.read()));
  expect(name_of(c), got, expected(c));
}

void matrix(Paging mode, bool nxe) {
  start_paging(mode, nxe);
  const u32 rights = nxe ? 16 : 8;
  for (u32 large = 0; large < 2; ++large) {
    for (u32 directory = 0; directory < rights; ++directory) {
      for (u32 table = 0; table < (large ? 1 : rights); ++table) {
        for (u32 rest = 0; rest < 12; ++rest) {
          check({mode, large == 1, (rest & 1) != 0, nxe, directory, table, static_cast<Kind>(rest / 4),
                 (rest & 2) ? 3u : 0u});
        }
      }
    }
  }
  stop_paging();
}

}  // namespace

void guest_main() {
  at<u32>(kFrames) = 0xc3c3c3c3;  // RET
  matrix(Paging::k32, false);
  if (has_nx()) {
    matrix(Paging::kPae, true);
  } else {
    matrix(Paging::kPae, false);
  }
}
