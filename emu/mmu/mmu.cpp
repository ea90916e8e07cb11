// Accesses: resolve to at most two pieces of pages, check all, then move bytes. The flushes are in tlb.cpp.
#include "mmu/mmu.hpp"

#include <cassert>

namespace paemu {

Mmu::Mmu(const CpuState& state, PhysicalMemory& memory, MmioBus& mmio)
    : state_(state), memory_(memory), mmio_(mmio), walker_(state, memory) {
  forget_spaces();
}

bool Mmu::resolve_piece(u32 linear, u32 size, Access access, Privilege privilege, Piece& out) {
  u64 frame;
  if (!frame_of(linear, access, privilege, frame)) return false;
  out.address = GuestPhys{(frame | (linear & kPageMask)) & a20_mask_};
  out.size = size;
  u8* page = memory_.host_page(out.address);
  out.host = page == nullptr ? nullptr : page + (out.address.value & kPageMask);
  out.rom = access == Access::kWrite && page != nullptr && memory_.is_rom(out.address);
  return true;
}

bool Mmu::resolve(u32 linear, u32 size, Access access, Privilege privilege, Piece pieces[2]) {
  assert(size >= 1 && size <= kPageSize);
  const u32 in_first = kPageSize - (linear & kPageMask);
  pieces[1].size = 0;
  if (size <= in_first) return resolve_piece(linear, size, access, privilege, pieces[0]);
  // The first page's dirty bit must stay as it is when the second page faults.
  return reachable(linear, access, privilege) && reachable(linear + in_first, access, privilege) &&
         resolve_piece(linear, in_first, access, privilege, pieces[0]) &&
         resolve_piece(linear + in_first, size - in_first, access, privilege, pieces[1]);
}

namespace {

// SDM 3A, table 6-7, by the size of the operand: the images of the x87 environment and state (14 to 108 bytes) count by
// the operand size, far pointers and table registers of 6 bytes as 4, the 80-bit format as 8. Larger ones have rules of
// their own.
u32 alignment_of(u32 size) {
  switch (size) {
    case 1: return 1;
    case 2:
    case 14:
    case 94: return 2;
    case 4:
    case 6:
    case 28:
    case 108: return 4;
    case 8:
    case 10: return 8;
    default: return 1;
  }
}

}  // namespace

// CPL 3 only.
bool Mmu::misaligned(u32 linear, u32 size, Privilege privilege) {
  if (privilege != Privilege::kUser || (linear & (alignment_of(size) - 1)) == 0) return false;
  fault_ = Fault{Vector::kAlignmentCheck, 0, GuestLinear{linear}};
  return true;
}

bool Mmu::load_slow(u32 linear, Privilege privilege, void* out, u32 size, Access access) {
  if (alignment_check_ && misaligned(linear, size, privilege)) return false;
  Piece pieces[2];
  if (!resolve(linear, size, access, privilege, pieces)) return false;
  if (undo_ != nullptr && !note_access(linear, Access::kRead, pieces)) return false;
  read_piece(pieces[0], out);
  if (pieces[1].size != 0) read_piece(pieces[1], static_cast<u8*>(out) + pieces[0].size);
  if (watching_) note_watch(linear, size, Access::kRead);
  if (access == Access::kRead) fill_fast(linear, access, privilege, pieces[0]);
  return true;
}

bool Mmu::store_slow(u32 linear, Privilege privilege, const void* data, u32 size) {
  if (alignment_check_ && misaligned(linear, size, privilege)) return false;
  Piece pieces[2];
  if (!resolve(linear, size, Access::kWrite, privilege, pieces)) return false;
  if (undo_ != nullptr && !note_access(linear, Access::kWrite, pieces)) return false;
  write_piece(pieces[0], data);
  if (pieces[1].size != 0) write_piece(pieces[1], static_cast<const u8*>(data) + pieces[0].size);
  if (watching_) note_watch(linear, size, Access::kWrite);
  fill_fast(linear, Access::kWrite, privilege, pieces[0]);
  return true;
}

bool Mmu::probe(u32 linear, u32 size, Access access, Privilege privilege) {
  if (alignment_check_ && misaligned(linear, size, privilege)) return false;
  const u32 last = linear + size - 1;
  if (!reachable(linear, access, privilege)) return false;
  if (((linear ^ last) & ~kPageMask) != 0 && !reachable(last & ~kPageMask, access, privilege)) return false;
  return undo_ == nullptr || (note_probe(linear, access) && note_probe(last, access));
}

bool Mmu::fetch(u32 linear, Privilege privilege, FetchPage& out) {
  Piece piece;
  if (!resolve_piece(linear, 1, Access::kFetch, privilege, piece)) return false;
  fill_fast(linear, Access::kFetch, privilege, piece);
  out.address = piece.address;
  out.host = piece.host;
  return true;
}

std::optional<GuestPhys> Mmu::translate(u32 linear) const {
  u64 frame = linear & ~kPageMask;
  if (state_.cr0 & cr0::kPaging) {
    const Walk w = walker_.look(linear);
    if (!w.ok) return std::nullopt;
    frame = w.frame;
  }
  return GuestPhys{(frame | (linear & kPageMask)) & a20_mask_};
}

// --- Bytes.

namespace {

// The largest naturally aligned access, up to 8 bytes, that starts at `address`: devices see no misaligned ones.
u32 device_chunk(u64 address, u32 size) {
  u32 chunk = 8;
  while (chunk > size || (address & (chunk - 1)) != 0) chunk /= 2;
  return chunk;
}

// memcpy without a call for the sizes that almost all accesses have.
void copy(void* to, const void* from, u32 size) {
  switch (size) {
    case 1: std::memcpy(to, from, 1); break;
    case 2: std::memcpy(to, from, 2); break;
    case 4: std::memcpy(to, from, 4); break;
    case 8: std::memcpy(to, from, 8); break;
    default: std::memcpy(to, from, size);
  }
}

}  // namespace

void Mmu::read_piece(const Piece& p, void* out) {
  if (p.host != nullptr && memory_.untouched(p.address)) {
    std::memset(out, 0, p.size);
  } else if (p.host != nullptr) {
    copy(out, p.host, p.size);
  } else {
    read_physical(p.address, out, p.size);
  }
}

void Mmu::write_piece(const Piece& p, const void* data) {
  if (p.rom) return memory_.write_behind(p.address, data, p.size);
  if (p.host != nullptr) {
    memory_.mark_written(pfn_of(p.address));
    copy(p.host, data, p.size);
    memory_.report_store(p.address, p.size);
    return;
  }
  if (listener_ != nullptr) listener_->before_mmio();
  for (u32 done = 0; done < p.size;) {
    const u32 chunk = device_chunk(p.address.value + done, p.size - done);
    u64 value = 0;
    std::memcpy(&value, static_cast<const u8*>(data) + done, chunk);
    mmio_.write(p.address + done, chunk, value);
    done += chunk;
  }
  if (listener_ != nullptr) listener_->after_mmio();
}

void Mmu::read_physical(GuestPhys address, void* out, u32 size) {
  while (size != 0) {
    const u32 in_page = kPageSize - static_cast<u32>(address.value & kPageMask);
    const u32 part = size < in_page ? size : in_page;
    if (const u8* page = memory_.host_page(address); page != nullptr && memory_.untouched(address)) {
      std::memset(out, 0, part);
    } else if (page != nullptr) {
      std::memcpy(out, page + (address.value & kPageMask), part);
    } else if (undo_ != nullptr) {
      undo_->refuse();
      std::memset(out, 0, part);
    } else {
      if (listener_ != nullptr) listener_->before_mmio();
      for (u32 done = 0; done < part;) {
        const u32 chunk = device_chunk(address.value + done, part - done);
        const u64 value = mmio_.read(address + done, chunk);
        std::memcpy(static_cast<u8*>(out) + done, &value, chunk);
        done += chunk;
      }
      if (listener_ != nullptr) listener_->after_mmio();
    }
    address += part;
    out = static_cast<u8*>(out) + part;
    size -= part;
  }
}

// --- Debug registers: data breakpoints (SDM 3B, 17.2.4 and 17.2.5).

void Mmu::set_watchpoints(const std::array<Watchpoint, 4>& watchpoints) {
  watchpoints_ = watchpoints;
  watching_ = false;
  for (const Watchpoint& w : watchpoints_) watching_ |= w.size != 0;
  drop_fast();
}

bool Mmu::page_watched(u32 linear) const {
  // A breakpoint is aligned to its size, so that it lies within one page.
  for (const Watchpoint& w : watchpoints_) {
    if (w.size != 0 && (w.address & ~kPageMask) == (linear & ~kPageMask)) return true;
  }
  return false;
}

void Mmu::note_watch(u32 linear, u32 size, Access access) {
  for (u32 i = 0; i < watchpoints_.size(); ++i) {
    const Watchpoint& w = watchpoints_[i];
    if (w.size == 0 || (access == Access::kRead && !w.on_read)) continue;
    // Wraps like the address space does.
    if (w.address - linear < size || linear - w.address < w.size) watch_hits_ |= 1u << i;
  }
}

}  // namespace paemu
