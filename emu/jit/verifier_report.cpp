#include "jit/verifier_report.hpp"

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

// Compares field by field: what lies between them is nobody's.
struct Finder {
  std::string found, path;

  template <class T>
  void compare(const std::string& name, const T& a, const T& b) {
    if (!found.empty()) return;
    if constexpr (requires(const T& t) { t.visit_fields([](const char*, const auto&) {}); }) {
      std::vector<const void*> others;
      b.visit_fields([&](const char*, const auto& field) { others.push_back(&field); });
      usize n = 0;
      a.visit_fields([&](const char* field_name, const auto& field) {
        using Field = std::remove_cvref_t<decltype(field)>;
        compare(name + (name.empty() ? "" : ".") + field_name, field, *static_cast<const Field*>(others[n++]));
      });
    } else if constexpr (std::is_array_v<T>) {
      for (usize n = 0; n < std::extent_v<T>; ++n) compare(name + text("[%zu]", n), a[n], b[n]);
    } else {
      static_assert(std::is_trivially_copyable_v<T>);
      if (std::memcmp(&a, &b, sizeof(T)) != 0) {
        const auto bytes_of = [](const T& t) { return std::span(reinterpret_cast<const u8*>(&t), sizeof(T)); };
        found = name + ": " + hex(bytes_of(a)) + " and " + hex(bytes_of(b)) + " (bytes as they lie in memory)";
      }
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

std::string counts(const char* what, u64 expected, u64 got) {
  const auto name = [](u64 n) { return n == ~u64{0} ? std::string("none") : std::to_string(n); };
  return std::string(what) + ": interpreted " + name(expected) + ", translated " + name(got);
}

std::string bytes(u32 linear, std::span<const u8> expected, std::span<const u8> got) {
  return text("memory at %08x: ", linear) + "interpreted " + hex(expected) + ", translated " + hex(got);
}

}  // namespace paemu::verifier_report
