#include "host/picture_file.hpp"

#include <png.h>

#include <memory>

#include "host/file.hpp"

namespace paemu::host {
namespace {

std::string to_ppm(const Picture& picture) {
  std::string out = "P6\n" + std::to_string(picture.width) + " " + std::to_string(picture.height) + "\n255\n";
  out.reserve(out.size() + picture.pixels.size() * 3);
  for (const u32 pixel : picture.pixels) {
    for (const u32 shift : {16u, 8u, 0u}) out.push_back(static_cast<char>(pixel >> shift));
  }
  return out;
}

// libpng's simplified interface: no jumps out of it, errors are results.
Or<std::string> to_png(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = picture.width;
  image.height = picture.height;
  image.format = PNG_FORMAT_RGB;
  std::string rows;
  rows.reserve(picture.pixels.size() * 3);
  for (const u32 pixel : picture.pixels) {
    for (const u32 shift : {16u, 8u, 0u}) rows.push_back(static_cast<char>(pixel >> shift));
  }
  png_alloc_size_t size = 0;
  std::string out;
  bool fine = png_image_write_to_memory(&image, nullptr, &size, 0, rows.data(), 0, nullptr) != 0;
  if (fine) {
    out.resize(size);
    fine = png_image_write_to_memory(&image, out.data(), &size, 0, rows.data(), 0, nullptr) != 0;
    out.resize(size);
  }
  png_image_free(&image);
  if (!fine) return fail(std::string("the picture can't be made a PNG: ") + image.message);
  return out;
}

}  // namespace

PictureFormat picture_format(const std::string& path) {
  return path.ends_with(".ppm") ? PictureFormat::kPpm : PictureFormat::kPng;
}

Or<> write_picture(const std::string& path, const Picture& picture, PictureFormat format) {
  if (picture.pixels.empty()) return fail("the screen has no size yet");
  return write_file_whole(path, format == PictureFormat::kPng ? TRY(to_png(picture)) : to_ppm(picture));
}

}  // namespace paemu::host
