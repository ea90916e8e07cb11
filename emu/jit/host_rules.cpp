#include "jit/host_rules.hpp"

#include <array>
#include <cassert>
#include <vector>

#include "cpu/integer_arithmetic.hpp"
#include "cpu/integer_bits.hpp"
#include "cpu/integer_shift.hpp"

namespace paemu::jit {
namespace {

namespace operation = semantic::operation;
using Operands = HostRules::Operands;

// What the rule makes of the operands; the flags are in `f` before and after.
using Expected = void (*)(LazyFlags& f, Operands& o);

struct Probe {
  HostRule rule;
  std::vector<u8> bytes;
  Expected expected;
  u32 count = 0;    // in ECX, which an immediate count stands for as well; 0: any
  u32 ignored = 0;  // flags that are set right after the copy
};

template <class T>
void set_low(u32& reg, T value) {
  reg = (reg & ~u32{static_cast<T>(~T{0})}) | value;
}

// --- The interpreter's semantics on EAX, EDX and CL.
template <class Operation, class T>
void by_count(LazyFlags& f, Operands& o) {
  set_low(o.eax, Operation::template apply<T>(f, static_cast<T>(o.eax), o.ecx & 31));
}
template <class Operation>
void double_by_count(LazyFlags& f, Operands& o) {
  o.eax = Operation::template apply<u32>(f, o.eax, o.edx, o.ecx & 31);
}
template <class Operation, class T>
void of_two(LazyFlags& f, Operands& o) {
  set_low(o.eax, Operation::template apply<T>(f, static_cast<T>(o.eax), static_cast<T>(o.edx)));
}
void test(LazyFlags& f, Operands& o) { operation::And::apply<u32>(f, o.eax, o.edx); }
template <class Operation>
void bit_modify(LazyFlags& f, Operands& o) {
  const u32 mask = 1u << (o.edx & 31);
  f.set_carry((o.eax & mask) != 0);
  o.eax = Operation::apply(o.eax, mask);
}
void bit_test(LazyFlags& f, Operands& o) { f.set_carry(o.eax >> (o.edx & 31) & 1); }
template <class Scan>
void bit_scan(LazyFlags& f, Operands& o) {
  f.set_logic<u32>(o.edx != 0);
  if (o.edx != 0) o.eax = Scan::first(o.edx);
}
void compare_zero_with_one(LazyFlags& f, Operands&) { f.set(eflag::kCarry); }

// --- What is run. Registers: rm is EAX, reg is EDX; the bit scans' are the other way round.
constexpr u8 kRm = 0xd0;

template <class T>
constexpr std::array<Expected, 8> kShifts = {
    by_count<operation::Rol, T>, by_count<operation::Ror, T>, by_count<operation::Rcl, T>, by_count<operation::Rcr, T>,
    by_count<operation::Shl, T>, by_count<operation::Shr, T>, by_count<operation::Shl, T>, by_count<operation::Sar, T>};

// As copy_shift() copies them: by less than the width.
template <class T>
void add_shifts(std::vector<Probe>& all) {
  constexpr u32 kBits = sizeof(T) * 8;
  for (u8 kind = 0; kind < 8; ++kind) {
    if (kind == 6) continue;  // is written as 4
    const u32 ignored = kind < 4 ? 0 : eflag::kAdjust;
    const u8 modrm = static_cast<u8>(0xc0 | kind << 3);
    for (u8 count = 1; count < kBits; count = static_cast<u8>(count < 3 ? count + 1 : count * 2 + 1)) {
      const u8 wide = sizeof(T) == 1 ? 0 : 1;
      for (std::vector<u8> bytes : {std::vector<u8>{static_cast<u8>(0xc0 | wide), modrm, count},
                                    std::vector<u8>{static_cast<u8>(0xd2 | wide), modrm}}) {
        if (sizeof(T) == 2) bytes.insert(bytes.begin(), 0x66);
        all.push_back({shift_rule(kind), bytes, kShifts<T>[kind], count, ignored});
      }
    }
  }
}

std::vector<Probe> probes() {
  using enum HostRule;
  std::vector<Probe> all;
  add_shifts<u8>(all);
  add_shifts<u16>(all);
  add_shifts<u32>(all);
  for (const u8 count : {1, 2, 7, 8, 15, 31}) {
    all.push_back({kShld, {0x0f, 0xa4, kRm, count}, double_by_count<operation::Shld>, count, eflag::kAdjust});
    all.push_back({kShld, {0x0f, 0xa5, kRm}, double_by_count<operation::Shld>, count, eflag::kAdjust});
    all.push_back({kShrd, {0x0f, 0xac, kRm, count}, double_by_count<operation::Shrd>, count, eflag::kAdjust});
    all.push_back({kShrd, {0x0f, 0xad, kRm}, double_by_count<operation::Shrd>, count, eflag::kAdjust});
  }
  all.push_back({kBitTest, {0x0f, 0xa3, kRm}, bit_test});
  all.push_back({kBitTest, {0x0f, 0xab, kRm}, bit_modify<operation::Bts>});
  all.push_back({kBitTest, {0x0f, 0xb3, kRm}, bit_modify<operation::Btr>});
  all.push_back({kBitTest, {0x0f, 0xbb, kRm}, bit_modify<operation::Btc>});
  all.push_back({kBitScan, {0x0f, 0xbc, 0xc2}, bit_scan<operation::Lowest>, 0, eflag::kParity});
  all.push_back({kBitScan, {0x0f, 0xbd, 0xc2}, bit_scan<operation::Highest>, 0, eflag::kParity});
  all.push_back({kLogic, {0x20, kRm}, of_two<operation::And, u8>});
  all.push_back({kLogic, {0x66, 0x09, kRm}, of_two<operation::Or, u16>});
  all.push_back({kLogic, {0x09, kRm}, of_two<operation::Or, u32>});
  all.push_back({kLogic, {0x21, kRm}, of_two<operation::And, u32>});
  all.push_back({kLogic, {0x31, kRm}, of_two<operation::Xor, u32>});
  all.push_back({kLogic, {0x85, kRm}, test});
  // FLD1; FLDZ; FCOMI ST0,ST1; twice FSTP ST0: OF, SF and AF are cleared (SDM 2; others leave them).
  all.push_back({kFcomi, {0xd9, 0xe8, 0xd9, 0xee, 0xdb, 0xf1, 0xdd, 0xd8, 0xdd, 0xd8}, compare_zero_with_one});
  return all;
}

// A function (Operands*) around the bytes.
void write(u8* at, const Probe& p) {
  static constexpr u8 kLoad[] = {0x8b, 0x07,            // mov eax, [rdi]
                                 0x8b, 0x57, 4,         // mov edx, [rdi+4]
                                 0x8b, 0x4f, 8,         // mov ecx, [rdi+8]
                                 0x44, 0x8b, 0x47, 12,  // mov r8d, [rdi+12]
                                 0x41, 0x50, 0x9d};     // push r8; popfq
  static constexpr u8 kStore[] = {0x9c, 0x41, 0x58,     // pushfq; pop r8
                                  0x89, 0x07, 0x89, 0x57, 4, 0x89, 0x4f, 8, 0x44, 0x89, 0x47, 12, 0xc3};
  at = std::copy(std::begin(kLoad), std::end(kLoad), at);
  at = std::copy(p.bytes.begin(), p.bytes.end(), at);
  std::copy(std::begin(kStore), std::end(kStore), at);
}
constexpr u64 kMostOfProbe = 48;

bool holds(const Probe& p, void (*native)(Operands*), const HostRules::Run& run) {
  constexpr u32 kAlwaysSet = 0x202;
  static constexpr std::pair<u32, u32> kValues[] = {
      {0, 0}, {0x80000001, 0x7fffffff}, {0x55aa8040, 31}, {0xffffffff, 0x80000000}, {0x4000c1b7, 0x12345678}};
  for (const auto& [eax, edx] : kValues) {
    for (const u32 flags : {0u, eflag::kArithmetic}) {
      Operands host{eax, edx, p.count, flags | kAlwaysSet}, ours = host;
      LazyFlags f;
      f.set(flags);
      p.expected(f, ours);
      run(p.rule, native, host);
      const u32 differing = (host.flags ^ f.get()) & eflag::kArithmetic & ~p.ignored;
      if (host.eax != ours.eax || host.edx != ours.edx || differing != 0) return false;
    }
  }
  return true;
}

constexpr const char* kNames[kHostRules] = {"ROL",  "ROR",  "RCL",  "RCR", "SHL",         "SHR",
                                            "SAR",  "SHLD", "SHRD", "BT",  "BSF and BSR", "AND, OR, XOR and TEST",
                                            "FCOMI"};

}  // namespace

HostRules HostRules::probe(CodeCache& cache) {
  return probe(cache, [](HostRule, void (*native)(Operands*), Operands& o) { native(&o); });
}

HostRules HostRules::probe(CodeCache& cache, const Run& run) {
  const std::vector<Probe> all = probes();
  u8* const first = cache.reserve(all.size() * kMostOfProbe);
  assert(first != nullptr);
  for (usize n = 0; n < all.size(); ++n) write(first + n * kMostOfProbe, all[n]);
  u32 broken = 0;
  for (usize n = 0; n < all.size(); ++n) {
    const u8* const code = cache.executable(first + n * kMostOfProbe);
    const auto native = reinterpret_cast<void (*)(Operands*)>(reinterpret_cast<u64>(code));
    if (!holds(all[n], native, run)) broken |= 1u << static_cast<u32>(all[n].rule);
  }
  return HostRules(broken);
}

std::string HostRules::broken() const {
  std::string names;
  for (u32 n = 0; n < kHostRules; ++n) {
    if (hold(static_cast<HostRule>(n))) continue;
    names += (names.empty() ? "" : ", ") + std::string(kNames[n]);
  }
  return names;
}

}  // namespace paemu::jit
