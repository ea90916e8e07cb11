// Archives: what save, load, dump and schema do with the FIELDS of a state struct (base/fields.hpp).
//
//   std::vector<u8> bytes = archive::save(pic.state());           // little-endian, nothing between the fields
//   Or<> r = archive::load(bytes, state);                         // bounds and ranges are checked
//   std::string text = archive::dump("pic", pic.state());         // for people
//   archive::Schema s; s.field("pic", state); s.hash();           // changes when a field's name or size does
//
// A field may be an integer, bool, enum, Strong, std::string, an array, std::array, std::vector or std::deque of
// fields, or a struct with FIELDS. What is loaded may be a stranger's: an enum that names its last value kLast is
// checked against it, and a struct with `bool valid() const` is asked after its fields are in.
#pragma once

#include <array>
#include <concepts>
#include <deque>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu::archive {
using namespace base;

template <class T>
inline constexpr bool kIsStrong = false;
template <class Tag, class Rep>
inline constexpr bool kIsStrong<Strong<Tag, Rep>> = true;
template <class T>
inline constexpr bool kIsSequence = false;  // its length is state, too
template <class T>
inline constexpr bool kIsSequence<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsSequence<std::deque<T>> = true;
template <>
inline constexpr bool kIsSequence<std::string> = true;
template <class T>
inline constexpr bool kIsArray = std::is_array_v<T>;
template <class T, usize N>
inline constexpr bool kIsArray<std::array<T, N>> = true;

struct IgnoreFields {
  template <class T>
  void operator()(const char*, T&) const {}
};
template <class T>
concept HasFields = requires(T& t) {
  t.visit_fields(IgnoreFields{});
};

// Calls io for `value` and all that is in it. Io provides
//   number(name, v)                integers, bools and enums
//   begin(name) / end(v)           around a struct
//   begin_array(name, n) / end_array()
//   length(v) -> usize             of a sequence: writes it, or reads it and resizes v
//   string(name, v)                if it has something better to do with text than with other sequences
template <class Io, class T>
void walk(Io& io, const char* name, T& value) {
  using Plain = std::remove_const_t<T>;
  if constexpr (std::is_integral_v<Plain> || std::is_enum_v<Plain>) {
    io.number(name, value);
  } else if constexpr (kIsStrong<Plain>) {
    io.number(name, value.value);
  } else if constexpr (std::is_same_v<Plain, std::string> && requires { io.string(name, value); }) {
    io.string(name, value);
  } else if constexpr (kIsSequence<Plain>) {
    io.begin_array(name, io.length(value));
    if constexpr (requires { Io::kLayoutOnly; }) {
      typename Plain::value_type any{};
      walk(io, "", any);
    } else {
      for (auto& element : value) walk(io, "", element);
    }
    io.end_array();
  } else if constexpr (kIsArray<Plain>) {
    io.begin_array(name, std::size(value));
    for (auto& element : value) walk(io, "", element);
    io.end_array();
  } else {
    static_assert(HasFields<Plain>, "a field is neither a number nor a struct with FIELDS");
    io.begin(name);
    value.visit_fields([&io](const char* field, auto& v) { walk(io, field, v); });
    io.end(value);
  }
}

// The value of a number as an unsigned integer of its own width.
template <class T>
constexpr u64 raw(const T& v) {
  if constexpr (std::is_enum_v<T>)
    return raw(static_cast<std::underlying_type_t<T>>(v));
  else if constexpr (std::is_same_v<T, bool>)
    return v ? 1 : 0;
  else
    return static_cast<std::make_unsigned_t<T>>(v);
}

class Saver {
 public:
  explicit Saver(std::vector<u8>& out) : out_(out) {}
  template <class T>
  void field(const char* name, T& v) {
    walk(*this, name, v);
  }

  template <class T>
  void number(const char*, const T& v) {
    u64 bits = raw(v);
    for (usize i = 0; i < sizeof(T); ++i, bits >>= 8) out_.push_back(static_cast<u8>(bits));
  }
  void begin(const char*) {}
  template <class T>
  void end(const T&) {}
  void begin_array(const char*, usize) {}
  void end_array() {}
  template <class T>
  usize length(const T& v) {
    number("", static_cast<u32>(v.size()));
    return v.size();
  }

