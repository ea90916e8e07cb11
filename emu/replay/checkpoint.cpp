#include "replay/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "replay/archive.hpp"

namespace paemu {

namespace {

constexpr usize kPagesNamed = 8;  // of the pages that differ, as many are named

// Collects every number in a struct under its path: "segment.1.base".
class Flatten {
 public:
  template <class T>
  void number(const char* name, const T& v) {
    values_.emplace_back(path_.back() + step(name), archive::raw(v));
  }
  void begin(const char* name) {
    const std::string inner = path_.back() + step(name);
    path_.push_back(inner.empty() ? inner : inner + ".");
    index_.push_back(0);
  }
  template <class T>
  void end(const T&) {
    end_array();
  }
  void begin_array(const char* name, usize) { begin(name); }
  void end_array() {
    path_.pop_back();
    index_.pop_back();
  }
  template <class T>
  usize length(const T& v) {
    return v.size();
  }
  const std::vector<std::pair<std::string, u64>>& values() const { return values_; }

 private:
  // An element without a name of its own is known by its index in what is around it; the whole has neither.
  std::string step(const char* name) {
    const u32 index = index_.back()++;
    return *name != '\0' || path_.size() == 1 ? name : std::to_string(index);
  }
  std::vector<std::pair<std::string, u64>> values_;
  std::vector<std::string> path_{""};
  std::vector<u32> index_{0};
};

std::vector<std::pair<std::string, u64>> numbers(const CpuState& state) {
  Flatten flat;
  archive::walk(flat, "", state);
  return flat.values();
}

std::string register_name(const std::string& path) {
  static const std::map<std::string, std::string> names = {
      {"gpr.0", "EAX"}, {"gpr.1", "ECX"}, {"gpr.2", "EDX"}, {"gpr.3", "EBX"}, {"gpr.4", "ESP"},
      {"gpr.5", "EBP"}, {"gpr.6", "ESI"}, {"gpr.7", "EDI"}, {"eip", "EIP"},   {"eflags", "EFLAGS"}};
  const auto found = names.find(path);
  return found != names.end() ? found->second : path;
}

void compare_registers(std::string& out, const Checkpoint& recorded, const Checkpoint& replayed) {
  const auto a = numbers(recorded.registers.cpu);
  const auto b = numbers(replayed.registers.cpu);
  for (usize i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i].second == b[i].second) continue;
    out += fmt::format("  register {}: recorded {:#x}, replayed {:#x}\n", register_name(a[i].first), a[i].second,
                       b[i].second);
  }
}

void compare_parts(std::string& out, const Checkpoint& recorded, const Checkpoint& replayed) {
  std::string names;
  for (usize i = 0; i < std::max(recorded.parts.size(), replayed.parts.size()); ++i) {
    const bool both = i < recorded.parts.size() && i < replayed.parts.size();
    if (both && recorded.parts[i] == replayed.parts[i]) continue;
    names +=
        (names.empty() ? "" : ", ") + (i < replayed.parts.size() ? replayed.parts[i].part : recorded.parts[i].part);
  }
  if (!names.empty()) out += "  state of: " + names + "\n";
}

void compare_pages(std::string& out, const Checkpoint& recorded, const Checkpoint& replayed) {
  usize differing = 0;
  auto a = recorded.written.begin();
  auto b = replayed.written.begin();
  const auto name = [&](u32 frame, const std::string& how) {
    if (++differing <= kPagesNamed)
      out += fmt::format("  page {:#x}: {}\n", static_cast<u64>(frame) << kPageShift, how);
  };
  while (a != recorded.written.end() || b != replayed.written.end()) {
    if (b == replayed.written.end() || (a != recorded.written.end() && a->frame < b->frame)) {
      name(a->frame, "written in the recording only");
      ++a;
    } else if (a == recorded.written.end() || b->frame < a->frame) {
      name(b->frame, "written in the replay only");
      ++b;
    } else {
      if (a->hash != b->hash) name(a->frame, fmt::format("hash recorded {:08x}, replayed {:08x}", a->hash, b->hash));
      ++a, ++b;
    }
  }
  if (differing > kPagesNamed) out += fmt::format("  and {} pages more\n", differing - kPagesNamed);
}

}  // namespace

std::string difference(const Checkpoint& recorded, const Checkpoint& replayed) {
  if (recorded.hash == replayed.hash && recorded.at == replayed.at) return {};
  std::string out = fmt::format(
      "  recorded: {} instructions retired at {} ns, state hash {:016x}\n"
      "  replayed: {} instructions retired at {} ns, state hash {:016x}\n",
      recorded.at.retired, recorded.at.now.value, recorded.hash, replayed.at.retired, replayed.at.now.value,
      replayed.hash);
  compare_registers(out, recorded, replayed);
  compare_parts(out, recorded, replayed);
  compare_pages(out, recorded, replayed);
  return out;
}

}  // namespace paemu
