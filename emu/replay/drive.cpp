#include "replay/drive.hpp"

#include <xxhash.h>

#include <cassert>

namespace paemu {

bool Drive::fits(u64 sector, u64 count) const {
  return has_medium() && sector <= state_.medium.sectors && count <= state_.medium.sectors - sector;
}

// Counts the operation, whatever comes of it: live and replayed runs must agree on the numbers.
Medium* Drive::start(u64 sector, u64 count, DiskJournal::Access access) {
  ++state_.operations;
  Medium* medium = store_ != nullptr ? store_->find(state_.medium.number) : nullptr;
  if (medium == nullptr) return nullptr;
  if (count != 0 && journal_ != nullptr)
    journal_->before(state_.medium.number, *medium, state_.operations, sector, count, access);
  medium->begin(state_.operations);
  return medium;
}

bool Drive::done(bool good, u64 sector, u64 count) {
  if (good) return true;
  ++state_.errors;
  if (journal_ != nullptr) journal_->failed(state_.medium.number, state_.operations, sector, count);
  return false;
}

bool Drive::read(u64 sector, std::span<u8> out) {
  assert(out.size() % kSectorSize == 0);
  const u64 count = out.size() / kSectorSize;
  if (!fits(sector, count)) return false;
  Medium* medium = start(sector, count, DiskJournal::Access::kRead);
  ++state_.reads;
  state_.bytes_read += out.size();
  return done(medium != nullptr && medium->read(sector, out), sector, count);
}

bool Drive::write(u64 sector, std::span<const u8> data) {
  assert(data.size() % kSectorSize == 0);
  const u64 count = data.size() / kSectorSize;
  if (!fits(sector, count) || read_only()) return false;
  Medium* medium = start(sector, count, DiskJournal::Access::kWrite);
  ++state_.writes;
  state_.bytes_written += data.size();
  state_.written_hash = XXH3_64bits_withSeed(data.data(), data.size(), state_.written_hash + sector);
  return done(medium != nullptr && medium->write(sector, data), sector, count);
}

bool Drive::flush() {
  if (!has_medium()) return false;
  Medium* medium = start(0, 0, DiskJournal::Access::kWrite);
  ++state_.flushes;
  return done(medium != nullptr && medium->flush(), 0, 0);
}

bool Drive::discard(u64 sector, u64 count) {
  if (!fits(sector, count) || read_only()) return false;
  if (count == 0) return true;
  Medium* medium = start(sector, count, DiskJournal::Access::kWrite);
  const u64 range[] = {sector, count};
  state_.written_hash = XXH3_64bits_withSeed(range, sizeof range, ~state_.written_hash);
  return done(medium != nullptr && medium->discard(sector, count), sector, count);
}

void Drive::set_open(bool open) {
  if (open == state_.open) return;
  move_tray(open);
  changed();
}

void Drive::insert(const MediumSpec& spec) { put(spec, false); }

void Drive::eject() { put({}, tray_ != nullptr); }

void Drive::put(const MediumSpec& spec, bool open) {
  const u32 before = state_.medium.number;
  if (before != 0 || spec.number != 0) move_tray(true);  // nothing comes in or out through a closed one
  state_.medium = spec;
  move_tray(open);
  if (before != 0 && before != spec.number && store_ != nullptr) store_->release(before);
  changed();
}

void Drive::request_eject() {
  if (listener_ != nullptr) listener_->on_eject_requested();
}

void Drive::move_tray(bool open) {
  if (open == state_.open) return;
  state_.open = open;
  if (tray_ != nullptr) tray_->on_tray_moved(id_, open);
}

void Drive::changed() {
  if (listener_ != nullptr) listener_->on_medium_changed();
}

}  // namespace paemu
