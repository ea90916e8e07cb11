// Sequences of instructions on the interpreter and on the translator: same registers, all flags, memory, x87 and SSE
// state, same exception. Nothing is masked: what the manual leaves undefined is the same in both (docs/undefined.md).
//
// usage: isa-engines [CASES [SEED [verify|distrust|window|path|window-path]]]
// verify: the second is -engine verify, which says what instruction it is that differs. distrust: the second takes the
// host for one whose undefined flags are others than docs/undefined.md says. window: all translated code accesses memory
// by the window. path: the sequences have jumps between them, and are joined to paths.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "coverage.hpp"
#include "emulated_processor.hpp"
#include "generator.hpp"
#include "isa/decoder.hpp"
#include "jit/translator.hpp"

using namespace paemu;
using namespace paemu::isa_test;

namespace {

class Engines {
 public:
  Engines(u64 seed, EngineKind second, TrustHost trust, TranslatorTuning tuning)
      : verify_(second == EngineKind::kVerify),
        paths_(tuning.path_after == 0),
        translator_{false, second, trust, tuning},
        generator_(seed, false),
        dice_(seed) {
    std::vector<u8> noise(layout::kDataSize);
    for (u8& b : noise) b = static_cast<u8>(dice_.next());
    write(layout::kData, noise);
    generator_.crowd_operands();
    interpreter_.map_alias();
    translator_.map_alias();
  }

  // -> what differs; empty when nothing does.
  std::string run_sequence(std::span<const isa::Row* const> rows) {
    Case c = generator_.make_sequence(rows, 12);
    if (dice_.one_in(8)) add_short_address(c);
    if (paths_) add_jumps(c);
    const bool loops = (paths_ || dice_.one_in(3)) && make_loop(c);
    return run(c, loops);
  }
  // One instruction, with all its prefixes and operands anywhere.
  std::string run_alone(const isa::Row& row) { return run(generator_.make(row), false); }
  std::string run_repeated(const isa::Row& row) { return run(generator_.make_repeated(row), false); }

 private:
  std::string run(const Case& c, bool loops) {
    const u8 breakpoint = 0xcc;
    interpreter_.forget_code();
    translator_.forget_code();
    if (c.code + c.length >= layout::kCode + layout::kCodeSize) return "";
    write(c.code, {c.bytes, c.length});
    write(c.code + c.length, {&breakpoint, 1});
    if (c.operand_size != 0) write(c.operand_address, {c.operand, c.operand_size});
    if (count_++ % 2 == 0) {
      interpreter_.forget_translations();
      translator_.forget_translations();
    }
    // The second time the fast TLB has what the first time missed.
    for (u32 turn = 0; turn < 2; ++turn) {
      if (loops) write(kRounds, std::array<u8, 4>{static_cast<u8>(1 + dice_.below(paths_ ? 120 : 9))});
      const u64 walks_before = interpreter_.walks() - translator_.walks();
      Registers a = c.before, b = c.before;
      const Exception of_a = interpreter_.run_to_breakpoint(a), of_b = translator_.run_to_breakpoint(b);
      const std::string difference = compare(a, b, of_a, of_b);
      if (!difference.empty()) return difference + bytes(c);
      if (translator_.engines_differ()) return "the engines differ" + bytes(c);
      // Stores that are compared look for their page each time.
      if (!verify_ && interpreter_.walks() - translator_.walks() != walks_before) return "page walks differ" + bytes(c);
    }
    return "";
  }

