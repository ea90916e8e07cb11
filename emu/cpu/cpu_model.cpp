// The models by name, and the changes to them.
#include <algorithm>

#include "cpu/cpuid.hpp"
#include "cpu/state.hpp"

namespace paemu {

namespace {

template <class... Features>
constexpr u32 bits(Features... f) {
  return (0u | ... | bit_of(f));
}

// Leaf 1 EDX. Of a Pentium M and Core Duo what has to do with heat, power and debug stores is left out: nothing here
// has it. Neither has PSE-36; our Core Duo has, since a system whose RAM comes and goes above 4 GiB looks for it.
constexpr u32 kPentium3 =
    bits(Feature::kFpu, Feature::kVme, Feature::kDe, Feature::kPse, Feature::kTsc, Feature::kMsr, Feature::kPae,
         Feature::kMce, Feature::kCx8, Feature::kApic, Feature::kSep, Feature::kMtrr, Feature::kPge, Feature::kMca,
         Feature::kCmov, Feature::kPat, Feature::kPse36, Feature::kMmx, Feature::kFxsr, Feature::kSse);
constexpr u32 kPentiumM =
    (kPentium3 & ~bit_of(Feature::kPse36)) | bits(Feature::kClflush, Feature::kSse2, Feature::kSelfSnoop);

constexpr u32 kSse3 = bits(Feature::kSse3, Feature::kMonitor), kNx = bit_of(Feature::kNx),
              kTscAdjust = bit_of(Feature::kTscAdjust);

// Leaf 2 (SDM 2A, table 3-12): 256 KiB of second-level cache; 2 MiB.
constexpr CacheDescriptors kCoppermine{0x03020101, 0, 0, 0x0c040882}, kDothan{0x02b3b001, 0xf0, 0, 0x2c04307d};

// clang-format off
constexpr ModelRow kModels[] = {
    {"pentium3", "Pentium III (Coppermine): SSE", "",
     0x68a, 2, 2, 0, kCoppermine, {kPentium3, 0, 0, 0}, false, false},
    {"pentium-m", "Pentium M (Dothan): SSE2, NX", "Intel(R) Pentium(R) M processor 1000MHz",
     0x6d8, 0x16, 2, 0x80000004, kDothan, {kPentiumM, 0, kNx, 0}, true, false},
    {"coreduo", "one core of a Core Duo (Yonah): SSE3, NX", "Genuine Intel(R) CPU 1.00GHz",
     0x6e8, 0, 5, 0x80000008, kDothan, {kPentiumM | bit_of(Feature::kPse36), kSse3, kNx, 0}, true, true},
    {"max32", "everything that there is here", "paemu 32-bit processor",
     0x6ec, 0, 0xb, 0x80000008, kDothan, {kPentium3 | kPentiumM, kSse3, kNx, kTscAdjust}, true, true},
};
// clang-format on

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
  return all;
}

// The part before the next comma, which is taken off `rest`.
std::string_view next_item(std::string_view& rest) {
  const std::string_view item = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(rest.size(), item.size() + 1));
  return item;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::vector<std::string> CpuModel::names() {
  std::vector<std::string> all;
  for (const ModelRow& m : kModels) all.push_back(m.name);
  return all;
}

std::string CpuModel::help() {
  std::string text = "Models:\n";
  for (const ModelRow& m : kModels) {
    text += std::string("  ") + m.name + std::string(12 - std::string_view(m.name).size(), ' ') + m.help + "\n";
  }
  text += "Features, each changed by +NAME, -NAME, NAME=on or NAME=off:\n ";
  for (const FeatureRow& f : features()) {
    if (f.feature != Feature::kFpu) text += std::string(" ") + f.name;
  }
  return text + "\nAddress width: phys-bits=32 to phys-bits=40\n";
}

Or<CpuModel> CpuModel::parse(std::string_view text, u32 physical_bits) {
  std::string_view rest = text;
  const std::string_view name = next_item(rest);
  CpuModel model;
  for (const ModelRow& m : kModels) {
    if (name == m.name) model.row_ = &m;
  }
  if (model.row_ == nullptr) return fail("-cpu: there is no model " + quoted(name) + "; use one of " + joined(names()));
  model.physical_bits_ = physical_bits;
  std::copy_n(model.row_->features, kFeatureWords, model.features_.begin());
  while (!rest.empty()) TRY(model.change(next_item(rest)));
  TRY(model.check_and_derive());
  return model;
}

// "+sse3", "-sse3", "sse3=on", "sse3=off", and "sse3" for on.
Or<> CpuModel::change(std::string_view text) {
  std::string_view name = text;
  bool on = true;
  if (text.starts_with('+') || text.starts_with('-')) {
    on = text[0] == '+';
    name = text.substr(1);
  } else if (const usize equals = text.find('='); equals != text.npos) {
    name = text.substr(0, equals);
    const std::string_view value = text.substr(equals + 1);
    if (value != "on" && value != "off") return fail("-cpu: " + quoted(text) + " must end in =on or =off");
    on = value == "on";
  }
  const FeatureRow* f = find_feature(name);
  if (f == nullptr) return fail("-cpu: there is no feature " + quoted(name) + " here; -cpu help lists all");
  if (f->feature == Feature::kFpu && !on) return fail("-cpu: every model has its \"fpu\"");
  u32& word = features_[word_of(f->feature)];
  word = on ? word | bit_of(f->feature) : word & ~bit_of(f->feature);
  return {};
}

Or<> CpuModel::check_and_derive() {
  cr4_allowed_ = cr4::kPce;  // no feature bit says that RDPMC is there
  for (const FeatureRow& f : features()) {
    if (!has(f.feature)) continue;
    cr4_allowed_ |= f.cr4;
    if (f.needs != nullptr && !has(find_feature(f.needs)->feature)) {
      return fail("-cpu: feature " + quoted(f.name) + " needs " + quoted(f.needs) + "; take both or none, as in -" +
                  f.name + ",-" + f.needs);
    }
  }
  for (const isa::Row& row : isa::rows()) rows_.push_back(has(feature_of(row)));
  // Without both no entry has room for a wider address.
  if (!has(Feature::kPae) && !has(Feature::kPse36)) physical_bits_ = std::min(physical_bits_, 32u);
  return {};
}

}  // namespace paemu
