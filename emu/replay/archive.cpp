#include "replay/archive.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace paemu::archive {

void Loader::refuse(const char* name, const char* why) {
  if (!problem_.empty()) return;
  std::string place;
  for (const std::string& step : path_) {
    if (!step.empty()) place += step + ".";
  }
  place += name;
  if (!place.empty() && place.back() == '.') place.pop_back();
  problem_ = "field \"" + place + "\" " + why;
  in_ = {};  // nothing after it can be trusted
}

Or<> Loader::finish() {
  if (!ok()) return fail(problem_);
  if (!in_.empty()) return fail(fmt::format("{} bytes are left over after the last field", in_.size()));
  return {};
}

void Dumper::close_line() {
  if (line_open_) text_ += '\n';
  line_open_ = false;
}

void Dumper::begin(const char* name) {
  close_line();
  // Elements of an array of structs have no name of their own.
  text_ += fmt::format("{:{}}{}:\n", "", depth_ * 2, *name == '\0' ? "-" : name);
  ++depth_;
}

void Dumper::leave() {
  close_line();
  --depth_;
}

void Dumper::begin_array(const char* name, usize length) {
  close_line();
  text_ += fmt::format("{:{}}{}[{}]:", "", depth_ * 2, name, length);
  line_open_ = true;
  ++depth_;
}

void Dumper::string(const char* name, const std::string& value) {
  close_line();
  text_ += fmt::format("{:{}}{}: \"{}\"\n", "", depth_ * 2, name, value);
}

void Dumper::put(const char* name, u64 value, usize size) {
  // Numbers of an array share a line.
  if (line_open_)
    text_ += fmt::format(" {:0{}x}", value, size * 2);
  else
    text_ += fmt::format("{:{}}{}: {:0{}x}\n", "", depth_ * 2, name, value, size * 2);
}

u64 Schema::hash() const { return XXH3_64bits(text_.data(), text_.size()); }

}  // namespace paemu::archive
