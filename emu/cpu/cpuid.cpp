#include "cpu/cpuid.hpp"

#include <cstring>

#include "cpu/state.hpp"

namespace paemu {

namespace {

// --- Features by name; what each needs to be of any use.

struct FeatureRow {
  const char* name;
  Feature feature;
  u32 cr4;            // bits that the feature makes writable
  const char* needs;  // name of a feature, or nullptr
};
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
    {"nx", Feature::kNx, 0, "pae"},
};

constexpr u32 bit_of(Feature f) { return 1u << (static_cast<u32>(f) % 32); }

constexpr u32 kPentium3 =
    bit_of(Feature::kFpu) | bit_of(Feature::kVme) | bit_of(Feature::kDe) | bit_of(Feature::kPse) |
    bit_of(Feature::kTsc) | bit_of(Feature::kMsr) | bit_of(Feature::kPae) | bit_of(Feature::kMce) |
    bit_of(Feature::kCx8) | bit_of(Feature::kApic) | bit_of(Feature::kSep) | bit_of(Feature::kMtrr) |
    bit_of(Feature::kPge) | bit_of(Feature::kMca) | bit_of(Feature::kCmov) | bit_of(Feature::kPat) |
    bit_of(Feature::kPse36) | bit_of(Feature::kMmx) | bit_of(Feature::kFxsr) | bit_of(Feature::kSse);
constexpr u32 kPentiumM = kPentium3 | bit_of(Feature::kClflush) | bit_of(Feature::kSse2) | bit_of(Feature::kSelfSnoop);

struct ModelRow {
  const char* name;
  const char* brand;
  u32 signature;
  u32 features[3];  // leaf 1 EDX, leaf 1 ECX, leaf 0x80000001 EDX
  u32 leaf2[4];     // cache and TLB descriptors (SDM 2A, table 3-12)
};
constexpr ModelRow kModels[] = {
    {"pentium3", "", 0x68a, {kPentium3, 0, 0}, {0x03020101, 0, 0, 0x0c040882}},
    {"pentium-m",
     "Intel(R) Pentium(R) M processor 1000MHz",
     0x6d8,
     {kPentiumM, 0, bit_of(Feature::kNx)},
     {0x02b3b001, 0xf0, 0, 0x2c04307d}},
    {"coreduo",
     "Genuine Intel(R) CPU 1.00GHz",
     0x6e8,
     {kPentiumM, bit_of(Feature::kSse3), bit_of(Feature::kNx)},
     {0x02b3b001, 0xf0, 0, 0x2c04307d}},
    // Everything that this emulator can do.
    {"max32",
     "paemu 32-bit processor",
     0x6ec,
     {kPentiumM, bit_of(Feature::kSse3), bit_of(Feature::kNx)},
     {0x02b3b001, 0xf0, 0, 0x2c04307d}},
};

const FeatureRow* find_feature(std::string_view name) {
  for (const FeatureRow& f : kFeatures) {
    if (name == f.name) return &f;
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
  return all;
}

// Text as registers hold it: four characters a word, lowest byte first.
void put_text(std::string_view text, u32* words, u32 count) {
  for (u32 i = 0; i < count * 4 && i < text.size(); ++i) words[i / 4] |= u32{static_cast<u8>(text[i])} << (8 * (i % 4));
}

}  // namespace

std::vector<std::string> CpuModel::names() {
  std::vector<std::string> all;
  for (const ModelRow& m : kModels) all.push_back(m.name);
  return all;
}

Or<CpuModel> CpuModel::parse(std::string_view text, u32 physical_bits) {
  const std::string_view name = text.substr(0, text.find(','));
  const ModelRow* row = nullptr;
  for (const ModelRow& m : kModels) {
    if (name == m.name) row = &m;
  }
  if (row == nullptr) {
    return fail("-cpu: there is no model \"" + std::string(name) + "\"; use one of " + joined(names()));
  }
  CpuModel model;
  model.name_ = row->name;
  model.brand_ = row->brand;
  model.signature_ = row->signature;
  model.physical_bits_ = physical_bits;
  std::memcpy(model.cache_descriptors_, row->leaf2, sizeof row->leaf2);
  for (u32 i = 0; i < 3; ++i) model.features_[i] = row->features[i];

  std::string_view rest = text.size() > name.size() ? text.substr(name.size() + 1) : std::string_view{};
  while (!rest.empty()) {
    const std::string_view change = rest.substr(0, rest.find(','));
    rest = rest.size() > change.size() ? rest.substr(change.size() + 1) : std::string_view{};
    const bool signed_change = !change.empty() && (change[0] == '+' || change[0] == '-');
    const FeatureRow* f = signed_change ? find_feature(change.substr(1)) : nullptr;
    if (!signed_change) {
      return fail("-cpu: \"" + std::string(change) + "\" is not a change; write +feature or -feature");
    }
    if (f == nullptr) return fail("-cpu: there is no feature \"" + std::string(change.substr(1)) + "\" here");
    u32& word = model.features_[static_cast<u32>(f->feature) / 32];
    word = change[0] == '+' ? word | bit_of(f->feature) : word & ~bit_of(f->feature);
  }
  for (const FeatureRow& f : kFeatures) {
    if (!model.has(f.feature)) continue;
    model.cr4_allowed_ |= f.cr4;
    if (f.needs != nullptr && !model.has(find_feature(f.needs)->feature)) {
      return fail("-cpu: feature \"" + std::string(f.name) + "\" needs \"" + f.needs + "\"");
    }
  }
  if (physical_bits > 32 && !model.has(Feature::kPae) && !model.has(Feature::kPse36)) model.physical_bits_ = 32;
  return model;
}

CpuidResult CpuModel::cpuid(u32 leaf, u32 subleaf, u32 apic_id, bool apic_enabled) const {
  (void)subleaf;
  CpuidResult r;
  constexpr u32 kLastExtended = 0x80000008;
  // Beyond the last leaf the answer is that of the last basic leaf (SDM 2A, CPUID).
  if (leaf < 0x80000000 ? leaf > 2 : leaf > kLastExtended) {
    leaf = 2;
  }
  switch (leaf) {
    case 0:
      r.eax = 2;
      put_text("Genu", &r.ebx, 1);
      put_text("ineI", &r.edx, 1);
      put_text("ntel", &r.ecx, 1);
      break;
    case 1:
      r.eax = signature_;
      r.ebx = (apic_id << 24) | (1u << 16) | (has(Feature::kClflush) ? 8u << 8 : 0);  // one thread; 64-byte lines
      r.edx = features_[0];
      r.ecx = features_[1];
      // The APIC bit shows the enable bit of IA32_APIC_BASE (SDM 3A, 10.4.3).
      if (!apic_enabled) r.edx &= ~bit_of(Feature::kApic);
      break;
    case 2:
      r = CpuidResult{cache_descriptors_[0], cache_descriptors_[1], cache_descriptors_[2], cache_descriptors_[3]};
      break;
    case 0x80000000: r.eax = kLastExtended; break;
    case 0x80000001: r.edx = features_[2]; break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: {
      u32 words[4] = {};
      const u32 from = (leaf - 0x80000002) * 16;
      if (from < brand_.size()) put_text(std::string_view(brand_).substr(from), words, 4);
      r = CpuidResult{words[0], words[1], words[2], words[3]};
      break;
    }
    case 0x80000006: r.ecx = 0x08008040; break;  // second-level cache: 2 MiB, 8 ways, 64-byte lines
    case 0x80000008: r.eax = physical_bits_ | (32u << 8); break;
    default: break;
  }
  return r;
}

}  // namespace paemu
