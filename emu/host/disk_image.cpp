#include "host/disk_image.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/overlay_image.hpp"

namespace paemu::host {
namespace {

// Formats that would be garbage if they were taken for raw: the first bytes of each.
struct Foreign {
  std::string_view magic;
  const char* name;
};
constexpr Foreign kForeign[] = {{"QFI\xfb", "qcow2"}, {"KDMV", "VMDK"}, {"vhdxfile", "VHDX"}, {"conectix", "VHD"}};

const char* foreign_format(int descriptor) {
  char head[8] = {};
  if (pread(descriptor, head, sizeof head, 0) < 0) return nullptr;
  for (const Foreign& f : kForeign) {
    if (std::string_view(head, sizeof head).starts_with(f.magic)) return f.name;
  }
  return nullptr;
}

// A lock of the open file, not of the process: two drives of one paemu exclude each other, too.
bool lock(int descriptor, ImageAccess access) {
  struct flock range {};
  range.l_type = access == ImageAccess::kReadOnly ? F_RDLCK : F_WRLCK;
  range.l_whence = SEEK_SET;
  if (fcntl(descriptor, F_OFD_SETLK, &range) == 0) return true;
  return errno != EAGAIN && errno != EACCES;  // a file system without locks
}

Or<u64> size_of(int descriptor) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return fail(std::string("can't be looked at: ") + std::strerror(errno));
  u64 size = 0;
  if (S_ISREG(info.st_mode))
    size = static_cast<u64>(info.st_size);
  else if (!S_ISBLK(info.st_mode) || ioctl(descriptor, BLKGETSIZE64, &size) != 0)
    return fail("is neither a file nor a block device");
  if (size == 0) return fail("is empty; make an image of the size wanted, as by: truncate -s 10G FILE");
  if (size / kSectorSize >= MediumSpec::kMaxSectors)
    return fail("is larger than 128 PiB, the most that a disk can have");
  return size;
}

}  // namespace

Or<std::unique_ptr<RawImage>> RawImage::open(const std::string& path, ImageAccess access) {
  const int mode = access == ImageAccess::kReadOnly ? O_RDONLY : O_RDWR;
  const int descriptor = ::open(path.c_str(), mode | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const bool rights = access == ImageAccess::kReadWrite && (errno == EACCES || errno == EROFS || errno == EPERM);
    return fail(path + ": can't be opened: " + std::strerror(errno) +
                (rights ? "; readonly=on or snapshot=on needs no right to write" : ""));
  }
  std::unique_ptr<RawImage> image(new RawImage(descriptor, 0, access));
  const Or<u64> size = size_of(descriptor);
  if (!size) return fail(path + ": " + size.error().sentence);
  if (!lock(descriptor, access)) return fail(path + ": is in use by another program, or by another drive");
  if (const char* format = foreign_format(descriptor))
    return fail(path + ": is a " + format + " image, and images are raw here; convert it by: qemu-img convert -O raw " +
                path + " NEW");
  image->sectors_ = (size.value() + kSectorSize - 1) / kSectorSize;
  return image;
}

RawImage::~RawImage() { close(descriptor_); }

bool RawImage::read(u64 sector, std::span<u8> out) {
  u64 offset = sector * kSectorSize;
  while (!out.empty()) {
    const ssize_t n = pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {
      // The part of the last sector that the file does not have.
      std::fill(out.begin(), out.end(), u8{0});
      return out.size() < kSectorSize;
    }
    out = out.subspan(static_cast<usize>(n));
    offset += static_cast<u64>(n);
  }
  return true;
}

bool RawImage::write(u64 sector, std::span<const u8> data) {
  u64 offset = sector * kSectorSize;
  while (!data.empty()) {
    const ssize_t n = pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data = data.subspan(static_cast<usize>(n));
    offset += static_cast<u64>(n);
  }
  return true;
}

bool RawImage::flush() { return read_only() || fdatasync(descriptor_) == 0; }

bool RawImage::write_zeroes(u64 offset, u64 size) {
  static constexpr u8 kZeroes[64 * kKiB] = {};
  for (u64 done = 0; done < size;) {
    const u64 piece = std::min<u64>(size - done, sizeof kZeroes);
    if (!write((offset + done) / kSectorSize, std::span(kZeroes, piece))) return false;
    done += piece;
  }
  return true;
}

bool RawImage::discard(u64 sector, u64 count) {
  const u64 offset = sector * kSectorSize, size = count * kSectorSize;
  // A hole reads as zeroes; a file system without holes gets them written.
  if (fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                static_cast<off_t>(size)) == 0)
    return true;
  return (errno == EOPNOTSUPP || errno == ENODEV) && write_zeroes(offset, size);
}

MediumSpec DiskImages::add(std::unique_ptr<Medium> medium, std::string name) {
  const MediumSpec spec{++last_number_, medium->sectors(), medium->read_only(), std::move(name)};
  media_[spec.number] = {std::move(medium), spec.name};
  return spec;
}

Medium* DiskImages::find(u32 number) {
  const auto found = media_.find(number);
  return found != media_.end() ? found->second.medium.get() : nullptr;
}

Or<> DiskImages::commit(u32 number) {
  const auto found = media_.find(number);
  auto* overlay = found != media_.end() ? dynamic_cast<OverlayImage*>(found->second.medium.get()) : nullptr;
  if (overlay == nullptr) return fail("it has no snapshot: what is written goes to the image at once");
  return overlay->commit(found->second.path);
}

}  // namespace paemu::host
