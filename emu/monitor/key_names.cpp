#include "monitor/key_names.hpp"

#include "base/size_text.hpp"

namespace paemu::monitor {
namespace {

// Codes of set 1; with bit 7: of the extended keys.
struct Name {
  std::string_view name;
  u8 code;
};
constexpr Name kNames[] = {{"esc", 0x01},
                           {"1", 0x02},
                           {"2", 0x03},
                           {"3", 0x04},
                           {"4", 0x05},
                           {"5", 0x06},
                           {"6", 0x07},
                           {"7", 0x08},
                           {"8", 0x09},
                           {"9", 0x0a},
                           {"0", 0x0b},
                           {"minus", 0x0c},
                           {"equal", 0x0d},
                           {"backspace", 0x0e},
                           {"tab", 0x0f},
                           {"q", 0x10},
                           {"w", 0x11},
                           {"e", 0x12},
                           {"r", 0x13},
                           {"t", 0x14},
                           {"y", 0x15},
                           {"u", 0x16},
                           {"i", 0x17},
                           {"o", 0x18},
                           {"p", 0x19},
                           {"bracket_left", 0x1a},
                           {"bracket_right", 0x1b},
                           {"ret", 0x1c},
                           {"ctrl", 0x1d},
                           {"a", 0x1e},
                           {"s", 0x1f},
                           {"d", 0x20},
                           {"f", 0x21},
                           {"g", 0x22},
                           {"h", 0x23},
                           {"j", 0x24},
                           {"k", 0x25},
                           {"l", 0x26},
                           {"semicolon", 0x27},
                           {"apostrophe", 0x28},
                           {"grave_accent", 0x29},
                           {"shift", 0x2a},
                           {"backslash", 0x2b},
                           {"z", 0x2c},
                           {"x", 0x2d},
                           {"c", 0x2e},
                           {"v", 0x2f},
                           {"b", 0x30},
                           {"n", 0x31},
                           {"m", 0x32},
                           {"comma", 0x33},
                           {"dot", 0x34},
                           {"slash", 0x35},
                           {"shift_r", 0x36},
                           {"asterisk", 0x37},
                           {"kp_multiply", 0x37},
                           {"alt", 0x38},
                           {"spc", 0x39},
                           {"caps_lock", 0x3a},
                           {"f1", 0x3b},
                           {"f2", 0x3c},
                           {"f3", 0x3d},
                           {"f4", 0x3e},
                           {"f5", 0x3f},
                           {"f6", 0x40},
                           {"f7", 0x41},
                           {"f8", 0x42},
                           {"f9", 0x43},
                           {"f10", 0x44},
                           {"num_lock", 0x45},
                           {"scroll_lock", 0x46},
                           {"kp_7", 0x47},
                           {"kp_8", 0x48},
                           {"kp_9", 0x49},
                           {"kp_subtract", 0x4a},
                           {"kp_4", 0x4b},
                           {"kp_5", 0x4c},
                           {"kp_6", 0x4d},
                           {"kp_add", 0x4e},
                           {"kp_1", 0x4f},
                           {"kp_2", 0x50},
                           {"kp_3", 0x51},
                           {"kp_0", 0x52},
                           {"kp_decimal", 0x53},
                           {"sysrq", 0x54},
                           {"less", 0x56},
                           {"f11", 0x57},
                           {"f12", 0x58},
                           {"kp_enter", 0x9c},
                           {"ctrl_r", 0x9d},
                           {"kp_divide", 0xb5},
                           {"print", 0xb7},
                           {"alt_r", 0xb8},
                           {"home", 0xc7},
                           {"up", 0xc8},
                           {"pgup", 0xc9},
                           {"left", 0xcb},
                           {"right", 0xcd},
                           {"end", 0xcf},
                           {"down", 0xd0},
                           {"pgdn", 0xd1},
                           {"insert", 0xd2},
                           {"delete", 0xd3},
                           {"meta_l", 0xdb},
                           {"meta_r", 0xdc},
                           {"menu", 0xdd},
                           {"compose", 0xdd}};

constexpr u8 kExtendedBit = 0x80;
constexpr usize kMostKeys = 16;

// The keys that type something, in the order of their characters without and with Shift.
constexpr std::string_view kPlain = "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./ \n\t\b\x1b";
constexpr std::string_view kShifted = "!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"~|ZXCVBNM<>?";
constexpr u8 kCodes[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x10,
                         0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1e, 0x1f,
                         0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2b, 0x2c, 0x2d,
                         0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x39, 0x1c, 0x0f, 0x0e, 0x01};
static_assert(kPlain.size() == sizeof kCodes && kShifted.size() <= sizeof kCodes);

Key key_of(u8 code) {
  return Key{.code = static_cast<u8>(code & ~kExtendedBit), .extended = (code & kExtendedBit) != 0};
}

}  // namespace

std::vector<u8> Key::codes(bool down) const {
  if (pause) return down ? std::vector<u8>{0xe1, 0x1d, 0x45} : std::vector<u8>{0xe1, 0x9d, 0xc5};
  const u8 own = static_cast<u8>(code | (down ? 0 : 0x80));
  return extended ? std::vector<u8>{0xe0, own} : std::vector<u8>{own};
}

Or<Key> key_by_name(std::string_view name) {
  if (name == "pause") return Key{.pause = true};
  for (const Name& row : kNames) {
    if (row.name == name) return key_of(row.code);
  }
  if (name.starts_with("0x")) {
    const Or<u64> code = parse_number(std::string(name));
    if (code && *code > 0 && *code < 0x100 && (*code & 0x7f) != 0) return key_of(static_cast<u8>(*code));
  }
  return fail("there is no key \"" + std::string(name) +
              "\"; keys have QEMU's names, as a, ret, spc, ctrl, f1, kp_enter");
}

Or<std::vector<Key>> keys_by_names(std::string_view names) {
  std::vector<Key> keys;
  while (true) {
    const usize end = std::min(names.find('-'), names.size());
    keys.push_back(TRY(key_by_name(names.substr(0, end))));
    if (keys.size() > kMostKeys) return fail("more than " + std::to_string(kMostKeys) + " keys at once");
    if (end == names.size()) return keys;
    names.remove_prefix(end + 1);
  }
}

Or<Typed> key_of_character(char c) {
  if (c == '\r') c = '\n';
  if (const usize at = kPlain.find(c); at != std::string_view::npos) return Typed{key_of(kCodes[at]), false};
  if (const usize at = kShifted.find(c); at != std::string_view::npos) return Typed{key_of(kCodes[at]), true};
  return fail("a US keyboard can't type the character with code " + std::to_string(static_cast<u8>(c)));
}

}  // namespace paemu::monitor