 private:
  std::vector<u8>& out_;
};

class Loader {
 public:
  explicit Loader(std::span<const u8> in) : in_(in) {}
  template <class T>
  void field(const char* name, T& v) {
    walk(*this, name, v);
  }
  bool ok() const { return problem_.empty(); }
  usize left() const { return in_.size(); }
  // Good when everything fitted and all bytes were used.
  Or<> finish();

  template <class T>
  void number(const char* name, T& v) {
    if (in_.size() < sizeof(T)) {
      refuse(name, "is cut off");
      return;
    }
    u64 bits = 0;
    for (usize i = 0; i < sizeof(T); ++i) bits |= static_cast<u64>(in_[i]) << (8 * i);
    in_ = in_.subspan(sizeof(T));
    if constexpr (std::is_same_v<T, bool>) {
      if (bits > 1) {
        refuse(name, "is out of range");
        return;
      }
    }
    if constexpr (std::is_enum_v<T>) {
      if constexpr (requires { T::kLast; }) {
        if (bits > raw(T::kLast)) {
          refuse(name, "is out of range");
          return;
        }
      }
    }
    v = static_cast<T>(bits);
  }
  void begin(const char* name) { path_.emplace_back(name); }
  template <class T>
  void end(const T& v) {
    if constexpr (requires {
                    { v.valid() } -> std::same_as<bool>;
                  }) {
      if (ok() && !v.valid()) refuse("", "holds values that can't be");
    }
    path_.pop_back();
  }
  void begin_array(const char* name, usize) { path_.emplace_back(name); }
  void end_array() { path_.pop_back(); }
  template <class T>
  usize length(T& v) {
    u32 n = 0;
    number("length", n);
    // Each element takes a byte at least, so a length beyond what is left is a lie that must not be allocated.
    if (n > in_.size()) {
      refuse("length", "is beyond the end");
      n = 0;
    }
    v.resize(ok() ? n : 0);
    return v.size();
  }

 private:
  void refuse(const char* name, const char* why);

  std::span<const u8> in_;
  std::vector<std::string> path_;
  std::string problem_;
};

class Dumper {
 public:
  template <class T>
  void field(const char* name, T& v) {
    walk(*this, name, v);
  }
  const std::string& text() const { return text_; }

  template <class T>
  void number(const char* name, const T& v) {
    put(name, raw(v), sizeof(T));
  }
  void begin(const char* name);
  template <class T>
  void end(const T&) {
    leave();
  }
  void begin_array(const char* name, usize length);
  void end_array() { leave(); }
  template <class T>
  usize length(const T& v) {
    return v.size();
  }
  void string(const char* name, const std::string& value);

 private:
  void put(const char* name, u64 value, usize size);
  void close_line();
  void leave();

  std::string text_;
  u32 depth_ = 0;
  bool line_open_ = false;  // the numbers of an array are being put on one line
};

class Schema {
 public:
  static constexpr bool kLayoutOnly = true;  // a sequence's length differs from moment to moment: only its type counts
  template <class T>
  void field(const char* name, T& v) {
    walk(*this, name, v);
  }
  u64 hash() const;

  template <class T>
  void number(const char* name, const T&) {
    note(name, static_cast<char>('0' + sizeof(T)));
  }
  void begin(const char* name) { note(name, '{'); }
  template <class T>
  void end(const T&) {
    note("", '}');
  }
  void begin_array(const char* name, usize length) {
    note(name, '[');
    note(std::to_string(length), ',');
  }
  void end_array() { note("", ']'); }
  template <class T>
  usize length(const T&) {
    return 0;
  }

 private:
  void note(const std::string& name, char kind) {
    text_ += name;
    text_ += kind;
  }
  std::string text_;
};

template <class T>
std::vector<u8> save(const T& value) {
  std::vector<u8> out;
  Saver saver(out);
  saver.field("", value);
  return out;
}

// On an error `value` may be changed in part.
template <class T>
Or<> load(std::span<const u8> bytes, T& value) {
  Loader loader(bytes);
  loader.field("", value);
  return loader.finish();
}

template <class T>
std::string dump(const char* name, const T& value) {
  Dumper dumper;
  dumper.field(name, value);
  return dumper.text();
}

}  // namespace paemu::archive
