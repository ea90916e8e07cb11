#include "host/overlay_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace paemu::host {
namespace {

constexpr u64 kWordSectors = 64;

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

OverlayImage::Where OverlayImage::where(u64 sector) const {
  const auto found = present_.find(sector / kWordSectors);
  if (found == present_.end()) return Where::kBase;
  const u64 bit = u64{1} << (sector % kWordSectors);
  if ((found->second.written & bit) == 0) return Where::kBase;
  return (found->second.zero & bit) != 0 ? Where::kZero : Where::kOverlay;
}

u64 OverlayImage::alike(u64 sector, u64 most) const {
  const Where first = where(sector);
  u64 count = 1;
  while (count < most && where(sector + count) == first) ++count;
  return count;
}

void OverlayImage::mark(u64 sector, u64 count, Where now) {
  for (u64 s = sector; s < sector + count; ++s) {
    Present& p = present_[s / kWordSectors];
    const u64 bit = u64{1} << (s % kWordSectors);
    p.written |= bit;
    p.zero = now == Where::kZero ? p.zero | bit : p.zero & ~bit;
  }
}

bool OverlayImage::read(u64 sector, std::span<u8> out) {
  while (!out.empty()) {
    const u64 count = alike(sector, out.size() / kSectorSize);
    const std::span<u8> piece = out.first(count * kSectorSize);
    switch (where(sector)) {
      case Where::kBase:
        if (!base_->read(sector, piece)) return false;
        break;
      case Where::kOverlay:
        if (!read_all(descriptor_, sector * kSectorSize, piece)) return false;
        break;
      case Where::kZero: std::fill(piece.begin(), piece.end(), u8{0}); break;
    }
    sector += count;
    out = out.subspan(piece.size());
  }
  return true;
}

bool OverlayImage::write(u64 sector, std::span<const u8> data) {
  if (!write_all(descriptor_, sector * kSectorSize, data)) return false;
  mark(sector, data.size() / kSectorSize, Where::kOverlay);
  return true;
}

bool OverlayImage::discard(u64 sector, u64 count) {
  mark(sector, count, Where::kZero);
  // Only gives room back: what it holds is not read any more.
  fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(sector * kSectorSize),
            static_cast<off_t>(count * kSectorSize));
  return true;
}

bool OverlayImage::commit(Medium& base) {
  std::vector<u8> buffer;
  for (const auto& [word, present] : present_) {
    for (u64 i = 0; i < kWordSectors;) {
      const u64 sector = word * kWordSectors + i;
      const u64 count = alike(sector, kWordSectors - i);
      const Where place = where(sector);
      buffer.resize(count * kSectorSize);
      if (place == Where::kOverlay && !(read(sector, buffer) && base.write(sector, buffer))) return false;
      if (place == Where::kZero && !base.discard(sector, count)) return false;
      i += count;
    }
  }
  return base.flush();
}

}  // namespace paemu::host
