// key=value,key=value lists as QEMU's options and monitor commands have them. Hosted programs only.
//
// A comma in a value is written twice. A first item without '=' is the value of the implied key, when there is one;
// any other item without '=' means key=on (and "nokey" is not special).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace base {

class KeyValues {
 public:
  static constexpr usize kMaxItems = 256;

  using Item = std::pair<std::string, std::string>;

  static Or<KeyValues> parse(std::string_view text, std::string_view implied_key = {}) {
    KeyValues list;
    while (!text.empty()) {
      if (list.items_.size() == kMaxItems)
        return fail("more than " + std::to_string(kMaxItems) + " settings in one list");
      const std::string item = take_item(text);
      const usize equals = item.find('=');
      Item parsed;
      if (equals != std::string::npos)
        parsed = {item.substr(0, equals), item.substr(equals + 1)};
      else if (list.items_.empty() && !implied_key.empty())
        parsed = {std::string(implied_key), item};
      else
        parsed = {item, "on"};
      if (parsed.first.empty()) return fail("a setting lacks its name in \"" + item + "\"");
      if (list.find(parsed.first) != nullptr) return fail("\"" + parsed.first + "\" is given twice");
      list.items_.push_back(std::move(parsed));
    }
    return list;
  }

  // The value, or nullptr.
  const std::string* find(std::string_view key) const {
    for (const Item& item : items_)
      if (item.first == key) return &item.second;
    return nullptr;
  }
  // Takes the item out of the list, so that what remains at the end is unknown.
  std::string take(std::string_view key, std::string otherwise = {}) {
    for (usize i = 0; i < items_.size(); ++i) {
      if (items_[i].first != key) continue;
      std::string value = std::move(items_[i].second);
      items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(i));
      return value;
    }
    return otherwise;
  }
  const std::vector<Item>& items() const { return items_; }

 private:
  // Up to the next single comma; ",," stands for one comma of the text.
  static std::string take_item(std::string_view& text) {
    std::string item;
    while (!text.empty()) {
      const char c = text.front();
      text.remove_prefix(1);
      if (c == ',') {
        if (text.empty() || text.front() != ',') break;
        text.remove_prefix(1);
      }
      item.push_back(c);
    }
    return item;
  }

  std::vector<Item> items_;
};

// "on"/"off" and the other spellings that QEMU takes.
inline Or<bool> parse_switch(std::string_view text) {
  if (text == "on" || text == "yes" || text == "true" || text == "y") return true;
  if (text == "off" || text == "no" || text == "false" || text == "n") return false;
  return fail("\"" + std::string(text) + "\" is neither on nor off");
}

}  // namespace base
