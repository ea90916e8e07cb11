// Commands about screen, keyboard and mouse.
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"
#include "monitor/key_names.hpp"
#include "monitor/typing.hpp"
#include "replay/arrival.hpp"

namespace paemu::monitor {
namespace {

constexpr u64 kMillisecond = 1'000'000;  // ns
constexpr u64 kDefaultHold = 100, kLongestHold = 60'000;
constexpr u64 kTypingStep = 10 * kMillisecond;  // between press and release, and to the next key
constexpr usize kLongestText = 4096;

Or<> press(Control& control, const Key& key, bool down, u64 gap_ns) {
  return control.submit_in_turn(arrival::keys(key.codes(down)), gap_ns);
}

// All down in order, and after `hold_ms` up in reverse.
Or<> press_together(Monitor& m, const std::vector<Key>& keys, u64 hold_ms) {
  if (hold_ms > kLongestHold) return base::fail("keys can't be held for more than a minute");
  for (const Key& key : keys) TRY(press(m.control(), key, true, kMillisecond));
  u64 gap = hold_ms * kMillisecond;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key, gap = kMillisecond)
    TRY(press(m.control(), *key, false, gap));
  return {};
}

// QMP's KeyValue: {"type": "qcode", "data": "a"} or {"type": "number", "data": 30}.
Or<Key> key_value(const Json& value) {
  if (!value.is_object() || !value.contains("data")) return base::fail("a key is an object with type and data");
  const Json& data = value["data"];
  if (data.is_string()) return key_by_name(data.get<std::string>());
  if (data.is_number_unsigned() && data.get<u64>() > 0 && data.get<u64>() < 0x100) {
    const u8 code = data.get<u8>();
    return Key{.code = static_cast<u8>(code & 0x7f), .extended = code >= 0x80};
  }
  return base::fail("a key's data is a name, or a number from 1 to 255");
}

Or<> point(Monitor& m, i64 dx, i64 dy, i64 wheel_up) {
  constexpr i64 kMost = 32767, kMostWheel = 127;
  if (dx < -kMost || dx > kMost || dy < -kMost || dy > kMost) return base::fail("the mouse moves by at most 32767");
  if (wheel_up < -kMostWheel || wheel_up > kMostWheel) return base::fail("the wheel turns by at most 127");
  return m.control().submit_in_turn(
      arrival::pointer({static_cast<i16>(dx), static_cast<i16>(dy), static_cast<i8>(-wheel_up), m.mouse_buttons()}), 0);
}

// What stands in quotes, with \\n, \\t, \\" and \\\\; without quotes, as it is.
Or<std::string> unquoted(std::string text) {
  if (text.empty() || text[0] != '"') return text;
  std::string out;
  for (usize i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (i + 1 != text.size()) return base::fail("there is something behind the closing quote");
      return out;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'e' ? '\x1b' : c;
    } else {
      out += text[i];
    }
  }
  return base::fail("the closing quote is missing");
}

}  // namespace

Or<> type(Control& control, const std::string& text) {
  if (text.size() > kLongestText)
    return base::fail("the text is longer than " + std::to_string(kLongestText) + " characters");
  const Key shift = TRY(key_by_name("shift"));
  std::vector<Typed> keys;
  for (const char c : text) keys.push_back(TRY(key_of_character(c)));
  for (const Typed& typed : keys) {
    if (typed.shift) TRY(press(control, shift, true, kTypingStep));
    TRY(press(control, typed.key, true, kTypingStep));
    TRY(press(control, typed.key, false, kTypingStep));
    if (typed.shift) TRY(press(control, shift, false, kTypingStep));
  }
  return {};
}

