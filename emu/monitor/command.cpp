#include "monitor/command.hpp"

#include <cassert>
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"

namespace paemu::monitor {
namespace {

struct TypeName {
  const char* name;
  Type type;
};
constexpr TypeName kTypes[] = {
    {"string", Type::String}, {"integer", Type::Integer}, {"signed", Type::Signed},   {"size", Type::Size},
    {"bytes", Type::Bytes},   {"switch", Type::Switch},   {"dimm", Type::Dimm},       {"backend", Type::Backend},
    {"part", Type::Part},     {"path", Type::Path},       {"command", Type::Command}, {"format", Type::Format},
    {"rest", Type::Rest},     {"drive", Type::Drive},     {"flag", Type::Flag},       {"any", Type::Any},
};

Type type_of(std::string_view name) {
  for (const TypeName& row : kTypes)
    if (name == row.name) return row.type;
  assert(!"commands.inc names an unknown type");
  return Type::String;
}

std::vector<Argument> parse_arguments(std::string_view text) {
  std::vector<Argument> list;
  if (text.starts_with('@')) text.remove_prefix(1);
  while (!text.empty()) {
    const usize end = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool optional = item.ends_with('?');
    if (optional) item.remove_suffix(1);
    char flag = 0;
    if (item.starts_with('-')) {
      flag = item[1];
      item.remove_prefix(3);
    }
    const usize colon = item.find(':');
    list.push_back({std::string(item.substr(0, colon)), type_of(item.substr(colon + 1)), optional, flag});
  }
  return list;
}

const std::vector<Command>& table() {
  static const std::vector<Command> rows = {
#define COMMAND(hmp, qmp, arguments, noticed, handler, printer, help) \
  {hmp,                                                               \
   qmp,                                                               \
   std::string_view(arguments).starts_with('@'),                      \
   parse_arguments(arguments),                                        \
   Noticed::noticed,                                                  \
   handle::handler,                                                   \
   show::printer,                                                     \
   help},
#include "monitor/commands.inc"
#undef COMMAND
  };
  return rows;
}

// Is `name` one of the alternatives of "cont|c"?
bool is_named(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const usize end = std::min(names.find('|'), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

const char* name(ErrorClass c) {
  switch (c) {
    case ErrorClass::CommandNotFound: return "CommandNotFound";
    case ErrorClass::DeviceNotFound: return "DeviceNotFound";
    case ErrorClass::Generic: break;
  }
  return "GenericError";
}

Reply::Reply(Json value) : value_(std::make_shared<Json>(std::move(value))) {}

std::span<const Command> commands() { return table(); }

const Command* find_qmp(std::string_view name) {
  for (const Command& command : table())
    if (!command.qmp.empty() && command.qmp == name) return &command;
  return nullptr;
}

Found find_hmp(std::span<const std::string_view> words) {
  for (usize count = std::min<usize>(2, words.size()); count > 0; --count) {
    std::string name(words[0]);
    if (count == 2) name += " " + std::string(words[1]);
    for (const Command& command : table())
      if (is_named(command.hmp, name)) return {&command, count};
  }
  return {nullptr, 0};
}

std::string usage(const Command& command) {
  std::string text(command.hmp.empty() ? command.qmp : command.hmp.substr(0, command.hmp.find('|')));
  bool first = true;
  for (const Argument& argument : command.arguments) {
    if (argument.type == Type::Any) continue;
    std::string word = argument.name;
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (command.key_values && !first)
      word = "," + argument.name + "=" + word;
    else if (argument.flag != 0)
      word = std::string("-") + argument.flag + " " + word;
    else if (argument.type == Type::Flag)
      word = "-" + argument.name.substr(0, 1);
    else if (argument.type == Type::Format)
      word = "/FORMAT";
    text += (command.key_values && !first ? "" : " ") + (argument.optional ? "[" + word + "]" : word);
    first = false;
  }
  return text;
}

Reply run(const Command& command, Monitor& monitor, const Json& arguments) {
  if (command.noticed == Noticed::Yes && monitor.control().replaying())
    return base::fail("a replay takes no input but the recorded one: " +
                      usage(command).substr(0, usage(command).find(' ')) + " would change the guest");
  return command.handler(monitor, arguments);
}

}  // namespace paemu::monitor
