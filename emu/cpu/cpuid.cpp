// What each leaf answers (SDM 2A, CPUID).
#include "cpu/cpuid.hpp"

#include <algorithm>

namespace paemu {

namespace {

constexpr u32 kFirstExtended = 0x80000000;

// Text as registers hold it: four characters a word, lowest byte first.
void put_text(std::string_view text, u32* words, u32 count) {
  for (u32 i = 0; i < count * 4 && i < text.size(); ++i) words[i / 4] |= u32{static_cast<u8>(text[i])} << (8 * (i % 4));
}

CpuidResult brand_part(std::string_view brand, u32 part) {
  u32 words[4] = {};
  if (part * 16 < brand.size()) put_text(brand.substr(part * 16), words, 4);
  return {words[0], words[1], words[2], words[3]};
}

// Leaf 4: 32 KiB each of data and code in 8 ways for a core, 2 MiB for both in 8 ways for a socket; lines of 64 bytes.
// Counts of IDs are of all that the bit fields of the APIC ID can hold.
CpuidResult cache(u32 subleaf, const Topology& topology) {
  constexpr u32 kSelfInitializing = 1u << 8, kWays8 = 7u << 22, kLine64 = 63;
  constexpr u32 kData = 1, kCode = 2, kUnified = 3;
  const u32 core_ids = 1u << (topology.socket_shift() - topology.thread_bits());
  const auto level = [&](u32 type, u32 n, u32 sets, u32 sharing_bits) {
    const u32 sharing = (1u << sharing_bits) - 1;
    return CpuidResult{type | (n << 5) | kSelfInitializing | (sharing << 14) | ((core_ids - 1) << 26),
                       kWays8 | kLine64, sets - 1, 1};
  };
  if (subleaf == 0) return level(kData, 1, 64, topology.thread_bits());
  if (subleaf == 1) return level(kCode, 1, 64, topology.thread_bits());
  if (subleaf == 2) return level(kUnified, 2, 4096, topology.socket_shift());
  return {};
}

// Leaf 0BH: how far to shift the APIC ID to come to the next level, and how many processors it holds.
CpuidResult extended_topology(u32 subleaf, const CpuModel::Asker& asker) {
  constexpr u32 kThreads = 1u << 8, kCores = 2u << 8;
  const Topology& t = asker.topology;
  if (subleaf == 0) return {t.thread_bits(), t.threads, kThreads, asker.apic_id};
  if (subleaf == 1) return {t.socket_shift(), t.threads * t.cores, 1 | kCores, asker.apic_id};
  return {0, 0, subleaf & 0xff, asker.apic_id};
}

}  // namespace

// A feature that the model itself lacks may need a leaf that it lacks.
u32 CpuModel::last_leaf() const {
  const u32 needed = features_[feature_word::k7Ebx] != 0 ? 7 : has(Feature::kMonitor) ? 5 : 0;
  return std::max(row_->last_leaf, needed);
}
u32 CpuModel::last_extended() const {
  u32 last = row_->last_extended;
  if (features_[feature_word::k80000001Edx] != 0) last = std::max(last, 0x80000001);
  // Without the leaf a guest takes PAE for 36 bits.
  if (physical_bits_ != 36) last = std::max(last, 0x80000008);
  return last;
}

CpuidResult CpuModel::cpuid(u32 leaf, u32 subleaf, const Asker& asker) const {
  CpuidResult r;
  const u32 last = asker.leaves_limited ? std::min(last_leaf(), 2u) : last_leaf();
  // Beyond the last leaf the answer is that of the last basic leaf.
  if (leaf < kFirstExtended ? leaf > last : leaf > last_extended()) leaf = last;
  switch (leaf) {
    case 0:
      r.eax = last;
      put_text("Genu", &r.ebx, 1);
      put_text("ineI", &r.edx, 1);
      put_text("ntel", &r.ecx, 1);
      break;
    case 1:
      r.eax = row_->signature;
      r.ebx = (asker.apic_id << 24) | (has(Feature::kClflush) ? 8u << 8 : 0) | row_->brand_index;  // lines of 64 bytes
      r.edx = features_[feature_word::k1Edx];
      r.ecx = features_[feature_word::k1Ecx];
      // The APIC bit shows the enable bit of IA32_APIC_BASE (SDM 3A, 10.4.3).
      if (!asker.apic_enabled) r.edx &= ~bit_of(Feature::kApic);
      // HTT: the socket holds more than one (SDM 2A, leaf 1).
      if (asker.topology.socket_shift() != 0) {
        r.edx |= 1u << 28;
        r.ebx |= (1u << asker.topology.socket_shift()) << 16;
      }
      if (asker.monitor_disabled) r.ecx &= ~bit_of(Feature::kMonitor);
      break;
    case 2: {
      const CacheDescriptors& d = row_->cache_descriptors;
      r = {d[0], d[1], d[2], d[3]};
      break;
    }
    case 4: r = cache(subleaf, asker.topology); break;
    case 5:
      if (has(Feature::kMonitor)) r.eax = r.ebx = kMonitorLine;  // the smallest and the largest line, in bytes
      break;
    case 7:
      if (subleaf == 0) r.ebx = features_[feature_word::k7Ebx];
      break;
    case 0xb: r = extended_topology(subleaf, asker); break;
    case kFirstExtended: r.eax = last_extended(); break;
    case 0x80000001:
      r.edx = features_[feature_word::k80000001Edx];
      if (asker.nx_disabled) r.edx &= ~bit_of(Feature::kNx);
      break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: r = brand_part(row_->brand, leaf - 0x80000002); break;
    case 0x80000006: r.ecx = 0x08006040; break;  // second-level cache: 2 MiB, 8 ways, lines of 64 bytes
    case 0x80000008: r.eax = physical_bits_ | (32u << 8); break;
    default: break;
  }
  return r;
}

}  // namespace paemu
