// OverlayImage: what -snapshot and snapshot=on put over an image: writes go to a nameless sparse file of the host that
// is gone with the program, and the image below stays as it is until commit().
#pragma once

#include "host/disk_image.hpp"
#include "replay/range_set.hpp"

namespace paemu::host {

class OverlayImage final : public Medium {
 public:
  // Errors: no room for the file. It is made in $TMPDIR, else in /var/tmp.
  static Or<std::unique_ptr<OverlayImage>> create(std::unique_ptr<Medium> base);
  ~OverlayImage() override;

  u64 sectors() const override { return sectors_; }
  bool read_only() const override { return false; }
  bool read(u64 sector, std::span<u8> out) override;
  bool write(u64 sector, std::span<const u8> data) override;
  bool flush() override { return true; }  // nothing here outlives the program
  bool discard(u64 sector, u64 count) override;

  // Writes what differs into the image below, a raw one at `path`, and flushes it. The overlay stays as it is: what it
  // holds and what is below are then the same. Errors: the image can't be opened for writing, or not be written.
  Or<> commit(const std::string& path);

 private:
  OverlayImage(std::unique_ptr<Medium> base, int descriptor)
      : base_(std::move(base)), sectors_(base_->sectors()), descriptor_(descriptor) {}
  enum class Where : u8 { kBase, kFile, kZero };
  // Where the sectors from `sector` on are, and how many of them, at most `most`, are there.
  struct Run {
    Where where;
    u64 count;
  };
  Run run(u64 sector, u64 most) const;
  bool write_into(Medium& base);

  std::unique_ptr<Medium> base_;  // nullptr: it could not be opened again after a commit
  u64 sectors_;
  int descriptor_;
  RangeSet written_;  // sectors that are not the base's
  RangeSet zero_;     // of those: the ones that were discarded
};

}  // namespace paemu::host
