// A line of HMP: words to a command, text to checked arguments, result to text; and completion.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/key_values.hpp"
#include "base/size_text.hpp"
#include "monitor/handlers.hpp"
#include "replay/drive.hpp"

namespace paemu::monitor {
namespace {

// A format may follow its command at once: "x/4xw 0" is "x /4xw 0", as in QEMU and gdb.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const usize begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    const char* ends = words.empty() ? " \t/" : " \t";
    const usize end = std::min(line.find_first_of(ends, begin + 1), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

base::Or<Json> convert(const Argument& argument, const std::string& text) {
  switch (argument.type) {
    case Type::Integer: return Json(TRY(base::parse_number(text)));
    case Type::Signed: {
      const bool negative = text.starts_with('-');
      const u64 size = TRY(base::parse_number(negative ? text.substr(1) : text));
      if (size > 0x7fffffff) return base::fail("\"" + text + "\" is too large");
      return Json(negative ? -static_cast<i64>(size) : static_cast<i64>(size));
    }
    case Type::Size: return Json(TRY(base::parse_size(text, kMiB)));
    case Type::Bytes: return Json(TRY(base::parse_size(text)));
    case Type::Switch: return Json(TRY(base::parse_switch(text)));
    default: return Json(text);
  }
}

base::Or<Json> key_value_arguments(const Command& command, std::string_view rest) {
  base::KeyValues list = TRY(base::KeyValues::parse(rest, command.arguments[0].name));
  Json arguments = Json::object();
  for (const Argument& argument : command.arguments) {
    if (argument.type == Type::Any || list.find(argument.name) == nullptr) continue;
    auto value = convert(argument, list.take(argument.name));
    if (!value) return base::fail(argument.name + ": " + value.error().sentence);
    arguments[argument.name] = std::move(*value);
  }
  if (!list.items().empty())
    return base::fail("there is no setting \"" + list.items()[0].first + "\"; usage: " + usage(command));
  return arguments;
}

std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const std::string_view word = rest.substr(0, std::min(rest.find_first_of(" \t"), rest.size()));
  rest.remove_prefix(word.size());
  return word;
}

// Takes "-f VALUE" from the front of `rest` as long as the command has such flags.
base::Or<> take_flags(const Command& command, std::string_view& rest, Json& arguments) {
  while (true) {
    std::string_view after = rest;
    const std::string_view word = take_word(after);
    const auto argument = std::find_if(command.arguments.begin(), command.arguments.end(), [&](const Argument& a) {
      return a.flag != 0 && word.size() == 2 && word[0] == '-' && word[1] == a.flag;
    });
    if (argument == command.arguments.end()) return {};
    const std::string_view value = take_word(after);
    if (value.empty()) return base::fail(std::string(word) + " needs a value; usage: " + usage(command));
    arguments[argument->name] = TRY(convert(*argument, std::string(value)));
    rest = after;
  }
}

base::Or<Json> positional_arguments(const Command& command, std::string_view rest) {
  Json arguments = Json::object();
  for (const Argument& argument : command.arguments) {
    TRY(take_flags(command, rest, arguments));
    if (argument.flag != 0) continue;
    const usize begin = std::min(rest.find_first_not_of(" \t"), rest.size());
    rest.remove_prefix(begin);
    if (rest.empty()) break;
    if (argument.type == Type::Format && rest.front() != '/') continue;
    if (argument.type == Type::Flag) {
      const std::string flag = "-" + argument.name.substr(0, 1);
      if (rest != flag && !rest.starts_with(flag + " ")) continue;
      arguments[argument.name] = true;
      rest.remove_prefix(flag.size());
      continue;
    }
    const usize end = argument.type == Type::Rest || argument.type == Type::Command
                          ? rest.size()
                          : std::min(rest.find_first_of(" \t"), rest.size());
    arguments[argument.name] = TRY(convert(argument, std::string(rest.substr(0, end))));
    rest.remove_prefix(end);
  }
  TRY(take_flags(command, rest, arguments));
  if (rest.find_first_not_of(" \t") != std::string_view::npos)
    return base::fail("\"" + std::string(rest) + "\" is too much; usage: " + usage(command));
  return arguments;
}

// The ids, names and files that an argument may be.
std::vector<std::string> candidates(Monitor& m, Type type) {
  std::vector<std::string> list;
  if (type == Type::Dimm) {
    for (const auto& dimm : m.machine().dimms())
      if (dimm->spec().socket == Socket::Hotplug) list.push_back(dimm->spec().id);
  } else if (type == Type::Backend) {
    for (const auto& [id, backend] : m.backends()) list.push_back(id);
  } else if (type == Type::Drive) {
    for (const Drive* drive : m.machine().drives()) list.push_back(drive->id());
  } else if (type == Type::Part) {
    list = m.machine().devices();
  } else if (type == Type::Command) {
    for (const Command& command : commands())
      if (!command.hmp.empty()) list.emplace_back(command.hmp.substr(0, command.hmp.find('|')));
  } else if (type == Type::Switch) {
    list = {"on", "off"};
  }
  return list;
}

}  // namespace

std::string run_hmp_line(Monitor& monitor, std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty()) return {};
  const Found found = find_hmp(words);
  if (found.command == nullptr) {
    std::string name(words[0]);
    for (const Command& command : commands())
      if (command.hmp.starts_with(name + " "))
        return "Error: " + name + " what? `help " + name + "` lists its commands\n";
    return "Error: unknown command '" + name + "'; `help` lists all\n";
  }
  const std::string_view last = words[found.words - 1];
  const std::string_view rest = line.substr(static_cast<usize>(last.data() + last.size() - line.data()));
  const usize begin = std::min(rest.find_first_not_of(" \t"), rest.size());
  const std::string_view trimmed = rest.substr(begin, rest.find_last_not_of(" \t") + 1 - begin);
  const Command& command = *found.command;

