#include "cpu/features.hpp"

#include <algorithm>

#include "cpu/state.hpp"

namespace paemu {

namespace {

constexpr FeatureRow kFeatures[] = {
    {"fpu", Feature::kFpu, 0, nullptr},
    {"vme", Feature::kVme, cr4::kVme | cr4::kPvi, nullptr},
    {"de", Feature::kDe, cr4::kDe, nullptr},
    {"pse", Feature::kPse, cr4::kPse, nullptr},
    {"tsc", Feature::kTsc, cr4::kTsd, nullptr},
    {"msr", Feature::kMsr, 0, nullptr},
    {"pae", Feature::kPae, cr4::kPae, nullptr},
    {"mce", Feature::kMce, cr4::kMce, nullptr},
    {"cx8", Feature::kCx8, 0, nullptr},
    {"apic", Feature::kApic, 0, "msr"},
    {"sep", Feature::kSep, 0, "msr"},
    {"mtrr", Feature::kMtrr, 0, "msr"},
    {"pge", Feature::kPge, cr4::kPge, nullptr},
    {"mca", Feature::kMca, 0, "msr"},
    {"cmov", Feature::kCmov, 0, nullptr},
    {"pat", Feature::kPat, 0, "msr"},
    {"pse36", Feature::kPse36, 0, "pse"},
    {"clflush", Feature::kClflush, 0, nullptr},
    {"mmx", Feature::kMmx, 0, "fpu"},
    {"fxsr", Feature::kFxsr, cr4::kOsfxsr, "fpu"},
    {"sse", Feature::kSse, cr4::kOsxmmexcpt, "fxsr"},
    {"sse2", Feature::kSse2, 0, "sse"},
    {"ss", Feature::kSelfSnoop, 0, nullptr},
    {"sse3", Feature::kSse3, 0, "sse2"},
    {"pni", Feature::kSse3, 0, "sse2"},
    {"monitor", Feature::kMonitor, 0, nullptr},
    {"nx", Feature::kNx, 0, "pae"},
    {"xd", Feature::kNx, 0, "pae"},
    {"tsc-adjust", Feature::kTscAdjust, 0, "tsc"},
};

// --- Instructions by the extension that brought them (SDM 1, chapter 5). Only what the rules below do not say.

struct Members {
  Feature feature;
  std::string_view mnemonics;  // between blanks
};
constexpr Members kSystem[] = {
    {Feature::kCmov,
     " cmov fcmovb fcmove fcmovbe fcmovu fcmovnb fcmovne fcmovnbe fcmovnu fcomi fcomip fucomi fucomip "},
    {Feature::kCx8, " cmpxchg8b "},
    {Feature::kTsc, " rdtsc "},
    {Feature::kMsr, " rdmsr wrmsr "},
    {Feature::kSep, " sysenter sysexit "},
    {Feature::kClflush, " clflush "},
    {Feature::kMonitor, " monitor mwait "},
    {Feature::kFxsr, " fxsave fxrstor "},
    {Feature::kMmx, " emms "},
    {Feature::kSse, " ldmxcsr stmxcsr sfence "},
    {Feature::kSse2, " lfence mfence movnti "},
    {Feature::kSse3, " fisttp addsubps addsubpd haddps haddpd hsubps hsubpd movsldup movshdup movddup lddqu "},
};
constexpr Members kMmxRegisters[] = {
    {Feature::kSse,
     " pavgb pavgw pextrw pinsrw pmaxsw pmaxub pminsw pminub pmovmskb pmulhuw psadbw pshufw maskmovq movntq "},
    {Feature::kSse2, " paddq psubq pmuludq "},
};
// Of XMM registers, but without the prefix that otherwise marks SSE2.
constexpr std::string_view kSse2WithoutPrefix =
    " cvtps2pd cvtss2sd cvtdq2ps cvttps2dq cvtdq2pd movdqu movq pshufhw movq2dq ";

bool among(std::string_view list, std::string_view mnemonic) {
  for (usize at = list.find(mnemonic); at != list.npos; at = list.find(mnemonic, at + 1)) {
    if (list[at - 1] == ' ' && list[at + mnemonic.size()] == ' ') return true;
  }
  return false;
}

bool has_operand(const isa::Row& row, isa::Operand first, isa::Operand last) {
  return std::any_of(std::begin(row.operands), std::end(row.operands),
                     [=](isa::Operand o) { return o >= first && o <= last; });
}

}  // namespace

std::span<const FeatureRow> features() { return kFeatures; }

const FeatureRow* find_feature(std::string_view name) {
  const auto same = [](char a, char b) { return a == b || (a == '_' && b == '-'); };
  for (const FeatureRow& f : kFeatures) {
    if (std::equal(name.begin(), name.end(), f.name, f.name + std::string_view(f.name).size(), same)) return &f;
  }
  return nullptr;
}

Feature feature_of(const isa::Row& row) {
  for (const Members& m : kSystem) {
    if (among(m.mnemonics, row.mnemonic)) return m.feature;
  }
  if (has_operand(row, isa::Operand::Vdq, isa::Operand::Upd)) {
    const bool marked = row.prefix == isa::Prefix::k66 || row.prefix == isa::Prefix::kF2;
    return marked || among(kSse2WithoutPrefix, row.mnemonic) ? Feature::kSse2 : Feature::kSse;
  }
  if (has_operand(row, isa::Operand::Pq, isa::Operand::Nq)) {
    for (const Members& m : kMmxRegisters) {
      if (among(m.mnemonics, row.mnemonic)) return m.feature;
    }
    return Feature::kMmx;
  }
  return Feature::kFpu;
}

}  // namespace paemu
