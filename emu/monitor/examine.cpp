#include "monitor/examine.hpp"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include "base/size_text.hpp"
#include "cpu/registers.hpp"

namespace paemu::monitor {
namespace {

constexpr u32 kLongestInstruction = 15;
constexpr int kCodeSegment = 1;       // isa::SegmentRegister
constexpr u16 kDefault32 = 1u << 14;  // D/B in Segment::attributes

bool read(const View& view, Space space, u64 address, std::span<u8> out) {
  return space == Space::Linear
             ? view.machine.read_linear(view.processor, GuestLinear{static_cast<u32>(address)}, out)
             : view.machine.read_physical(GuestPhys{address}, out);
}

CpuState state_of(const View& view) { return view.machine.registers(view.processor).cpu; }

std::string address_text(Space space, u64 address) {
  return space == Space::Linear ? fmt::format("{:08x}:", static_cast<u32>(address)) : fmt::format("{:010x}:", address);
}

std::string unit_text(u64 value, const Format& format) {
  const u32 bits = format.size * 8;
  switch (format.kind) {
    case 'd': return fmt::format(" {}", static_cast<i64>(value << (64 - bits)) >> (64 - bits));
    case 'u': return fmt::format(" {}", value);
    case 'o': return fmt::format(" {:#o}", value);
    case 'c':
      return value >= 0x20 && value < 0x7f ? fmt::format(" '{}'", static_cast<char>(value))
                                           : fmt::format(" '\\x{:02x}'", value & 0xff);
    default: return fmt::format(" 0x{:0{}x}", value, format.size * 2);
  }
}

base::Or<std::string> show_units(const View& view, Space space, u64 address, Format format) {
  const u32 columns = format.kind == 'c' ? 8 : std::max(1u, 16 / format.size);
  std::string text;
  for (u32 i = 0; i < format.count; ++i, address += format.size) {
    u8 bytes[8] = {};
    if (!read(view, space, address, std::span(bytes, format.size))) {
      if (i == 0) return base::fail("nothing can be read at " + fmt::format("{:#x}", address));
      return text + "\nnothing can be read at " + fmt::format("{:#x}", address);
    }
    u64 value = 0;
    for (u32 k = 0; k < format.size; ++k) value |= u64{bytes[k]} << (8 * k);
    if (i % columns == 0) text += (i == 0 ? "" : "\n") + address_text(space, address);
    text += unit_text(value, format);
  }
  return text;
}

class Disassembler {
 public:
  explicit Disassembler(bool is_32_bit) {
    open_ = cs_open(CS_ARCH_X86, is_32_bit ? CS_MODE_32 : CS_MODE_16, &handle_) == CS_ERR_OK;
  }
  ~Disassembler() {
    if (open_) cs_close(&handle_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // The text of the instruction at the start of `bytes`, and its length; "(bad)" and 1 when it is none.
  std::string one(std::span<const u8> bytes, u64 address, u32& length) {
    cs_insn* insn = nullptr;
    length = 1;
    if (!open_ || cs_disasm(handle_, bytes.data(), bytes.size(), address, 1, &insn) != 1) return "(bad)";
    std::string text = fmt::format("{} {}", insn->mnemonic, insn->op_str);
    length = insn->size;
    cs_free(insn, 1);
    return text;
  }

 private:
  csh handle_ = 0;
  bool open_ = false;
};

base::Or<std::string> show_instructions(const View& view, Space space, u64 address, u32 count) {
  Disassembler disassembler((state_of(view).segment[kCodeSegment].attributes & kDefault32) != 0);
  std::string text;
  for (u32 i = 0; i < count; ++i) {
    u8 bytes[kLongestInstruction] = {};
    u32 readable = 0;
    while (readable < kLongestInstruction && read(view, space, address + readable, std::span(bytes + readable, 1)))
      ++readable;
    if (readable == 0 && i == 0) return base::fail("nothing can be read at " + fmt::format("{:#x}", address));
    if (readable == 0) return text + "\nnothing can be read at " + fmt::format("{:#x}", address);
    u32 length = 1;
    const std::string insn = disassembler.one(std::span(bytes, readable), address, length);
    std::string hex;
    for (u32 k = 0; k < length; ++k) hex += fmt::format("{:02x} ", bytes[k]);
    text += fmt::format("{}{} {:<24}{}", i == 0 ? "" : "\n", address_text(space, address), hex, insn);
    address += length;
  }
  return text;
}

base::Or<u64> register_value(const View& view, std::string_view name) {
  static constexpr std::string_view kGeneral[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
  const CpuState cpu = state_of(view);
  for (int i = 0; i < 8; ++i)
    if (name == kGeneral[i]) return u64{cpu.gpr[i]};
  // Where the next instruction is, so that `x /i $eip` shows it in real mode too.
  if (name == "eip" || name == "pc") return u64{cpu.eip + cpu.segment[kCodeSegment].base};
  if (name == "eflags") return u64{cpu.eflags};
  if (name == "cr0") return u64{cpu.cr0};
  if (name == "cr2") return u64{cpu.cr2};
  if (name == "cr3") return u64{cpu.cr3};
  if (name == "cr4") return u64{cpu.cr4};
  return base::fail("there is no register $" + std::string(name));
}

}  // namespace

base::Or<Format> parse_format(std::string_view text) {
  Format format;
  const std::string whole(text);
  if (text.starts_with('/')) text.remove_prefix(1);
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    const auto count = base::take_number(text);
    if (!count || *count == 0 || *count > kMaxUnits)
      return base::fail(whole + ": the count must be from 1 to " + std::to_string(kMaxUnits));
    format.count = static_cast<u32>(*count);
  }
  bool sized = false;
  for (const char c : text) {
    switch (c) {
      case 'x':
      case 'd':
      case 'u':
      case 'o':
      case 'c':
      case 'i': format.kind = c; break;
      case 'b': format.size = 1, sized = true; break;
      case 'h': format.size = 2, sized = true; break;
      case 'w': format.size = 4, sized = true; break;
      case 'g': format.size = 8, sized = true; break;
      default: return base::fail(whole + ": '" + c + "' is no format; use x, d, u, o, c or i, and b, h, w or g");
    }
  }
  if (format.kind == 'c' && !sized) format.size = 1;
  return format;
}

base::Or<u64> evaluate(const View& view, std::string_view text) {
  u64 value = 0;
  bool negative = false, wanted = true;
  while (true) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty()) break;
    if (wanted) {
      u64 term;
      if (text.front() == '$') {
        usize end = 1;
        while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= '0' && text[end] <= '9')))
          ++end;
        term = TRY(register_value(view, text.substr(1, end - 1)));
        text.remove_prefix(end);
      } else if (const auto number = base::take_number(text)) {
        term = *number;
      } else {
        return base::fail("a number or a $register is missing at \"" + std::string(text) + "\"");
      }
      value = negative ? value - term : value + term;
      wanted = false;
    } else if (text.front() == '+' || text.front() == '-') {
      negative = text.front() == '-';
      wanted = true;
      text.remove_prefix(1);
    } else {
      return base::fail("\"" + std::string(text) + "\" makes no sense here; use + or -");
    }
  }
  if (wanted) return base::fail("an expression is missing, as 0x100000 or $esp+8");
  return value;
}

base::Or<std::string> show_memory(const View& view, Space space, u64 address, Format format) {
  return format.kind == 'i' ? show_instructions(view, space, address, format.count)
                            : show_units(view, space, address, format);
}

}  // namespace paemu::monitor
