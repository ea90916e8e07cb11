// Keys by QEMU's names (its QKeyCode), and the characters of a US keyboard.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu::monitor {
using namespace base;

// A key as an arrival of kind Key has it: codes of set 1.
struct Key {
  u8 code = 0;
  bool extended = false;
  bool pause = false;  // pressed and let go at once

  std::vector<u8> codes(bool down) const;
};

// "a", "ret", "ctrl", or a number (0x1e; 0x9d is an extended 0x1d, as in QEMU). Error: there is no such key.
Or<Key> key_by_name(std::string_view name);
// "ctrl-alt-delete". Errors: a name that is none; more keys than a hand has.
Or<std::vector<Key>> keys_by_names(std::string_view names);

// What is pressed for a character. Error: the keyboard can't type it.
struct Typed {
  Key key;
  bool shift = false;
};
Or<Typed> key_of_character(char c);

}  // namespace paemu::monitor
