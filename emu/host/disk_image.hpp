// Disk images: raw files of the host as media, and the store of those that a run uses.
//
// A raw image is as it lies on a real disk, sector by sector. It may be sparse. While an image is open it is locked
// against other programs that lock (another paemu, QEMU): shared by readers, alone for a writer.
#pragma once

#include <map>
#include <string>

#include "base/error.hpp"
#include "replay/drive.hpp"

namespace paemu::host {
using namespace base;

enum class ImageAccess : u8 { kReadWrite, kReadOnly };

class RawImage final : public Medium {
 public:
  // Errors: missing, not a regular file or block device, empty, not writable, in use, of a format that is not raw.
  static Or<std::unique_ptr<RawImage>> open(const std::string& path, ImageAccess access);
  ~RawImage() override;

  u64 sectors() const override { return sectors_; }
  bool read_only() const override { return access_ == ImageAccess::kReadOnly; }
  bool read(u64 sector, std::span<u8> out) override;
  bool write(u64 sector, std::span<const u8> data) override;
  bool flush() override;
  bool discard(u64 sector, u64 count) override;

 private:
  RawImage(int descriptor, u64 sectors, ImageAccess access)
      : descriptor_(descriptor), sectors_(sectors), access_(access) {}
  bool write_zeroes(u64 offset, u64 size);

  int descriptor_;
  u64 sectors_;  // a last part of a sector counts; it is filled up with zeroes
  ImageAccess access_;
};

// The images that are open, by the numbers that Drive and trace know them by.
class DiskImages final : public MediumStore {
 public:
  // name: for people. -> what an arrival or the configuration says of it.
  MediumSpec add(std::unique_ptr<Medium> medium, std::string name);
  Medium* find(u32 number) override;
  void release(u32 number) override { media_.erase(number); }
  // Writes what a snapshot holds into the image below it. Errors: there is no snapshot, or the image can't be written.
  Or<> commit(u32 number);

 private:
  struct Image {
    std::unique_ptr<Medium> medium;
    std::string path;
  };
  std::map<u32, Image> media_;
  u32 last_number_ = 0;
};

}  // namespace paemu::host
