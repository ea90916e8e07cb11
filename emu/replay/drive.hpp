// Drive: the place that a medium is put into, as a storage controller sees it. Counts what is done, keeps a hash over
// all that was written, and shows a recording what it must keep.
//
// Owned by the board, one a drive of the configuration; a controller has a pointer to each of its drives. A controller
// decides when (in virtual time) an operation happens; it then happens at once, and its result follows from the
// medium's content alone. Errors of the host are results: the guest gets an I/O error.
#pragma once

#include <string>

#include "base/fields.hpp"
#include "replay/medium.hpp"

namespace paemu {

// What a recording is told. `sector` and `count` lie within the medium.
class DiskJournal {
 public:
  enum class Access : u8 { kRead, kWrite };
  // Before an operation: what these sectors of the medium hold now may be needed by a replay.
  virtual void before(u32 number, Medium& medium, u64 operation, u64 sector, u64 count, Access access) = 0;
  // After an operation that the host could not do. What the sectors hold is not known any more; count 0: a flush.
  virtual void failed(u32 number, u64 operation, u64 sector, u64 count) = 0;

 protected:
  ~DiskJournal() = default;
};

// What a controller wants to hear of its drive.
class DriveListener {
 public:
  virtual void on_medium_changed() = 0;   // inserted or taken out
  virtual void on_eject_requested() = 0;  // somebody pressed the button, and the door is locked

 protected:
  ~DriveListener() = default;
};

// Who hears of a drive's tray, if it has one: the user's side.
class TrayListener {
 public:
  virtual void on_tray_moved(const std::string& drive, bool open) = 0;

 protected:
  ~TrayListener() = default;
};

// A medium that is put into a drive.
struct MediumSpec {
  u32 number = 0;  // in the MediumStore; 0: no medium
  u64 sectors = 0;
  bool read_only = false;
  std::string name;  // the image's path, for people
  FIELDS(number, sectors, read_only, name)
  bool valid() const { return sectors <= kMaxSectors && name.size() <= kMaxName; }
  static constexpr u64 kMaxSectors = (u64{1} << 48) - 1;  // what 48-bit LBA reaches
  static constexpr usize kMaxName = 4096;
};

class Drive {
 public:
  struct State {
    MediumSpec medium;
    bool locked = false;   // the guest forbids to take the medium out
    bool open = false;     // the tray is open
    u64 operations = 0;    // reads, writes, flushes and discards so far
    u64 written_hash = 0;  // over all writes and discards in order
    u64 bytes_read = 0, bytes_written = 0;
    u64 reads = 0, writes = 0, flushes = 0, errors = 0;
    FIELDS(medium, locked, open, operations, written_hash, bytes_read, bytes_written, reads, writes, flushes, errors)
  };

  // store: outlives the drive; nullptr: there never is a medium.
  Drive(std::string id, MediumStore* store) : id_(std::move(id)), store_(store) {}

  const std::string& id() const { return id_; }
  bool has_medium() const { return state_.medium.number != 0 && !state_.open; }
  u64 sectors() const { return has_medium() ? state_.medium.sectors : 0; }
  bool read_only() const { return state_.medium.read_only; }

  // False: an error of the host, a range beyond the medium, no medium, or a write to one that is read-only. Spans are
  // multiples of kSectorSize.
  bool read(u64 sector, std::span<u8> out);
  bool write(u64 sector, std::span<const u8> data);
  bool flush();
  bool discard(u64 sector, u64 count);

  // By the guest.
  void lock(bool locked) { state_.locked = locked; }
  void set_open(bool open);

  // From outside. insert: whatever was in is gone; a number that the store does not know is a medium that fails. eject
  // leaves a tray open.
  void insert(const MediumSpec& spec);
  void eject();
  void request_eject();

  void set_listener(DriveListener* listener) { listener_ = listener; }
  // The drive has a tray. Before the run begins.
  void give_tray(TrayListener& listener) { tray_ = &listener; }
  void set_journal(DiskJournal* journal) { journal_ = journal; }

  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  bool fits(u64 sector, u64 count) const;
  bool done(bool good, u64 sector, u64 count);
  Medium* start(u64 sector, u64 count, DiskJournal::Access access);
  void changed();
  void put(const MediumSpec& spec, bool open);
  void move_tray(bool open);

  std::string id_;
  MediumStore* store_;
  DriveListener* listener_ = nullptr;
  TrayListener* tray_ = nullptr;
  DiskJournal* journal_ = nullptr;
  State state_;
};

}  // namespace paemu
