#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "isa/decoder.hpp"

using namespace base;
namespace isa = paemu::isa;
using isa::Modrm;
using isa::Prefix;
using isa::Row;

namespace {

u32 opcodes_of(const Row& r) {
  return r.attributes & isa::attribute::kByRegister ? 8 : r.attributes & isa::attribute::kByCondition ? 16 : 1;
}

bool prefixes_meet(Prefix a, Prefix b) { return a == Prefix::kAny || b == Prefix::kAny || a == b; }

bool modrm_meet(const Modrm& a, const Modrm& b) {
  if (!a.present || !b.present) return true;
  using Mod = Modrm::Mod;
  const bool mods = a.mod == Mod::kEither || b.mod == Mod::kEither || a.mod == b.mod;
  const auto fields = [](u8 x, u8 y) { return x == Modrm::kFree || y == Modrm::kFree || x == y; };
  return mods && fields(a.reg, b.reg) && fields(a.rm, b.rm);
}

isa::Insn decoded(std::vector<u8> bytes, isa::CodeSize size = isa::CodeSize::k32) {
  isa::Insn insn;
  REQUIRE(isa::decode(bytes, size, insn) == isa::DecodeStatus::kOk);
  return insn;
}

isa::DecodeStatus status_of(std::vector<u8> bytes) {
  isa::Insn insn;
  return isa::decode(bytes, isa::CodeSize::k32, insn);
}

}  // namespace

TEST_CASE("no two rows of the table claim the same encoding") {
  std::map<u32, std::vector<const Row*>> by_opcode;
  for (const Row& r : isa::rows()) {
    for (u32 n = 0; n < opcodes_of(r); ++n) by_opcode[static_cast<u32>(r.map) << 8 | (r.opcode + n)].push_back(&r);
  }
  for (const auto& [opcode, rows] : by_opcode) {
    for (usize a = 0; a < rows.size(); ++a) {
      for (usize b = a + 1; b < rows.size(); ++b) {
        const bool meet = prefixes_meet(rows[a]->prefix, rows[b]->prefix) && modrm_meet(rows[a]->modrm, rows[b]->modrm);
        INFO(std::hex << opcode << ": " << rows[a]->mnemonic << " and " << rows[b]->mnemonic);
        CHECK_FALSE(meet);
      }
    }
  }
}

TEST_CASE("no flag of a row is both written and undefined") {
  for (const Row& r : isa::rows()) {
    INFO(r.mnemonic);
    CHECK((r.flags_written & r.flags_undefined) == 0);
  }
}

TEST_CASE("the decoder takes fields apart") {
  const isa::Insn i = decoded({0x66, 0x65, 0x81, 0x84, 0xb3, 0x78, 0x56, 0x34, 0x12, 0xcd, 0xab});
  CHECK(isa::mnemonic(i) == "add");
  CHECK(i.length == 11);
  CHECK(i.base == isa::kEbx);
  CHECK(i.index == isa::kEsi);
  CHECK(i.scale == 2);
  CHECK(i.displacement == 0x12345678);
  CHECK(i.immediate == 0xabcd);
  CHECK(i.segment == isa::kGs);
  CHECK((i.flags & isa::insn_flag::kOperand16) != 0);
}

TEST_CASE("ESP and EBP as base mean the stack segment unless overridden") {
  CHECK(decoded({0x8b, 0x45, 0x08}).segment == isa::kSs);
  CHECK(decoded({0x8b, 0x04, 0x24}).segment == isa::kSs);
  CHECK(decoded({0x8b, 0x05, 0, 0, 0, 0}).segment == isa::kDs);
  CHECK(decoded({0x3e, 0x8b, 0x45, 0x08}).segment == isa::kDs);
  CHECK(decoded({0x8b, 0x46, 0x08}, isa::CodeSize::k16).segment == isa::kSs);
}

TEST_CASE("LOCK is legal on lockable rows with a memory destination only") {
  CHECK(status_of({0xf0, 0x01, 0x03}) == isa::DecodeStatus::kOk);         // lock add [ebx], eax
  CHECK(status_of({0xf0, 0x01, 0xc3}) == isa::DecodeStatus::kUndefined);  // register destination
  CHECK(status_of({0xf0, 0x03, 0x03}) == isa::DecodeStatus::kUndefined);  // memory is the source
  CHECK(status_of({0xf0, 0x39, 0x03}) == isa::DecodeStatus::kUndefined);  // cmp writes nothing
  CHECK(status_of({0xf0, 0x90}) == isa::DecodeStatus::kUndefined);
  CHECK(status_of({0xf0, 0x0f, 0xc7, 0x0b}) == isa::DecodeStatus::kOk);  // lock cmpxchg8b [ebx]
}

TEST_CASE("an instruction has at most 15 bytes") {
  std::vector<u8> bytes(14, 0x66);
  bytes.push_back(0x90);
  CHECK(status_of(bytes) == isa::DecodeStatus::kOk);
  bytes.insert(bytes.begin(), 0x66);
  CHECK(status_of(bytes) == isa::DecodeStatus::kTooLong);
  CHECK(status_of(std::vector<u8>(15, 0x66)) == isa::DecodeStatus::kTooLong);
}

TEST_CASE("an instruction whose bytes end early is truncated, not undefined") {
  CHECK(status_of({0x66}) == isa::DecodeStatus::kTruncated);
  CHECK(status_of({0x0f}) == isa::DecodeStatus::kTruncated);
  CHECK(status_of({0x81, 0xc0, 0x01, 0x02}) == isa::DecodeStatus::kTruncated);
  CHECK(status_of({0x8b, 0x84}) == isa::DecodeStatus::kTruncated);
}

TEST_CASE("conditions show in mnemonics") {
  CHECK(isa::mnemonic(decoded({0x75, 0x00})) == "jne");
  CHECK(isa::mnemonic(decoded({0x0f, 0x9f, 0xc0})) == "setg");
  CHECK(isa::mnemonic(decoded({0x0f, 0x42, 0xc0})) == "cmovb");
}
