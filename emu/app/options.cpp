#include "app/options.hpp"

#include "app/option_parser.hpp"
#include "base/key_values.hpp"
#include "base/size_text.hpp"
#include "monitor/command.hpp"

namespace paemu::app {
namespace {

struct Row {
  const char* section;  // a heading, and nothing else in the row; or nullptr
  const char* name;
  const char* argument;
  const char* help;
  Or<> (*handler)(Parser&, const std::string&);
};

constexpr Row kRows[] = {
#define SECTION(title) {title, nullptr, nullptr, nullptr, nullptr},
#define OPTION(name, argument, help, handler) {nullptr, name, argument, help, option::handler},
#include "app/options.inc"
#undef SECTION
#undef OPTION
};

const Row* find_row(std::string_view name) {
  if (name == "h") name = "help";
  for (const Row& row : kRows)
    if (row.name != nullptr && row.name == name) return &row;
  return nullptr;
}

// The option names that one typing error leads away from.
std::string nearest(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name != nullptr && !name.empty() && std::string_view(row.name).starts_with(name))
      return std::string("; -") + row.name + "?";
  return "; -help lists all";
}

std::string as_typed(const Row& row) { return std::string("-") + row.name + (*row.argument ? " " : "") + row.argument; }

// The words of `text` in lines of at most `width`, each after the first begun by `indent`.
std::string wrap(std::string_view text, usize width, const std::string& indent) {
  std::string out;
  usize column = 0;
  while (!text.empty()) {
    const usize end = std::min(text.find(' '), text.size());
    if (column != 0 && column + 1 + end > width)
      out += "\n" + indent, column = 0;
    else if (column != 0)
      out += ' ', ++column;
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Escapes what troff would take for its own.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  }
  return out;
}

}  // namespace

Or<Options> parse_options(const std::vector<std::string>& arguments) {
  Parser parser;
  for (usize i = 0; i < arguments.size(); ++i) {
    std::string_view text = arguments[i];
    if (!text.starts_with('-')) {
      if (Or<> taken = option::hda(parser, arguments[i]); !taken)
        return fail("\"" + std::string(text) + "\" would be the image for -hda: " + taken.error().sentence);
      continue;
    }
    if (text.size() < 2) return fail("\"-\" is no option; -help lists all");
    text.remove_prefix(text[1] == '-' && text.size() > 2 ? 2 : 1);
    const Row* row = find_row(text);
    if (row == nullptr) return fail("there is no option -" + std::string(text) + nearest(text));
    std::string value;
    const bool optional = row->argument[0] == '[';
    if (optional) {
      if (i + 1 < arguments.size() && arguments[i + 1] == "man") value = arguments[++i];
    } else if (*row->argument != '\0') {
      if (i + 1 == arguments.size()) return fail("-" + std::string(text) + ": needs an argument, " + row->argument);
      value = arguments[++i];
    }
    if (Or<> taken = row->handler(parser, value); !taken)
      return fail("-" + std::string(text) + ": " + taken.error().sentence);
    if (parser.options.action != Action::Run) return std::move(parser.options);
  }
  TRY(parser.finish());
  return std::move(parser.options);
}

std::string help_text() {
  std::string out =
      "usage: paemu [option]... [disk image]\nWithout a kernel or a disk, boots the bundled guest. Options may have "
      "one dash or two.\n";
  for (const Row& row : kRows) {
    if (row.section != nullptr)
      out += std::string("\n") + row.section + ":\n";
    else
      out += "  " + as_typed(row) + "\n        " + wrap(row.help, 100, "        ") + "\n";
  }
  out +=
      "\nKeys on stdio: Ctrl-A c switches between the guest's console and the monitor, Ctrl-A x leaves,\n"
      "Ctrl-A h helps. Exit status: 0, or what the guest wrote to the debug-exit port (v * 2 + 1);\n"
      "2 after bad input, 3 when a replay parts from its recording, or -engine verify finds a difference.\n";
  return out;
}

std::string man_page() {
  std::string out =
      ".TH PAEMU 1\n.SH NAME\npaemu \\- deterministic emulator of a PAE PC with memory hotplug\n"
      ".SH SYNOPSIS\n.B paemu\n.RI [ option ]... \\ [ disk\\ image ]\n.SH DESCRIPTION\n"
      "Emulates a 32\\-bit x86 PC whose RAM is DIMMs that can be added and removed while the guest runs.\n"
      "Every run can be recorded and replayed exactly. Without a kernel or a disk\n"
      "the bundled guest is booted. Options may have one dash or two.\n";
  for (const Row& row : kRows) {
    if (row.section != nullptr)
      out += std::string(".SH OPTIONS: ") + row.section + "\n";
    else
      out += ".TP\n.B \\-" + troff(row.name) + "\n" + (*row.argument ? troff(row.argument) + ":\n" : "") +
             troff(row.help) + ".\n";
  }
  out += ".SH MONITOR COMMANDS\n";
  for (const monitor::Command& command : monitor::commands())
    if (!command.hmp.empty()) out += ".TP\n.B " + troff(monitor::usage(command)) + "\n" + troff(command.help) + "\n";
  out +=
      ".SH KEYS\nOn stdio, Ctrl\\-A c switches between the guest's console and the monitor, Ctrl\\-A x leaves, "
      "Ctrl\\-A h helps.\n"
      ".SH EXIT STATUS\n0, or what the guest wrote to the debug\\-exit port (v * 2 + 1); 2 after bad input;\n"
      "3 when a replay parts from its recording, or \\-engine verify finds a difference; 4 when the guest halted for ever.\n"
      ".SH SEE ALSO\n.BR paetrace (1)\n";
  return out;
}

}  // namespace paemu::app