  // Where a loop counts: no sequence stores there.
  static constexpr u32 kRounds = layout::kCode + layout::kCodeSize - 4;
  // dec dword [kRounds]; jnz to the start: what a round leaves open the next one finds.
  bool make_loop(Case& c) {
    constexpr u32 kSize = 12;
    if (c.length + kSize > sizeof c.bytes || c.code + c.length + kSize >= kRounds) return false;
    const u32 distance = 0u - (c.length + kSize);
    c.code -= kSize, c.before.eip -= kSize;  // within the page, as a loop's block must be
    c.bytes[c.length++] = 0xff, c.bytes[c.length++] = 0x0d;
    for (u32 n = 0; n < 4; ++n) c.bytes[c.length++] = static_cast<u8>(kRounds >> (8 * n));
    c.bytes[c.length++] = 0x0f, c.bytes[c.length++] = 0x85;
    for (u32 n = 0; n < 4; ++n) c.bytes[c.length++] = static_cast<u8>(distance >> (8 * n));
    return true;
  }
  // Jumps and branches between the instructions, over bytes that are none. Some never go there.
  void add_jumps(Case& c) {
    Case with = c;
    with.length = 0;
    const auto put = [&](std::initializer_list<u8> bytes) {
      for (const u8 b : bytes) with.bytes[with.length++] = b;
    };
    for (u32 at = 0; at < c.length;) {
      Insn insn;
      const bool whole =
          isa::decode({c.bytes + at, c.length - at}, isa::CodeSize::k32, insn) == isa::DecodeStatus::kOk;
      const u32 size = whole ? insn.length : c.length - at;
      constexpr u32 kMostPut = 5, kLoop = 12;
      if (with.length + size + kMostPut + kLoop > sizeof with.bytes) return;
      for (u32 n = 0; n < size; ++n) with.bytes[with.length++] = c.bytes[at + n];
      at += size;
      const u8 condition = static_cast<u8>(0x70 | dice_.below(16));
      switch (dice_.below(6)) {
        case 0: put({0xeb, 0}); break;
        case 1: put({0xeb, 2, 0x0f, 0x0b}); break;                          // over UD2
        case 2: put({condition, 0}); break;                                 // to the same place either way
        case 3: put({condition, 2, 0xeb, 0}); break;                        // over a jump
        case 4: put({0xe3, 3, 0x8d, 0x49, 0xff}); break;                    // jecxz over lea ecx, [ecx - 1]
        default: break;
      }
    }
    c = with;
  }
  // One more instruction, whose address has 16 bits: nothing is mapped there, so that only LEA does not fault. Half of
  // them stand alone, with registers whose upper halves lead to the data.
  void add_short_address(Case& c) {
    if (dice_.one_in(2)) {
      c.length = 0;
      for (const u32 n : {isa::kEbx, isa::kEsi, isa::kEdi, isa::kEbp})
        c.before.gpr[n] = layout::kData + dice_.below(layout::kDataSize / 2);
    }
    static constexpr u8 kOpcodes[] = {0x8d, 0x8d, 0x03, 0x29, 0x39, 0x84, 0x88, 0x8b, 0xff};
    const u8 modrm = static_cast<u8>(0x40 | (dice_.next() & 0x3f));  // with an offset of 8 bits
    for (const u8 b : {u8{0x67}, dice_.pick(kOpcodes), modrm, static_cast<u8>(dice_.next())}) c.bytes[c.length++] = b;
  }
  void write(u32 address, std::span<const u8> bytes) {
    interpreter_.write(address, bytes);
    translator_.write(address, bytes);
  }

  std::string compare(const Registers& a, const Registers& b, const Exception& of_a, const Exception& of_b) {
    char text[200];
    for (u32 n = 0; n < 8; ++n) {
      if (a.gpr[n] == b.gpr[n]) continue;
      std::snprintf(text, sizeof text, "register %u is %08x interpreted, %08x translated", n, a.gpr[n], b.gpr[n]);
      return text;
    }
    if (a.eflags != b.eflags || a.eip != b.eip) {
      std::snprintf(text, sizeof text, "EFLAGS %08x, EIP %08x interpreted; %08x, %08x translated", a.eflags, a.eip,
                    b.eflags, b.eip);
      return text;
    }
    if (of_a.vector != of_b.vector || of_a.error_code != of_b.error_code || of_a.address != of_b.address)
      return "the exception differs";
    if (a.fpu.mxcsr != b.fpu.mxcsr) {
      std::snprintf(text, sizeof text, "MXCSR is %08x interpreted, %08x translated", a.fpu.mxcsr, b.fpu.mxcsr);
      return text;
    }
    for (u32 n = 0; n < 8; ++n) {
      if (std::memcmp(a.fpu.xmm[n], b.fpu.xmm[n], 16) != 0) return "XMM" + std::to_string(n) + " differs";
    }
    for (u32 n = 0; n < 8; ++n) {
      if (std::memcmp(a.fpu.st[n], b.fpu.st[n], 10) != 0) return "an x87 register differs";
    }
    if (a.fpu.status != b.fpu.status || a.fpu.tag != b.fpu.tag || a.fpu.control != b.fpu.control)
      return "x87 words differ";
    if (a.fpu.code_offset != b.fpu.code_offset || a.fpu.data_offset != b.fpu.data_offset ||
        a.fpu.last_opcode != b.fpu.last_opcode || a.fpu.code_selector != b.fpu.code_selector ||
        a.fpu.data_selector != b.fpu.data_selector)
      return "x87 pointers differ";
    interpreter_.read(layout::kData, data_a_);
    translator_.read(layout::kData, data_b_);
    return data_a_ == data_b_ ? "" : "memory differs";
  }

