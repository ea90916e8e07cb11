// Pictures as files: PNG (by libpng) and PPM.
#pragma once

#include <string>

#include "base/error.hpp"
#include "replay/picture.hpp"

namespace paemu::host {
using namespace base;

enum class PictureFormat : u8 { kPng, kPpm };

// By the end of the file's name: PNG unless it is ".ppm".
PictureFormat picture_format(const std::string& path);

// Replaces `path` in one step. Errors: can't be made or written.
Or<> write_picture(const std::string& path, const Picture& picture, PictureFormat format);

}  // namespace paemu::host