  auto arguments = command.key_values ? key_value_arguments(command, trimmed) : positional_arguments(command, trimmed);
  if (!arguments) return "Error: " + arguments.error().sentence + "\n";
  for (const Argument& argument : command.arguments)
    if (!argument.optional && !arguments->contains(argument.name))
      return "Error: " + argument.name + " is missing; usage: " + usage(command) + "\n";
  const Reply reply = run(command, monitor, *arguments);
  if (!reply.ok()) return "Error: " + reply.error().sentence + "\n";
  const std::string text = command.printer(reply.value());
  return text.empty() ? text : text + "\n";
}

std::vector<std::string> complete(Monitor& monitor, std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  const bool fresh = line.empty() || line.back() == ' ' || line.back() == '\t';
  const usize index = fresh ? words.size() : words.size() - 1;  // of the word being typed
  const std::string_view part = fresh ? std::string_view{} : words.back();

  std::vector<std::string> pool;
  const Found found = find_hmp(std::span(words).first(std::min(index, words.size())));
  if (found.command != nullptr) {
    // The key=value lists are completed by key, and by value after "key=".
    const Command& command = *found.command;
    if (!command.key_values) {
      const usize position = index - found.words;
      if (position < command.arguments.size()) pool = candidates(monitor, command.arguments[position].type);
    } else if (const usize comma = part.rfind(','); comma != std::string_view::npos) {
      const std::string head(part.substr(0, comma + 1));
      for (const Argument& argument : command.arguments) {
        if (argument.type == Type::Any) continue;
        pool.push_back(head + argument.name + "=");
        for (const std::string& value : candidates(monitor, argument.type))
          pool.push_back(head + argument.name + "=" + value);
      }
    }
  } else {
    for (const Command& command : commands()) {
      const std::vector<std::string_view> name = words_of(command.hmp.substr(0, command.hmp.find('|')));
      if (index < name.size() && (index == 0 || (index == 1 && name[0] == words[0]))) pool.emplace_back(name[index]);
    }
  }
  std::vector<std::string> fitting;
  for (std::string& candidate : pool)
    if (candidate.starts_with(part) && std::find(fitting.begin(), fitting.end(), candidate) == fitting.end())
      fitting.push_back(std::move(candidate));
  std::sort(fitting.begin(), fitting.end());
  return fitting;
}

}  // namespace paemu::monitor
