// Raw images and overlays against real files of the host.
#include "host/disk_image.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <vector>

#include "host/overlay_image.hpp"

namespace paemu::host {
namespace {

struct TemporaryImage {
  explicit TemporaryImage(u64 size, const std::string& head = {}) {
    char name[] = "/tmp/paemu-image-XXXXXX";
    const int descriptor = mkstemp(name);
    REQUIRE(descriptor >= 0);
    REQUIRE(ftruncate(descriptor, static_cast<off_t>(size)) == 0);
    REQUIRE(pwrite(descriptor, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()));
    close(descriptor);
    path = name;
  }
  ~TemporaryImage() { unlink(path.c_str()); }
  std::string path;
};

std::vector<u8> sector_of(u8 value, u64 count = 1) { return std::vector<u8>(count * kSectorSize, value); }

std::vector<u8> read(Medium& m, u64 sector, u64 count = 1) {
  std::vector<u8> out(count * kSectorSize, 0xee);
  REQUIRE(m.read(sector, out));
  return out;
}

std::unique_ptr<RawImage> open(const std::string& path, ImageAccess access = ImageAccess::kReadWrite) {
  auto image = RawImage::open(path, access);
  if (!image) FAIL(image.error().sentence);
  return std::move(image).value();
}

std::string refusal(const std::string& path, ImageAccess access = ImageAccess::kReadWrite) {
  const auto image = RawImage::open(path, access);
  REQUIRE(!image);
  return image.error().sentence;
}

}  // namespace

TEST_CASE("what is written to a raw image is read back, also from far beyond what the file holds") {
  TemporaryImage file(u64{40} << 30);
  const auto image = open(file.path);
  CHECK(image->sectors() == u64{40} << 21);
  CHECK(read(*image, (u64{40} << 21) - 1) == sector_of(0));
  REQUIRE(image->write(u64{30} << 21, sector_of(0x5a, 3)));
  CHECK(read(*image, u64{30} << 21, 3) == sector_of(0x5a, 3));
  CHECK(image->flush());
}

TEST_CASE("a last part of a sector reads as filled up with zeroes") {
  TemporaryImage file(1000, std::string(1000, 'x'));
  const auto image = open(file.path);
  CHECK(image->sectors() == 2);
  const std::vector<u8> last = read(*image, 1);
  CHECK(last[487] == 'x');
  CHECK(last[488] == 0);
  CHECK(last[511] == 0);
}

TEST_CASE("an image that became shorter behind our back is an error, not zeroes") {
  TemporaryImage file(1 << 20);
  const auto image = open(file.path);
  REQUIRE(truncate(file.path.c_str(), 4096) == 0);
  std::vector<u8> out(kSectorSize);
  CHECK(!image->read(100, out));
}

TEST_CASE("discarded sectors read as zeroes and leave their neighbours alone") {
  TemporaryImage file(1 << 20);
  const auto image = open(file.path);
  REQUIRE(image->write(0, sector_of(7, 64)));
  REQUIRE(image->discard(3, 41));
  CHECK(read(*image, 2) == sector_of(7));
  CHECK(read(*image, 3, 41) == sector_of(0, 41));
  CHECK(read(*image, 44) == sector_of(7));
}

TEST_CASE("an image has one writer or several readers") {
  TemporaryImage file(1 << 20);
  {
    const auto writer = open(file.path);
    CHECK(refusal(file.path).find("in use") != std::string::npos);
    CHECK(refusal(file.path, ImageAccess::kReadOnly).find("in use") != std::string::npos);
  }
  const auto first = open(file.path, ImageAccess::kReadOnly), second = open(file.path, ImageAccess::kReadOnly);
  CHECK(first->read_only());
  CHECK(refusal(file.path).find("in use") != std::string::npos);
}

TEST_CASE("what is no raw image is refused with the way out") {
  CHECK(refusal("/nonexistent/disk").find("No such file") != std::string::npos);
  CHECK(refusal("/tmp").find("/tmp: ") == 0);
  CHECK(refusal("/dev/null").find("neither a file nor a block device") != std::string::npos);
  TemporaryImage empty(0), qcow2(4096, "QFI\xfb");
  CHECK(refusal(empty.path).find("truncate -s") != std::string::npos);
  CHECK(refusal(qcow2.path).find("qemu-img convert") != std::string::npos);
}

TEST_CASE("what was acknowledged survives a kill of the program") {
  TemporaryImage file(1 << 20);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto image = RawImage::open(file.path, ImageAccess::kReadWrite);
    if (image && (*image)->write(17, sector_of(0x17)) && (*image)->flush()) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(read(*open(file.path), 17) == sector_of(0x17));
}

TEST_CASE("an overlay holds what is written, and the image below stays as it was until a commit") {
  TemporaryImage file(1 << 20);
  REQUIRE(open(file.path)->write(0, sector_of(1, 200)));
  auto made = OverlayImage::create(open(file.path, ImageAccess::kReadOnly));
  REQUIRE(made);
  OverlayImage& overlay = *made.value();
  REQUIRE(overlay.write(60, sector_of(2, 8)));
  REQUIRE(overlay.discard(64, 100));
  REQUIRE(overlay.write(70, sector_of(3)));
  const auto check = [](Medium& m) {
    CHECK(read(m, 0, 60) == sector_of(1, 60));
    CHECK(read(m, 60, 4) == sector_of(2, 4));
    CHECK(read(m, 64, 6) == sector_of(0, 6));
    CHECK(read(m, 70) == sector_of(3));
    CHECK(read(m, 71, 93) == sector_of(0, 93));
    CHECK(read(m, 164, 36) == sector_of(1, 36));
  };
  check(overlay);
  CHECK(read(*open(file.path, ImageAccess::kReadOnly), 0, 200) == sector_of(1, 200));
  REQUIRE(overlay.commit(file.path));
  check(*open(file.path, ImageAccess::kReadOnly));
  check(overlay);
}

}  // namespace paemu::host
