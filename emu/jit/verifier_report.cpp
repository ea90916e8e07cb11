#include "jit/verifier_report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "jit/disassembly.hpp"

namespace paemu::verifier_report {
namespace {

template <class... Values>
std::string text(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof(line), format, values...);
  return line;
}

std::string hex(std::span<const u8> bytes) {
  std::string out;
  for (const u8 b : bytes) out += text("%02x", b);
  return out;
}

// Field by field: what lies between them is nobody's.
template <class T>
concept HasFields = requires(const T& t) {
  t.visit_fields([](const char*, const auto&) {});
};

// The member of `other` that `field` is of `one`.
template <class T, class Field>
const Field& counterpart(const T& one, const Field& field, const T& other) {
  const auto offset = reinterpret_cast<const u8*>(&field) - reinterpret_cast<const u8*>(&one);
  return *reinterpret_cast<const Field*>(reinterpret_cast<const u8*>(&other) + offset);
}

template <class T>
bool same_value(const T& a, const T& b) {
  bool same = true;
  if constexpr (HasFields<T>) {
    a.visit_fields([&](const char*, const auto& field) { same = same && same_value(field, counterpart(a, field, b)); });
  } else if constexpr (std::is_array_v<T>) {
    for (usize n = 0; n < std::extent_v<T>; ++n) same = same && same_value(a[n], b[n]);
  } else {
    same = std::memcmp(&a, &b, sizeof(T)) == 0;
  }
  return same;
}

struct Finder {
  std::string found;

  template <class T>
  void compare(const std::string& name, const T& a, const T& b) {
    if (!found.empty() || same_value(a, b)) return;
    if constexpr (HasFields<T>) {
      a.visit_fields([&](const char* field_name, const auto& field) {
        compare(name + (name.empty() ? "" : ".") + field_name, field, counterpart(a, field, b));
      });
    } else if constexpr (std::is_array_v<T>) {
      for (usize n = 0; n < std::extent_v<T>; ++n) compare(name + text("[%zu]", n), a[n], b[n]);
    } else {
      const auto bytes_of = [](const T& t) { return std::span(reinterpret_cast<const u8*>(&t), sizeof(T)); };
      found = name + ": " + hex(bytes_of(a)) + " and " + hex(bytes_of(b)) + " (bytes as they lie in memory)";
    }
  }
};

}  // namespace

std::string headline(const Block& block, u32 eip, const Insn* guilty, u64 retired) {
  if (guilty == nullptr)
    return text(
        "after %llu instructions, the block of %u instructions at %08x comes out otherwise than interpreted; no "
        "part of it does alone",
        static_cast<unsigned long long>(retired), static_cast<u32>(block.count), eip);
  return text(
      "after %llu instructions, in the block at %08x, the instruction at %08x comes out otherwise than interpreted",
      static_cast<unsigned long long>(retired), eip, eip + guilty->offset);
}

std::string headline_of_stretch(u32 eip, u64 retired, bool reproduced) {
  return text("after %llu instructions, the code from %08x on comes out otherwise than interpreted; %s",
              static_cast<unsigned long long>(retired), eip,
              reproduced ? "no block of it does alone" : "run once more, it does not");
}

std::vector<std::string> guest_code(const Block& block, u32 eip, const Insn* guilty) {
  std::vector<std::string> lines;
  for (const Insn* i = block.insns; i != block.insns + block.count; ++i) {
    const auto one = jit::disassemble({block.host + i->offset, i->length}, eip + i->offset, jit::Machine::kGuest);
    lines.push_back((i == guilty ? "> " : "  ") + (one.empty() ? "?" : one[0]));
  }
  return lines;
}

std::string registers(const CpuState& s) {
  return text("eax=%08x ecx=%08x edx=%08x ebx=%08x esp=%08x ebp=%08x esi=%08x edi=%08x eip=%08x efl=%08x", s.gpr[0],
              s.gpr[1], s.gpr[2], s.gpr[3], s.gpr[4], s.gpr[5], s.gpr[6], s.gpr[7], s.eip, s.eflags);
}

std::string first_difference(const CpuState& expected, const CpuState& got) {
  Finder finder;
  finder.compare("", expected, got);
  return finder.found;
}

bool same(const CpuState& a, const CpuState& b) { return std::memcmp(&a, &b, sizeof a) == 0 || same_value(a, b); }

std::string fault(bool any, const Fault& f) {
  if (!any) return "none";
  return text("of vector %u, error code %08x, address %08x", static_cast<u32>(f.vector), f.error_code, f.address.value);
}

std::string counts(const char* what, u64 expected, u64 got) {
  return std::string(what) + ": interpreted " + std::to_string(expected) + ", translated " + std::to_string(got);
}

std::string tlb_entry(u32 linear, std::span<const u8> expected, std::span<const u8> got) {
  return text("what the TLB holds for %08x: ", linear) + "interpreted " + hex(expected) + ", translated " + hex(got);
}

// From the first byte that differs to the last, at most 16.
std::string bytes(const char* what, u64 address, std::span<const u8> expected, std::span<const u8> got) {
  usize first = 0, last = expected.size() - 1;
  while (first < last && expected[first] == got[first]) ++first;
  while (last > first && expected[last] == got[last]) --last;
  const usize count = std::min<usize>(last - first + 1, 16);
  return text("%s %08llx: ", what, static_cast<unsigned long long>(address + first)) + "interpreted " +
         hex(expected.subspan(first, count)) + ", translated " + hex(got.subspan(first, count));
}

}  // namespace paemu::verifier_report
