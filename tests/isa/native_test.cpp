// Every instruction of the table on the emulated processor and on the host's own: same registers, flags, memory, x87
// and SSE state, same exception. What may differ stands in differences.cpp, what is not run in coverage.cpp,
// with reasons.
//
// usage: isa-native [--long] [--cases N] [--seed N] [--only MNEMONIC]
// Exit status 77: this host cannot run 32-bit code.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "comparison.hpp"
#include "coverage.hpp"
#include "emulated_processor.hpp"
#include "generator.hpp"
#include "isa/decoder.hpp"
#include "native_processor.hpp"
#include "segments.hpp"

using namespace paemu;
using namespace paemu::isa_test;

namespace {

struct Options {
  u64 cases = 1'500'000;
  u64 seed = 1;
  std::string only;
};

bool parse(int count, char** words, Options& options) {
  for (int n = 1; n < count; ++n) {
    const std::string word = words[n];
    if (word == "--long")
      options.cases = 20'000'000;
    else if (word == "--cases" && n + 1 < count)
      options.cases = std::strtoull(words[++n], nullptr, 0);
    else if (word == "--seed" && n + 1 < count)
      options.seed = std::strtoull(words[++n], nullptr, 0);
    else if (word == "--only" && n + 1 < count)
      options.only = words[++n];
    else
      return false;
  }
  return true;
}

class Comparison {
 public:
  Comparison(NativeProcessor& native, u64 seed)
      : native_(native), emulated_(native.has_local_segments()), generator_(seed, native.has_local_segments()) {
    // Both start with the same data, and go on with what their instructions leave.
    std::vector<u8> noise(layout::kDataSize);
    Dice dice(seed);
    for (u8& b : noise) b = static_cast<u8>(dice.next());
    write(layout::kData, noise);
    write(layout::kCode, code_);
  }

  // -> what differs; empty when nothing does.
  std::string run(const isa::Row& row) { return run(row, generator_.make(row)); }

  std::string run_sequence(std::span<const isa::Row* const> rows) {
    constexpr u32 kMost = 12;
    static const isa::Row kManyRows{"sequence"};
    return run(kManyRows, generator_.make_sequence(rows, kMost));
  }

  std::string run_repeated(const isa::Row& row) { return run(row, generator_.make_repeated(row)); }

  // Bytes at random. What they are is our decoder's word, which the host confirms.
  std::string run_bytes() {
    static const isa::Row kUndefined{"undefined"};
    Case c = generator_.make_bytes();
    const bool code32 = segment_of(c.before.selector[isa::kCs]).attributes & 0x4000;
    isa::Insn insn;
    const auto status = isa::decode({c.bytes, c.length}, code32 ? isa::CodeSize::k32 : isa::CodeSize::k16, insn);
    if (status == isa::DecodeStatus::kUndefined) return defined_later(c.bytes) ? "" : run(kUndefined, c);
    if (status != isa::DecodeStatus::kOk) return run(kUndefined, c);
    const isa::Row& row = isa::row_of(insn);
    if (!fits_bytes(row, insn.opcode)) return "";
    c.flags_undefined = c.flags_unsure = row.flags_undefined;
    c.modrm = insn.modrm;
    c.operand16 = insn.flags & isa::insn_flag::kOperand16;
    c.length = insn.length;
    return run(row, c);
  }

 private:
  std::string run(const isa::Row& row, const Case& c) {
    write(c.code, {c.bytes, c.length});
    if (c.operand_size != 0) write(c.operand_address, {c.operand, c.operand_size});
    Registers mine = c.before, theirs = c.before;
    const u8 breakpoint = 0xcc;
    if (c.sequence) write(c.code + c.length, {&breakpoint, 1});
    using Stop = NativeProcessor::Stop;
    const Exception expected = native_.run(theirs, c.sequence ? Stop::kBreakpoint : Stop::kTrapFlag);
    const bool repeated = c.sequence && c.count == 1;
    const Exception got = repeated ? emulated_.run_to_breakpoint(mine) : emulated_.run(mine, c.count);
    std::vector<u8>& data = data_;
    emulated_.read(layout::kData, data);
    const bool same = std::memcmp(data.data(), native_.data(), layout::kDataSize) == 0;
    Outcomes o{row, c, mine, theirs, got, expected, data, {native_.data(), layout::kAllData}};
    // A sequence may have overwritten its own breakpoint: then the host ran on, or faulted on what stands there now.
    const u32 done = theirs.eip - c.before.eip;
    const bool faulted = expected.vector != Exception::kNone;
    const bool ran_on = c.sequence && (done > c.length || (done == c.length && faulted));
    const std::string difference = ran_on ? "" : compare(o);
    if (ran_on) write(layout::kCode, code_);
    if (!same) emulated_.write(layout::kData, {native_.data(), layout::kDataSize});
    const std::vector<u8> nops(c.length + 1, 0x90);
    write(c.code, nops);
    return difference;
  }

