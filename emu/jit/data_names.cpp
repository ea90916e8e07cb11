#include "jit/data_names.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace paemu::jit {
namespace {

std::string with_rest(const std::string& name, usize rest) {
  return rest == 0 ? name : fmt::format("{}+{}", name, rest);
}

// Of the fields of a struct, the one that holds `at`.
struct FieldFinder {
  const u8* at;
  std::string found;

  template <class T>
  void look(const std::string& name, const T& t) {
    const u8* const begin = reinterpret_cast<const u8*>(&t);
    if (!found.empty() || at < begin || at >= begin + sizeof(T)) return;
    if constexpr (requires { t.visit_fields([](const char*, const auto&) {}); }) {
      t.visit_fields([&](const char* field_name, const auto& field) {
        look(name + (name.empty() ? "" : ".") + field_name, field);
      });
    } else if constexpr (std::is_array_v<T>) {
      for (usize n = 0; n < std::extent_v<T>; ++n) look(fmt::format("{}[{}]", name, n), t[n]);
    } else {
      found = with_rest(name, static_cast<usize>(at - begin));
    }
  }
};

std::string name_in_tables(const Cpu& cpu, const u8* at) {
  constexpr const char* kAccesses[] = {"read", "write", "fetch"};
  constexpr const char* kPrivileges[] = {"supervisor", "user"};
  static_assert(static_cast<u32>(Access::kFetch) == 2 && static_cast<u32>(Privilege::kUser) == 1);
  for (u32 a = 0; a < 3; ++a) {
    for (u32 p = 0; p < 2; ++p) {
      const FastTable& t = cpu.mmu.fast(static_cast<Access>(a), static_cast<Privilege>(p));
      FieldFinder finder{at, {}};
      finder.look("tag", t.tag);
      finder.look("addend", t.addend);
      if (finder.found.empty()) continue;
      if (finder.found.ends_with("[0]")) finder.found.resize(finder.found.size() - 3);
      return fmt::format("tlb.{}.{}.{}", kAccesses[a], kPrivileges[p], finder.found);
    }
  }
  return {};
}

}  // namespace

std::string name_in_cpu(const Cpu& cpu, i64 offset) {
  const u8* const at = reinterpret_cast<const u8*>(&cpu) + offset;
  FieldFinder finder{at, {}};
  finder.look("", cpu.state);
#define LOOK(member) finder.look(#member, cpu.member)
  LOOK(mode_key), LOOK(cpl), LOOK(lent_fpu), LOOK(attention), LOOK(stop_requested), LOOK(yielded), LOOK(budget_end);
#undef LOOK
  for (u32 segment = 0; segment < 6; ++segment) {
    finder.look(fmt::format("window[{}].read_end", segment), *cpu.window_end(segment, Access::kRead));
    finder.look(fmt::format("window[{}].write_end", segment), *cpu.window_end(segment, Access::kWrite));
  }
  if (finder.found.empty()) finder.found = name_in_tables(cpu, at);
  return finder.found.empty() ? fmt::format("cpu{:+}", offset) : finder.found;
}

std::string name_in_context(i64 offset) {
  static const Context context;
  FieldFinder finder{reinterpret_cast<const u8*>(&context) + offset, {}};
#define LOOK(member) finder.look(#member, context.member)
  LOOK(stale_mask), LOOK(stale_value), LOOK(index_bits), LOOK(page_bits), LOOK(page_and_alignment), LOOK(sign_bit);
  LOOK(count_bits), LOOK(direction_bit), LOOK(x87_masks), LOOK(x87_control), LOOK(arithmetic_bits), LOOK(time_stamp_disable),
      LOOK(jump_index_bits), LOOK(lent_bits);
  LOOK(spare), LOOK(went), LOOK(left), LOOK(exit_eip), LOOK(exit), LOOK(flags), LOOK(exit_link), LOOK(target), LOOK(cpu), LOOK(end);
  LOOK(pages), LOOK(fetch_epoch), LOOK(returns_base);
#undef LOOK
  for (u32 n = 0; n < 2; ++n) {
    const std::string name = n == 0 ? "jumps.supervisor." : "jumps.user.";
    finder.look(name + "key", context.jumps[n].key);
    finder.look(name + "eip", context.jumps[n].eip);
    finder.look(name + "addend", context.jumps[n].addend);
    finder.look(name + "code", context.jumps[n].code);
  }
  if (finder.found.starts_with("jumps") && finder.found.ends_with("[0]")) finder.found.resize(finder.found.size() - 3);
  return finder.found.empty() ? fmt::format("context{:+}", offset) : finder.found;
}

}  // namespace paemu::jit