  static std::string bytes(const Case& c) {
    std::string all = ":";
    for (u32 n = 0; n < c.length; ++n) {
      char hex[4];
      std::snprintf(hex, sizeof hex, " %02x", c.bytes[n]);
      all += hex;
    }
    return all;
  }

  const bool verify_, paths_;
  EmulatedProcessor interpreter_{false, EngineKind::kInterpreter}, translator_;
  Generator generator_;
  Dice dice_;
  u64 count_ = 0;
  std::vector<u8> data_a_ = std::vector<u8>(layout::kAllData), data_b_ = std::vector<u8>(layout::kAllData);
};

}  // namespace

int main(int count, char** words) {
  if (!Translator::supported()) {
    std::printf("skipped: this host's processor has no BMI2, so nothing is translated\n");
    return 77;
  }
  const u64 cases = count > 1 ? std::strtoull(words[1], nullptr, 0) : 20000;
  const u64 seed = count > 2 ? std::strtoull(words[2], nullptr, 0) : 1;
  // plain: what compiled code is made of; units: x87, MMX and SSE
  std::vector<const isa::Row*> rows, plain, units, strings;
  for (const isa::Row& row : isa::rows()) {
    // What hosts leave undefined, or processors do in different ways, is the same in both engines.
    static constexpr std::array kOurs = {"shld",     "shrd",       "xlat",  "div",   "idiv",    "cvtpi2ps",
                                         "maskmovq", "maskmovdqu", "pusha", "popa",  "enter",   "fnclex",
                                         "fninit",   "ldmxcsr",    "rcpps", "rcpss", "rsqrtps", "rsqrtss"};
    const bool from_segment = row.map == isa::Map::k1 && row.opcode == 0x8c;
    const bool ours = row.attributes & isa::attribute::kString || from_segment ||
                      std::ranges::any_of(kOurs, [&](const char* mnemonic) { return named(row, mnemonic); });
    const bool privileged = row.attributes & (isa::attribute::kPrivileged | isa::attribute::kSlow);
    if (not_compared(row) != nullptr || !(fits_sequence(row) || (ours && !privileged))) continue;
    rows.push_back(&row);
    if (repeatable(row)) strings.push_back(&row);
    if (row.attributes & isa::attribute::kFpu)
      units.push_back(&row);
    else if (row.map == isa::Map::k1)
      plain.push_back(&row);
  }
  const std::string_view how = count > 3 ? words[3] : "";
  Engines engines(seed, how == "verify" ? EngineKind::kVerify : EngineKind::kTranslator,
                  how == "distrust" ? TrustHost::kNo : TrustHost::kIfItPasses,
                  {.hot = 0,
                   .window_after = how.starts_with("window") ? 0u : 2u,
                   .path_after = how.ends_with("path") ? 0u : 2u});
  for (u64 n = 0; n < cases; ++n) {
    const std::string difference = n % 16 == 7    ? engines.run_alone(*rows[n / 16 % rows.size()])
                                   : n % 16 == 15 ? engines.run_repeated(*strings[n / 16 % strings.size()])
                                   : n % 2 != 0   ? engines.run_sequence(plain)
                                                  : engines.run_sequence(n % 4 == 0 ? rows : units);
    if (difference.empty()) continue;
    std::printf("case %llu of seed %llu: %s\n", static_cast<unsigned long long>(n),
                static_cast<unsigned long long>(seed), difference.c_str());
    return 1;
  }
  std::printf("%llu sequences are the same in both engines\n", static_cast<unsigned long long>(cases));
  return 0;
}