namespace handle {

Reply screendump(Monitor& m, const Json& a) {
  const std::string format = a.value("format", "");
  if (!format.empty() && format != "png" && format != "ppm")
    return base::fail("there is no format \"" + format + "\"; use png or ppm");
  TRY(m.control().screendump(a.value("filename", ""), format == "png"   ? PictureFormat::Png
                                                      : format == "ppm" ? PictureFormat::Ppm
                                                                        : PictureFormat::ByName));
  return Json::object();
}

Reply sendkey(Monitor& m, const Json& a) {
  const std::vector<Key> keys = TRY(keys_by_names(a["keys"].get<std::string>()));
  TRY(press_together(m, keys, a.value("hold-time", kDefaultHold)));
  return Json::object();
}

Reply send_key(Monitor& m, const Json& a) {
  std::vector<Key> keys;
  if (!a["keys"].is_array() || a["keys"].empty()) return base::fail("keys is a list of at least one key");
  for (const Json& value : a["keys"]) keys.push_back(TRY(key_value(value)));
  TRY(press_together(m, keys, a.value("hold-time", kDefaultHold)));
  return Json::object();
}

Reply type_text(Monitor& m, const Json& a) {
  const std::string text = TRY(unquoted(a["text"].get<std::string>()));
  TRY(type(m.control(), text));
  return Json::object();
}

Reply mouse_move(Monitor& m, const Json& a) {
  TRY(point(m, a["dx"], a["dy"], a.value("dz", i64{0})));
  return Json::object();
}

Reply mouse_button(Monitor& m, const Json& a) {
  const u64 state = a["state"];
  if (state > 7) return base::fail("the buttons are 1 left, 2 middle, 4 right, or their sum");
  m.mouse_buttons() = static_cast<u8>((state & 1) | (state & 4) >> 1 | (state & 2) << 1);
  TRY(point(m, 0, 0, 0));
  return Json::object();
}

Reply input_send_event(Monitor& m, const Json& a) {
  static constexpr const char* kButtons[] = {"left", "right", "middle", "side", "extra"};
  if (!a["events"].is_array()) return base::fail("events is a list");
  for (const Json& event : a["events"]) {
    const std::string type = event.is_object() ? event.value("type", "") : "";
    if (type.empty() || !event.contains("data") || !event["data"].is_object())
      return base::fail("an event is an object with type and data");
    const Json& data = event["data"];
    if (type == "key") {
      if (!data.contains("key") || !data.contains("down") || !data["down"].is_boolean())
        return base::fail("a key event has key and down");
      const Key key = TRY(key_value(data["key"]));
      TRY(press(m.control(), key, data["down"], kMillisecond));
    } else if (type == "rel") {
      if (!data.contains("axis") || !data.contains("value") || !data["value"].is_number_integer())
        return base::fail("a rel event has axis and value");
      const bool x = data["axis"] == "x";
      if (!x && data["axis"] != "y") return base::fail("an axis is x or y");
      TRY(point(m, x ? data["value"].get<i64>() : 0, x ? 0 : data["value"].get<i64>(), 0));
    } else if (type == "btn") {
      if (!data.contains("button") || !data.contains("down") || !data["down"].is_boolean())
        return base::fail("a btn event has button and down");
      const bool down = data["down"];
      if (data["button"] == "wheel-up" || data["button"] == "wheel-down") {
        if (down) TRY(point(m, 0, 0, data["button"] == "wheel-up" ? 1 : -1));
        continue;
      }
      u32 bit = 0;
      while (bit < std::size(kButtons) && data["button"] != kButtons[bit]) ++bit;
      if (bit == std::size(kButtons))
        return base::fail("a button is left, right, middle, side, extra, wheel-up or wheel-down");
      m.mouse_buttons() = static_cast<u8>(down ? m.mouse_buttons() | 1u << bit : m.mouse_buttons() & ~(1u << bit));
      TRY(point(m, 0, 0, 0));
    } else {
      return base::fail("the type of an event is key, rel or btn; the mouse has no absolute position");
    }
  }
  return Json::object();
}

Reply query_mice(Monitor&, const Json&) {
  return Json::array({{{"name", "PS/2 mouse"}, {"index", 0}, {"current", true}, {"absolute", false}}});
}

}  // namespace handle

}  // namespace paemu::monitor