  void write(u32 address, std::span<const u8> bytes) {
    // What lies beyond the code's last page is nowhere.
    const u32 end = layout::kCode + layout::kCodeSize;
    if (address < end && address + bytes.size() > end) bytes = bytes.first(end - address);
    native_.write(address, bytes);
    emulated_.write(address, bytes);
  }

  NativeProcessor& native_;
  EmulatedProcessor emulated_;
  Generator generator_;
  const std::vector<u8> code_ = std::vector<u8>(layout::kCodeSize, 0x90);
  std::vector<u8> data_ = std::vector<u8>(layout::kAllData);
};

struct Found {
  u32 count = 0;
  std::string first;
};

std::string name_of(const isa::Row& row) {
  char opcode[8];
  std::snprintf(opcode, sizeof opcode, "%s%02x ", row.map == isa::Map::k0F ? "0f " : "", row.opcode);
  return opcode + std::string(row.mnemonic);
}

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!parse(count, words, options)) {
    std::fprintf(stderr, "usage: isa-native [--long] [--cases N] [--seed N] [--only MNEMONIC]\n");
    return 2;
  }
  NativeProcessor native;
  if (!native.unavailable().empty()) {
    std::printf("skipped: %s\n", native.unavailable().c_str());
    return 77;
  }
  if (!native.has_local_segments()) std::printf("this host gives no local descriptor table: flat segments only\n");
  std::vector<const isa::Row*> rows;
  u32 left_out = 0;
  for (const isa::Row& row : isa::rows()) {
    if (!options.only.empty() && options.only != row.mnemonic) continue;
    if (not_compared(row) == nullptr)
      rows.push_back(&row);
    else
      ++left_out;
  }
  if (rows.empty()) {
    std::fprintf(stderr, "no instruction of that name is compared\n");
    return 2;
  }
  // Of eight cases five are single instructions, two sequences, one bytes.
  std::vector<const isa::Row*> together;
  for (const isa::Row* row : rows) {
    if (fits_sequence(*row)) together.push_back(row);
  }
  std::vector<const isa::Row*> strings;
  for (const isa::Row* row : rows) {
    if (repeatable(*row)) strings.push_back(row);
  }
  Comparison comparison(native, options.seed);
  std::map<std::string, Found> found;
  const auto note = [&](const std::string& where, u64 n, const std::string& difference) {
    if (difference.empty()) return;
    Found& f = found[where];
    if (f.count++ == 0) f.first = "case " + std::to_string(n) + ": " + difference;
  };
  for (u64 n = 0; n < options.cases; ++n) {
    const u64 kind = n % 8;
    if (kind == 7 && options.only.empty()) {
      note("bytes", n, comparison.run_bytes());
    } else if (kind == 6 && n % 4096 < 512 && !strings.empty()) {
      const isa::Row& row = *strings[n / 8 % strings.size()];
      note("repeated " + name_of(row), n, comparison.run_repeated(row));
    } else if (kind >= 5 && !together.empty()) {
      note("sequences", n, comparison.run_sequence(together));
    } else {
      const isa::Row& row = *rows[(n / 8 * 5 + kind) % rows.size()];
      note(name_of(row), n, comparison.run(row));
    }
  }
  for (const auto& [where, f] : found)
    std::printf("%s: %u times, first in %s\n", where.c_str(), f.count, f.first.c_str());
  std::printf("%llu cases of %zu rows (%u rows left out): %zu differ\n", static_cast<unsigned long long>(options.cases),
              rows.size(), left_out, found.size());
  return found.empty() ? 0 : 1;
}
