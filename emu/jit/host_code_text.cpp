#include "jit/host_code_text.hpp"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <map>
#include <utility>

#include "jit/data_names.hpp"

namespace paemu::jit {
namespace {

class Writer {
 public:
  Writer(const Translation& t, const Cpu& cpu, const CodeCache& cache, const Thunks& thunks)
      : t_(t), cpu_(cpu), cache_(cache), thunks_(thunks) {}

  std::vector<std::string> run() {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) != CS_ERR_OK) return {};
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    walk([this](const cs_insn& i) {
      if (const u64 to = jump_target(i); within(to)) labels_[to] = 0;
    });
    for (const WindowAccess& a : t_.window_accesses) labels_[reinterpret_cast<u64>(t_.code) + a.missed] = 0;
    u32 number = 0;
    for (auto& [address, label] : labels_) label = ++number;
    walk([this](const cs_insn& i) {
      if (const auto label = labels_.find(i.address); label != labels_.end())
        lines_.push_back(fmt::format("L{}:", label->second));
      lines_.push_back("  " + text(i));
    });
    cs_close(&handle_);
    return std::move(lines_);
  }

 private:
  template <class Visit>
  void walk(Visit visit) {
    const u8* bytes = t_.code;
    usize left = t_.code_size;
    u64 address = reinterpret_cast<u64>(bytes);
    cs_insn* const insn = cs_malloc(handle_);
    while (left != 0 && cs_disasm_iter(handle_, &bytes, &left, &address, insn)) visit(*insn);
    cs_free(insn, 1);
    if (left != 0) lines_.push_back(fmt::format("  (no instruction: {:02x})", *bytes));
  }

  bool within(u64 address) const {
    const u64 begin = reinterpret_cast<u64>(t_.code);
    return address >= begin && address < begin + t_.code_size;
  }
  static u64 immediate(const cs_insn& i, u8 operand) {
    const cs_x86& x = i.detail->x86;
    return operand < x.op_count && x.operands[operand].type == X86_OP_IMM ? static_cast<u64>(x.operands[operand].imm)
                                                                          : 0;
  }
  u64 jump_target(const cs_insn& i) const {
    const bool jumps = cs_insn_group(handle_, &i, CS_GRP_JUMP) || cs_insn_group(handle_, &i, CS_GRP_CALL);
    return jumps ? immediate(i, 0) : 0;
  }

  std::string text(const cs_insn& i) const {
    std::string operands = i.op_str;
    if (const u64 to = jump_target(i); to != 0) {
      operands = place(to);
      if (const Link* link = link_of(i))
        operands += fmt::format("  ; {}link to {:08x}", link->to ? "" : "no ", link->target);
    }
    if (const std::string name = name_of_constant(i); !name.empty())
      operands = operands.substr(0, operands.find(',')) + ", " + name;
    for (u32 n = 0; n < i.detail->x86.op_count; ++n) {
      const cs_x86_op& o = i.detail->x86.operands[n];
      if (o.type != X86_OP_MEM || (o.mem.base != X86_REG_R15 && o.mem.base != X86_REG_R10)) continue;
      const usize begin = operands.find('['), end = operands.find(']');
      if (begin == std::string::npos || end == std::string::npos) continue;
      std::string name = o.mem.base == X86_REG_R15 ? name_in_cpu(cpu_, o.mem.disp) : name_in_context(o.mem.disp);
      if (o.mem.index != X86_REG_INVALID)
        name += fmt::format(" + {}*{}", cs_reg_name(handle_, o.mem.index), o.mem.scale);
      operands.replace(begin + 1, end - begin - 1, name);
    }
    for (const WindowAccess& a : t_.window_accesses) {
      const u64 code = reinterpret_cast<u64>(t_.code);
      if (code + a.at == i.address) operands += "  ; or " + place(code + a.missed);
    }
    return operands.empty() ? std::string(i.mnemonic) : fmt::format("{} {}", i.mnemonic, operands);
  }

  std::string place(u64 address) const {
    if (const auto label = labels_.find(address); label != labels_.end()) return fmt::format("L{}", label->second);
    const std::pair<const u8*, const char*> ways[] = {{thunks_.exit_link, "exit_link"},
                                                      {thunks_.exit_indirect, "exit_indirect"},
                                                      {thunks_.exit_budget, "exit_budget"},
                                                      {thunks_.exit_apart, "exit_apart"},
                                                      {thunks_.look_up_again[0][0], "look_up_again.read.supervisor"},
                                                      {thunks_.look_up_again[0][1], "look_up_again.read.user"},
                                                      {thunks_.look_up_again[1][0], "look_up_again.write.supervisor"},
                                                      {thunks_.look_up_again[1][1], "look_up_again.write.user"},
                                                      {thunks_.execute, "execute"},
                                                      {thunks_.check_jump[0], "check_jump.supervisor"},
                                                      {thunks_.check_jump[1], "check_jump.user"},
                                                      {thunks_.return_elsewhere[0], "return_elsewhere.supervisor"},
                                                      {thunks_.return_elsewhere[1], "return_elsewhere.user"},
                                                      {thunks_.make_flags_exact, "make_flags_exact"}};
    for (const auto& [code, name] : ways)
      if (reinterpret_cast<u64>(code) == address) return name;
    for (usize n = 0; n < std::size(thunks_.shortcuts); ++n)
      if (reinterpret_cast<u64>(thunks_.shortcuts[n]) == address) return fmt::format("shortcut.{}", kShortcuts[n].name);
    for (const Link* l : t_.outgoing)
      if (l->to != nullptr && reinterpret_cast<u64>(l->to->code) == address)
        return fmt::format("block_{:08x}", l->target);
    return fmt::format("{:#x}", address);
  }

  // The link whose jump this is.
  const Link* link_of(const cs_insn& i) const {
    for (const Link* l : t_.outgoing)
      if (reinterpret_cast<u64>(cache_.executable(l->jump)) == i.address + 1) return l;
    return nullptr;
  }

  // Of a constant of 64 bits: they are addresses of the emulator's.
  std::string name_of_constant(const cs_insn& i) const {
    if (i.id != X86_INS_MOVABS) return {};
    const u64 value = immediate(i, 1);
    if (t_.block != nullptr) {
      const u64 first = reinterpret_cast<u64>(t_.code_block().insns);
      if (value >= first && value < first + t_.count * sizeof(Insn))
        return fmt::format("insn[{}]", (value - first) / sizeof(Insn));
    }
    if (value == reinterpret_cast<u64>(&t_)) return "this translation";
    if (value == reinterpret_cast<u64>(&cpu_.clock.retired)) return "clock.retired";
    if (value == reinterpret_cast<u64>(&cpu_.clock.idle)) return "clock.idle";
    for (const Link* l : t_.outgoing) {
      if (reinterpret_cast<u64>(l) == value) return fmt::format("link to {:08x}", l->target);
      if (l->addend != nullptr && reinterpret_cast<u64>(cache_.executable(l->addend)) == i.address + 2)
        return fmt::format("page of {:08x}", l->target);
    }
    return {};
  }

  const Translation& t_;
  const Cpu& cpu_;
  const CodeCache& cache_;
  const Thunks& thunks_;
  csh handle_ = 0;
  std::map<u64, u32> labels_;  // by address, numbered in its order
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> host_code_text(const Translation& t, const Cpu& cpu, const CodeCache& cache,
                                        const Thunks& thunks) {
  return Writer(t, cpu, cache, thunks).run();
}

}  // namespace paemu::jit
