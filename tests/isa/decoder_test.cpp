// The decoder against Capstone: every opcode of both maps, with generated prefixes, ModRM and SIB bytes.
//
// Every difference must be explained by a row of one of the two tables below.
#include "isa/decoder.hpp"

#include <capstone/capstone.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace base;
namespace isa = paemu::isa;
using isa::DecodeStatus;
using isa::Insn;

namespace {

// Mnemonics: ours -> what Capstone prints for the same thing.
const std::map<std::string, std::set<std::string>> kSynonyms = {
    {"xchg", {"nop", "pause"}},  // 90 with and without F3
    {"cbw", {"cwde"}},
    {"cwd", {"cdq"}},
    {"xlat", {"xlatb"}},
    {"pusha", {"pushaw", "pushal"}},
    {"popa", {"popaw", "popal"}},
    {"pushf", {"pushfd"}},
    {"popf", {"popfd"}},
    {"iret", {"iretd"}},
    {"movs", {"movsb", "movsw", "movsd"}},
    {"cmps", {"cmpsb", "cmpsw", "cmpsd"}},
    {"stos", {"stosb", "stosw", "stosd"}},
    {"lods", {"lodsb", "lodsw", "lodsd"}},
    {"scas", {"scasb", "scasw", "scasd"}},
    {"ins", {"insb", "insw", "insd"}},
    {"outs", {"outsb", "outsw", "outsd"}},
    {"jmp", {"ljmp"}},
    {"call", {"lcall"}},
    {"int1", {"int1", "icebp"}},
    {"shl", {"sal"}},
    {"jcxz", {"jecxz"}},
    {"fstp", {"fstpnce"}},  // D9 D8: an alias that the manual does not list
};

// Encodings on which the two rightly differ, in which way, and why.
enum class Way { kTheirs, kOurs, kNames };  // only Capstone decodes it, only we do, both by different names
struct Difference {
  int map;
  int first, last;  // opcodes
  Way way;
  const char* why;
};
constexpr Difference kDifferences[] = {
    {1, 0x8c, 0x8e, Way::kOurs, "segment registers that do not exist fault at run time"},
    {1, 0xc4, 0xc5, Way::kTheirs, "with mod 3 it is AVX"},
    {1, 0xc6, 0xc7, Way::kTheirs, "/7 with mod 3 is TSX"},
    {0x0f, 0x01, 0x01, Way::kTheirs,
     "VMX, SVM, SGX, SMAP, RDTSCP and others that this processor does not have"},
    {0x0f, 0x05, 0x07, Way::kTheirs, "SYSCALL and SYSRET are AMD's in 32-bit mode"},
    {0x0f, 0x0d, 0x0e, Way::kTheirs, "3DNow!"},
    {0x0f, 0x18, 0x1f, Way::kOurs, "hint NOPs of the P6: Capstone knows some of them only"},
    {0x0f, 0x1e, 0x1e, Way::kNames, "hint NOPs, of which CET made ENDBR"},
    {0x0f, 0x37, 0x3a, Way::kTheirs, "SMX and the three-byte maps: SSSE3 and later"},
    {0x0f, 0x78, 0x79, Way::kTheirs, "VMX and SSE4A"},
    {0x0f, 0xa6, 0xa7, Way::kTheirs, "VIA's"},
    {0x0f, 0xaa, 0xaa, Way::kTheirs, "RSM: there is no system management mode"},
    {0x0f, 0xae, 0xae, Way::kTheirs, "XSAVE and others that this processor does not have; 66, F2 and F3 are refused"},
    {0x0f, 0xae, 0xae, Way::kOurs, "fences with any rm"},
    {0x0f, 0xb8, 0xb9, Way::kTheirs, "POPCNT; UD1"},
    {0x0f, 0xbc, 0xbd, Way::kNames, "TZCNT and LZCNT: without them F3 is ignored"},
    {0x0f, 0xc7, 0xc7, Way::kTheirs, "RDRAND, XSAVEC, VMX"},
    {0x0f, 0xff, 0xff, Way::kTheirs, "UD0"},
};

bool explained(int map, int opcode, const std::string& difference) {
  for (const Difference& d : kDifferences) {
    const char* start = d.way == Way::kTheirs ? "only Capstone" : d.way == Way::kOurs ? "only we" : "names";
    if (d.map == map && opcode >= d.first && opcode <= d.last && difference.rfind(start, 0) == 0) return true;
  }
  return false;
}

class Capstone {
 public:
  explicit Capstone(isa::CodeSize size) {
    if (cs_open(CS_ARCH_X86, size == isa::CodeSize::k32 ? CS_MODE_32 : CS_MODE_16, &handle_) != CS_ERR_OK) std::abort();
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    insn_ = cs_malloc(handle_);
  }
  ~Capstone() {
    cs_free(insn_, 1);
    cs_close(&handle_);
  }
  const cs_insn* decode(const std::vector<u8>& bytes) {
    const u8* code = bytes.data();
    size_t size = bytes.size();
    u64 address = 0;
    return cs_disasm_iter(handle_, &code, &size, &address, insn_) ? insn_ : nullptr;
  }

