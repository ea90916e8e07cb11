#include "host/overlay_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace paemu::host {
namespace {

int nameless_file(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
  // A file system without O_TMPFILE.
  std::string name = folder + "/paemu-overlay-XXXXXX";
  const int made = mkostemp(name.data(), O_CLOEXEC);
  if (made >= 0) unlink(name.c_str());
  return made;
}

bool read_all(int descriptor, u64 offset, std::span<u8> out) {
  while (!out.empty()) {
    const ssize_t n = pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out = out.subspan(static_cast<usize>(n));
    offset += static_cast<u64>(n);
  }
  return true;
}

bool write_all(int descriptor, u64 offset, std::span<const u8> data) {
  while (!data.empty()) {
    const ssize_t n = pwrite(descriptor, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data = data.subspan(static_cast<usize>(n));
    offset += static_cast<u64>(n);
  }
  return true;
}

}  // namespace

Or<std::unique_ptr<OverlayImage>> OverlayImage::create(std::unique_ptr<Medium> base) {
  const char* chosen = std::getenv("TMPDIR");
  const std::string folder = chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
  const int descriptor = nameless_file(folder);
  if (descriptor < 0)
    return fail("no file for the snapshot can be made in " + folder + ": " + std::strerror(errno) +
                "; set TMPDIR to a folder that can be written");
  return std::unique_ptr<OverlayImage>(new OverlayImage(std::move(base), descriptor));
}

OverlayImage::~OverlayImage() { close(descriptor_); }

OverlayImage::Run OverlayImage::run(u64 sector, u64 most) const {
  const RangeSet::Run written = written_.run(sector, most);
  if (!written.in) return {Where::kBase, written.count};
  const RangeSet::Run zero = zero_.run(sector, written.count);
  return {zero.in ? Where::kZero : Where::kFile, zero.count};
}

bool OverlayImage::read(u64 sector, std::span<u8> out) {
  while (!out.empty()) {
    const Run here = run(sector, out.size() / kSectorSize);
    const std::span<u8> piece = out.first(here.count * kSectorSize);
    switch (here.where) {
      case Where::kBase:
        if (base_ == nullptr || !base_->read(sector, piece)) return false;
        break;
      case Where::kFile:
        if (!read_all(descriptor_, sector * kSectorSize, piece)) return false;
        break;
      case Where::kZero: std::fill(piece.begin(), piece.end(), u8{0}); break;
    }
    sector += here.count;
    out = out.subspan(piece.size());
  }
  return true;
}

bool OverlayImage::write(u64 sector, std::span<const u8> data) {
  if (!write_all(descriptor_, sector * kSectorSize, data)) return false;
  written_.add(sector, data.size() / kSectorSize);
  zero_.remove(sector, data.size() / kSectorSize);
  return true;
}

bool OverlayImage::discard(u64 sector, u64 count) {
  written_.add(sector, count);
  zero_.add(sector, count);
  // Only gives room back: what the file holds is not read any more.
  (void)fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(sector * kSectorSize),
                  static_cast<off_t>(count * kSectorSize));
  return true;
}

// The image has one lock: the reader's goes for the time of writing, and all the time this is the only user in here.
Or<> OverlayImage::commit(const std::string& path) {
  base_.reset();
  Or<std::unique_ptr<RawImage>> writable = RawImage::open(path, ImageAccess::kReadWrite);
  const bool good = writable && writable.value()->sectors() == sectors_ && write_into(*writable.value());
  const std::string problem = writable ? path + ": can't be written" : writable.error().sentence;
  writable = base::fail("");
  // If it can't be opened any more, what only it holds is lost to the guest, which gets I/O errors.
  Or<std::unique_ptr<RawImage>> again = RawImage::open(path, ImageAccess::kReadOnly);
  if (again) base_ = std::move(again).value();
  if (!good) return base::fail(problem);
  return {};
}

bool OverlayImage::write_into(Medium& base) {
  constexpr u64 kMost = 2048;  // sectors in memory at once
  bool good = true;
  std::vector<u8> buffer;
  written_.for_each([&](u64 first, u64 count) {
    while (good && count != 0) {
      const Run here = run(first, count);
      const u64 piece = here.where == Where::kZero ? here.count : std::min(here.count, kMost);
      if (here.where == Where::kZero) {
        good = base.discard(first, piece);
      } else {
        buffer.resize(piece * kSectorSize);
        good = read(first, buffer) && base.write(first, buffer);
      }
      first += piece;
      count -= piece;
    }
  });
  return good && base.flush();
}

}  // namespace paemu::host
