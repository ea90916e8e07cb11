// What people and programs type: the command line, HMP and QMP. Anything is refused in a sentence or done.
//
// The first byte says which; arguments of the command line are lines.
#include <cstdio>
#include <cstdlib>

#include "app/options.hpp"
#include "fake_control.hpp"
#include "monitor/handlers.hpp"
#include "monitor/session.hpp"

using namespace paemu;

namespace {

void try_options(const std::string& text) {
  std::vector<std::string> arguments(1);
  for (const char c : text) {
    if (c == '\n')
      arguments.emplace_back();
    else if (c != '\0')
      arguments.back() += c;
  }
  const Or<app::Options> options = app::parse_options(arguments);
  if (options || (!options.error().sentence.empty() && options.error().sentence.find('\n') == std::string::npos))
    return;
  std::fprintf(stderr, "text-fuzz: not one sentence: \"%s\"\n", options.error().sentence.c_str());
  std::abort();
}

void try_session(monitor::Session& session, std::span<const u8> bytes) {
  session.opened();
  // In two pieces, as a socket may bring them.
  session.receive(bytes.first(bytes.size() / 2));
  session.receive(bytes.subspan(bytes.size() / 2));
  session.closed();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
  if (size == 0) return 0;
  const std::span<const u8> text{data + 1, size - 1};
  if (data[0] % 3 == 0) {
    try_options(std::string(text.begin(), text.end()));
    return 0;
  }
  monitor::FakeControl control;
  const auto nowhere = [](std::string_view) {};
  if (data[0] % 3 == 1) {
    const auto keyboard = data[0] & 0x80 ? monitor::Keyboard::Person : monitor::Keyboard::Program;
    try_session(*monitor::make_hmp_session(control.monitor, nowhere, keyboard), text);
  } else {
    const auto session = monitor::make_qmp_session(control.monitor, nowhere);
    const std::string hello = "{\"execute\":\"qmp_capabilities\"}";
    session->opened();
    session->receive({reinterpret_cast<const u8*>(hello.data()), hello.size()});
    try_session(*session, text);
  }
  return 0;
}
