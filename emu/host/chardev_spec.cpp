#include "base/key_values.hpp"
#include "host/chardev.hpp"

namespace paemu::host {
namespace {

Or<ChardevSpec> parse_unix(std::string_view rest) {
  KeyValues settings = TRY(KeyValues::parse(rest, "path"));
  ChardevSpec spec{.kind = ChardevSpec::Kind::Unix};
  spec.path = settings.take("path");
  if (spec.path.empty()) return fail("unix: needs the path of a socket, as unix:/run/paemu.sock");
  spec.server = TRY(parse_switch(settings.take("server", "off")));
  // "nowait" is the old spelling of wait=off.
  const bool no_wait = TRY(parse_switch(settings.take("nowait", "off")));
  spec.wait = TRY(parse_switch(settings.take("wait", no_wait ? "off" : "on")));
  if (!settings.items().empty()) return fail("unix: has no setting \"" + settings.items()[0].first + "\"");
  return spec;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Or<ChardevSpec> parse_chardev(std::string_view text) {
  std::string_view rest = text;
  const bool mux = take_prefix(rest, "mon:");
  ChardevSpec spec;
  if (take_prefix(rest, "unix:")) {
    spec = TRY(parse_unix(rest));
  } else if (take_prefix(rest, "file:")) {
    spec.kind = ChardevSpec::Kind::File;
    spec.path = rest;
    if (spec.path.empty()) return fail("file: needs a path, as file:serial.log");
  } else if (rest == "stdio" || rest == "pty") {
    spec.kind = rest == "pty" ? ChardevSpec::Kind::Pty : ChardevSpec::Kind::Stdio;
  } else if (rest == "null" || rest == "none") {
    spec.kind = ChardevSpec::Kind::Null;
  } else {
    return fail("\"" + std::string(text) + "\" is no device; use stdio, pty, unix:PATH, file:PATH, null or none");
  }
  spec.mux = mux;
  spec.text = text;
  return spec;
}

}  // namespace paemu::host
