#include "comparison.hpp"

#include <cstdio>
#include <cstring>

#include "differences.hpp"

namespace paemu::isa_test {

namespace {

template <class... Values>
std::string text(const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

std::string hex(const u8* bytes, u32 size) {
  std::string s;
  for (u32 n = 0; n < size; ++n) s += text("%02x", bytes[n]);
  return s;
}

void say(std::string& all, const std::string& one) { all += (all.empty() ? "" : "; ") + one; }

std::string compare_exceptions(const Exception& ours, const Exception& theirs) {
  if (ours.vector != theirs.vector) return text("exception %d, host %d", ours.vector, theirs.vector);
  if (ours.error_code != theirs.error_code) return text("error code %x, host %x", ours.error_code, theirs.error_code);
  constexpr int kPageFault = 14;
  if (ours.vector == kPageFault && ours.address != theirs.address)
    return text("CR2 %08x, host %08x", ours.address, theirs.address);
  return "";
}

std::string compare_fpu(const FpuState& ours, const FpuState& theirs) {
  std::string all;
  if (ours.control != theirs.control) say(all, text("control %04x, host %04x", ours.control, theirs.control));
  if (ours.status != theirs.status) say(all, text("status %04x, host %04x", ours.status, theirs.status));
  if (ours.tag != theirs.tag) say(all, text("tag %02x, host %02x", ours.tag, theirs.tag));
  if (ours.mxcsr != theirs.mxcsr) say(all, text("MXCSR %04x, host %04x", ours.mxcsr, theirs.mxcsr));
  for (u32 n = 0; n < 8; ++n) {
    if (std::memcmp(ours.st[n], theirs.st[n], 10) != 0) {
      say(all, text("R%u ", n) + hex(ours.st[n], 10) + ", host " + hex(theirs.st[n], 10));
    }
    if (std::memcmp(ours.xmm[n], theirs.xmm[n], 16) != 0) {
      say(all, text("xmm%u ", n) + hex(ours.xmm[n], 16) + ", host " + hex(theirs.xmm[n], 16));
    }
  }
  return all;
}

std::string describe(const Outcomes& o) {
  std::string all = hex(o.test.bytes, o.test.length) + " with";
  static const char* const kNames[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
  for (u32 n = 0; n < 8; ++n) all += text(" %s %x", kNames[n], o.test.before.gpr[n]);
  all += text(" eip %x flags %x selectors", o.test.before.eip, o.test.before.eflags);
  for (const u16 selector : o.test.before.selector) all += text(" %x", selector);
  const FpuState& f = o.test.before.fpu;
  if (o.row.attributes & isa::attribute::kFpu) {
    all += text(" control %04x status %04x tag %02x mxcsr %04x", f.control, f.status, f.tag, f.mxcsr);
    const u8* modrm = o.test.bytes + o.test.length - 1;
    all += " xmm(reg) " + hex(f.xmm[*modrm >> 3 & 7], 16) + " xmm(rm) " + hex(f.xmm[*modrm & 7], 16);
    all += " ST0 " + hex(f.st[f.status >> 11 & 7], 10);
  }
  if (o.test.operand_size != 0)
    all += " at " + text("%x ", o.test.operand_address) +
           hex(o.test.operand, o.test.operand_size > 16 ? 16 : o.test.operand_size);
  return all;
}

}  // namespace

std::string compare(const Outcomes& o) {
  const bool faulted = o.native_exception.vector != Exception::kNone, single = !o.test.sequence;
  Adjusted a{o.emulated, o.emulated_exception, !faulted ? o.test.flags_undefined : single ? 0 : o.test.flags_unsure};
  if (single) adjust(o, a);
  const bool system =
      o.native_exception.vector == 14 && o.native_exception.address - layout::kSystem < layout::kSystemSize;
  if (a.skip || system || (!single && invalid_unmasked(o)) || o.native_exception.vector == Exception::kSystemCall)
    return "";
  std::string all = compare_exceptions(a.exception, o.native_exception);
  for (u32 n = 0; n < 8; ++n) {
    if (a.emulated.gpr[n] != o.native.gpr[n])
      say(all, text("register %u: %08x, host %08x", n, a.emulated.gpr[n], o.native.gpr[n]));
  }
  for (u32 n = 0; n < 6; ++n) {
    // The RPL of a null selector: the host's kernel may have lost it on the way.
    const u16 ours = o.emulated.selector[n], theirs = o.native.selector[n];
    if (ours != theirs && ((ours | theirs) & ~3) != 0)
      say(all, text("segment register %u: %04x, host %04x", n, ours, theirs));
  }
  if (o.emulated.eip != o.native.eip) say(all, text("eip %08x, host %08x", o.emulated.eip, o.native.eip));
  const u32 defined = ~a.flags_undefined;
  if ((o.emulated.eflags ^ o.native.eflags) & defined)
    say(all, text("flags %x, host %x", o.emulated.eflags, o.native.eflags));
  const std::string fpu = compare_fpu(a.emulated.fpu, o.native.fpu);
  if (!fpu.empty()) say(all, fpu);
  for (u32 n = 0; n < o.native_data.size(); ++n) {
    if (o.emulated_data[n] == o.native_data[n]) continue;
    say(all, text("at %x: ", layout::kData + n) + hex(&o.emulated_data[n], 8) + ", host " + hex(&o.native_data[n], 8));
    break;
  }
  return all.empty() ? "" : all + "\n      " + describe(o);
}

}  // namespace paemu::isa_test