 private:
  csh handle_;
  cs_insn* insn_;
};

std::string hex(const std::vector<u8>& bytes) {
  std::string s;
  for (const u8 b : bytes) {
    char two[4];
    std::snprintf(two, sizeof(two), "%02x ", b);
    s += two;
  }
  return s;
}

// clang-format off
int register_number(unsigned reg) {
  switch (reg) {
    case X86_REG_EAX: return isa::kEax;
    case X86_REG_ECX: return isa::kEcx;
    case X86_REG_EDX: return isa::kEdx;
    case X86_REG_EBX: case X86_REG_BX: return isa::kEbx;
    case X86_REG_ESP: return isa::kEsp;
    case X86_REG_EBP: case X86_REG_BP: return isa::kEbp;
    case X86_REG_ESI: case X86_REG_SI: return isa::kEsi;
    case X86_REG_EDI: case X86_REG_DI: return isa::kEdi;
    default: return isa::kNoRegister;
  }
}
// clang-format on

// Capstone's mnemonic without the prefixes that it prints with it.
std::string plain_mnemonic(const cs_insn& i) {
  const std::string whole = i.mnemonic;
  const auto space = whole.rfind(' ');
  return space == std::string::npos ? whole : whole.substr(space + 1);
}

// CMPPS and its kin: Capstone makes the predicate part of the name.
bool same_comparison(const std::string& ours, const std::string& theirs) {
  return ours.size() == 5 && ours.substr(0, 3) == "cmp" && theirs.substr(0, 3) == "cmp" &&
         theirs.substr(theirs.size() - 2) == ours.substr(3);
}

bool same_mnemonic(const std::string& ours, const std::string& theirs) {
  if (ours == theirs || same_comparison(ours, theirs)) return true;
  const auto found = kSynonyms.find(ours);
  return found != kSynonyms.end() && found->second.count(theirs);
}

// "" when the two agree.
std::string compare(const Insn& ours, DecodeStatus status, const cs_insn* theirs, bool compare_memory) {
  if (theirs == nullptr) return status == DecodeStatus::kOk ? "only we decode it, as " + isa::mnemonic(ours) : "";
  const std::string name = plain_mnemonic(*theirs);
  if (status != DecodeStatus::kOk) return "only Capstone decodes it, as " + name;
  if (ours.length != theirs->size)
    return "lengths " + std::to_string(ours.length) + " and " + std::to_string(theirs->size);
  if (!same_mnemonic(isa::mnemonic(ours), name)) return "names " + isa::mnemonic(ours) + " and " + name;
  if (!compare_memory || !(ours.flags & isa::insn_flag::kMemory)) return "";
  for (u32 n = 0; n < theirs->detail->x86.op_count; ++n) {
    const cs_x86_op& op = theirs->detail->x86.operands[n];
    if (op.type != X86_OP_MEM) continue;
    if (register_number(op.mem.base) != ours.base || register_number(op.mem.index) != ours.index)
      return "address registers";
    if (ours.index != isa::kNoRegister && op.mem.scale != 1 << ours.scale) return "scales";
    const u32 mask = (ours.flags & isa::insn_flag::kAddress16) ? 0xffff : ~0u;
    if ((static_cast<u32>(op.mem.disp) & mask) != (ours.displacement & mask)) return "displacements";
  }
  return "";
}

// Opcodes where 66, F2 and F3 choose between instructions. Capstone ignores such a prefix where it chooses none, and in
// 16-bit code and before a 67 always; processors raise #UD for the first (SDM 2, appendix A: blank entries are
// reserved).
bool prefix_rule(isa::CodeSize size, int map, int opcode, const std::vector<u8>& bytes, DecodeStatus status) {
  bool chooses = false;
  for (const isa::Row& row : isa::rows()) {
    const int row_map = row.map == isa::Map::k1 ? 1 : 0x0f;
    chooses |= row_map == map && row.opcode == opcode && row.prefix != isa::Prefix::kAny;
  }
  const bool prefixed = bytes[0] == 0x66 || bytes[0] == 0xf2 || bytes[0] == 0xf3;
  const bool misread = size == isa::CodeSize::k16 || status == DecodeStatus::kUndefined || bytes[1] == 0x67;
  return chooses && prefixed && misread;
}

struct Tally {
  u32 compared = 0, decoded = 0;
  std::map<std::string, std::string> differences;  // by opcode and kind, one example each
};

void check(Tally& tally, Capstone& capstone, isa::CodeSize size, int map, int opcode, const std::vector<u8>& bytes) {
  Insn ours;
  const DecodeStatus status = isa::decode({bytes.data(), bytes.size()}, size, ours);
  const cs_insn* theirs = capstone.decode(bytes);
  ++tally.compared;
  if (status == DecodeStatus::kOk) ++tally.decoded;
  const std::string difference = compare(ours, status, theirs, true);
  if (difference.empty() || explained(map, opcode, difference)) return;
  if (prefix_rule(size, map, opcode, bytes, status)) return;
  char key[16];
  std::snprintf(key, sizeof(key), "%02x %02x ", map, opcode);
  tally.differences.emplace(key + difference, hex(bytes));
}

const std::vector<std::vector<u8>> kPrefixes = {{},           {0x66}, {0x67},       {0x66, 0x67}, {0xf3},
                                                {0x66, 0xf3}, {0xf2}, {0x66, 0xf2}, {0x2e},       {0x64, 0x67}};
// After the ModRM byte: SIB forms, or displacement and immediate bytes.
const std::vector<u8> kTails[] = {
    {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x08, 0x09, 0x0a},
    {0x25, 0xf1, 0xff, 0xff, 0xff, 0x80, 0x80, 0x80, 0x80, 0x80},
    {0xe4, 0x7f, 0x00, 0x00, 0x80, 0xff, 0xff, 0x12, 0x34, 0x56},
};

void check_map(Tally& tally, isa::CodeSize size, int map) {
  Capstone capstone(size);
  for (int opcode = 0; opcode < 256; ++opcode) {
    for (const auto& prefix : kPrefixes) {
      // Where they choose nothing, Capstone takes the operand size of 66 F2 and 66 F3 now for 16, now for 32 bits.
      if (map == 1 && prefix.size() == 2 && prefix[0] == 0x66 && prefix[1] != 0x67) continue;
      for (int modrm = 0; modrm < 256; ++modrm) {
        for (const auto& tail : kTails) {
          std::vector<u8> bytes = prefix;
          if (map == 0x0f) bytes.push_back(0x0f);
          bytes.push_back(static_cast<u8>(opcode));
          bytes.push_back(static_cast<u8>(modrm));
          bytes.insert(bytes.end(), tail.begin(), tail.end());
          check(tally, capstone, size, map, opcode, bytes);
        }
      }
    }
  }
}

bool is_prefix(int opcode) {
  return opcode == 0x26 || opcode == 0x2e || opcode == 0x36 || opcode == 0x3e || (opcode >= 0x64 && opcode <= 0x67) ||
         opcode == 0xf0 || opcode == 0xf2 || opcode == 0xf3 || opcode == 0x0f;
}

void report(const Tally& tally) {
  for (const auto& [what, example] : tally.differences) {
    const int opcode = std::stoi(what.substr(3, 2), nullptr, 16);
    if (what.substr(0, 2) == "01" && is_prefix(opcode)) continue;  // counted with what follows it
    UNSCOPED_INFO(what << ": " << example);
    CHECK(what == "agreed");
  }
  CHECK(tally.decoded > tally.compared / 4);
}

}  // namespace

TEST_CASE("the decoder agrees with Capstone on every one-byte opcode of 32-bit code") {
  Tally tally;
  check_map(tally, isa::CodeSize::k32, 1);
  report(tally);
}

TEST_CASE("the decoder agrees with Capstone on every two-byte opcode of 32-bit code") {
  Tally tally;
  check_map(tally, isa::CodeSize::k32, 0x0f);
  report(tally);
}

TEST_CASE("the decoder agrees with Capstone on every one-byte opcode of 16-bit code") {
  Tally tally;
  check_map(tally, isa::CodeSize::k16, 1);
  report(tally);
}

TEST_CASE("the decoder agrees with Capstone on every two-byte opcode of 16-bit code") {
  Tally tally;
  check_map(tally, isa::CodeSize::k16, 0x0f);
  report(tally);
}
