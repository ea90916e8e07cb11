#include "isa/decoder.hpp"

#include <array>
#include <vector>

namespace paemu::isa {
namespace {

// The rows of each opcode of each map.
class Index {
 public:
  Index() {
    const auto all = rows();
    for (u32 n = 0; n < all.size(); ++n) {
      const Row& r = all[n];
      const u32 count = r.attributes & attribute::kByRegister ? 8 : r.attributes & attribute::kByCondition ? 16 : 1;
      for (u32 k = 0; k < count; ++k) lists_[static_cast<u32>(r.map)][r.opcode + k].push_back(static_cast<u16>(n));
    }
    for (u32 map = 0; map < 2; ++map) {
      for (u32 opcode = 0; opcode < 256; ++opcode) {
        for (const u16 n : lists_[map][opcode]) needs_modrm_[map][opcode] |= all[n].modrm.present;
      }
    }
  }
  const std::vector<u16>& rows_of(Map map, u8 opcode) const { return lists_[static_cast<u32>(map)][opcode]; }
  bool needs_modrm(Map map, u8 opcode) const { return needs_modrm_[static_cast<u32>(map)][opcode]; }

 private:
  std::array<std::array<std::vector<u16>, 256>, 2> lists_;
  std::array<std::array<bool, 256>, 2> needs_modrm_{};
};

const Index& index() {
  static const Index the_index;
  return the_index;
}

struct Prefixes {
  bool operand = false;  // 66
  bool address = false;  // 67
  bool lock = false;
  u8 repeat = 0;  // the last of F2 and F3
  u8 segment = kNoSegment;
};

// What a row that has a mandatory prefix compares with: F2 and F3 win over 66 (SDM 2, 2.1.2).
Prefix mandatory(const Prefixes& p) {
  if (p.repeat == 0xf3) return Prefix::kF3;
  if (p.repeat == 0xf2) return Prefix::kF2;
  return p.operand ? Prefix::k66 : Prefix::kNone;
}

bool matches(const Modrm& wanted, u8 modrm) {
  if (!wanted.present) return true;
  const bool is_register = modrm >= 0xc0;
  if (wanted.mod == Modrm::Mod::kMemory && is_register) return false;
  if (wanted.mod == Modrm::Mod::kRegister && !is_register) return false;
  if (wanted.reg != Modrm::kFree && wanted.reg != ((modrm >> 3) & 7)) return false;
  return wanted.rm == Modrm::kFree || wanted.rm == (modrm & 7);
}

class Reader {
 public:
  Reader(std::span<const u8> bytes, CodeSize size, Insn& out) : bytes_(bytes), size_(size), out_(out) {}

  DecodeStatus run() {
    const DecodeStatus status = decode();
    // A fault in one of the later steps is not known before the bytes are: the end of the bytes first, for whoever
    // cannot fetch more of them, then the length.
    out_.length = static_cast<u8>(position_ < kMaxLength ? position_ : kMaxLength);
    if (truncated_ && bytes_.size() < kMaxLength) return DecodeStatus::kTruncated;
    if (position_ > kMaxLength) return DecodeStatus::kTooLong;
    return status;
  }

 private:
  DecodeStatus decode() {
    u8 opcode = prefixes();
    Map map = Map::k1;
    if (opcode == 0x0f) {
      map = Map::k0F;
      opcode = byte();
    }
    if (truncated_) return DecodeStatus::kTruncated;
    const bool default16 = size_ == CodeSize::k16;
    operand16_ = default16 != prefixes_.operand;
    address16_ = default16 != prefixes_.address;
    out_.opcode = opcode;
    out_.flags = static_cast<u8>(
        (operand16_ ? insn_flag::kOperand16 : 0) | (address16_ ? insn_flag::kAddress16 : 0) |
        (prefixes_.lock ? insn_flag::kLock : 0) | (prefixes_.repeat == 0xf3 ? insn_flag::kRep : 0) |
        (prefixes_.repeat == 0xf2 ? insn_flag::kRepne : 0) | (prefixes_.operand ? insn_flag::kOperandPrefix : 0));
    u8 modrm = 0;
    const bool needs_modrm = index().needs_modrm(map, opcode);
    if (needs_modrm) {
      if (position_ >= bytes_.size()) {
        truncated_ = true;
        return DecodeStatus::kTruncated;
      }
      modrm = bytes_[position_];
    }
    const Row* row = find(map, opcode, modrm);
    if (row == nullptr) {
      if (needs_modrm) ++position_;  // it decided, so who keeps the result must know that it was looked at
      return DecodeStatus::kUndefined;
    }
    if (row->modrm.present) {
      ++position_;
      take_modrm(modrm, row->operands[0] == Operand::Rd || row->operands[1] == Operand::Rd);
    }
    if (row->attributes & attribute::kByRegister) out_.reg = out_.rm = opcode & 7;
    for (const Operand o : row->operands) take_operand(o);
    segment();
    const bool lock_legal =
        (row->attributes & attribute::kLockable) && (out_.flags & insn_flag::kMemory) && destination_is_rm(*row);
    if (prefixes_.lock && !lock_legal) return DecodeStatus::kUndefined;
    return DecodeStatus::kOk;
  }

  u8 prefixes() {
    for (;;) {
      const u8 b = byte();
      switch (b) {
        case 0x66: prefixes_.operand = true; break;
        case 0x67: prefixes_.address = true; break;
        case 0xf0: prefixes_.lock = true; break;
        case 0xf2:
        case 0xf3: prefixes_.repeat = b; break;
        case 0x26: prefixes_.segment = kEs; break;
        case 0x2e: prefixes_.segment = kCs; break;
        case 0x36: prefixes_.segment = kSs; break;
        case 0x3e: prefixes_.segment = kDs; break;
        case 0x64: prefixes_.segment = kFs; break;
        case 0x65: prefixes_.segment = kGs; break;
        default: return b;
      }
      if (truncated_) return b;
      if (position_ >= kMaxLength) {
        ++position_;  // prefixes only: too long whatever follows
        return b;
      }
    }
  }

  const Row* find(Map map, u8 opcode, u8 modrm) {
    const Prefix prefix = mandatory(prefixes_);
    for (const u16 n : index().rows_of(map, opcode)) {
      const Row& row = rows()[n];
      if (row.prefix != Prefix::kAny && row.prefix != prefix) continue;
      if (!matches(row.modrm, modrm)) continue;
      out_.row = n;
      return &row;
    }
    return nullptr;
  }

  static bool destination_is_rm(const Row& row) {
    // XCHG with memory may name it second (Gv, Ev never occurs: the table writes Ev, Gv).
    return row.operands[0] == Operand::Eb || row.operands[0] == Operand::Ev || row.operands[0] == Operand::Mq;
  }

  // register_always: MOV to and from control registers ignores mod (SDM 2B, MOV).
  void take_modrm(u8 modrm, bool register_always) {
    out_.modrm = modrm;
    out_.reg = (modrm >> 3) & 7;
    out_.rm = modrm & 7;
    if (modrm >= 0xc0 || register_always) return;
    out_.flags |= insn_flag::kMemory;
    if (address16_)
      address16(modrm);
    else
      address32(modrm);
  }

  // SDM 2, table 2-1.
  void address16(u8 modrm) {
    static constexpr u8 kBase[8] = {kEbx, kEbx, kEbp, kEbp, kEsi, kEdi, kEbp, kEbx};
    static constexpr u8 kIndex[8] = {kEsi, kEdi, kEsi, kEdi, kNoRegister, kNoRegister, kNoRegister, kNoRegister};
    const u8 mod = modrm >> 6, rm = modrm & 7;
    if (mod == 0 && rm == 6) {
      out_.displacement = word();
      return;
    }
    out_.base = kBase[rm];
    out_.index = kIndex[rm];
    if (mod == 1) out_.displacement = static_cast<u32>(static_cast<i8>(byte()));
    if (mod == 2) out_.displacement = word();
    stack_based_ = out_.base == kEbp;
  }

  // SDM 2, tables 2-2 and 2-3.
  void address32(u8 modrm) {
    const u8 mod = modrm >> 6, rm = modrm & 7;
    if (mod == 0 && rm == 5) {
      out_.displacement = dword();
      return;
    }
    out_.base = rm;
    if (rm == 4) {
      const u8 sib = byte();
      out_.base = sib & 7;
      const u8 index_number = (sib >> 3) & 7;
      if (index_number != 4) {
        out_.index = index_number;
        out_.scale = sib >> 6;
      }
      if (mod == 0 && out_.base == kEbp) {
        out_.base = kNoRegister;
        out_.displacement = dword();
      }
    }
    if (mod == 1) out_.displacement = static_cast<u32>(static_cast<i8>(byte()));
    if (mod == 2) out_.displacement = dword();
    stack_based_ = out_.base == kEsp || out_.base == kEbp;
  }

  void take_operand(Operand o) {
    switch (o) {
      case Operand::Ib:
        if (has_immediate_)
          out_.immediate2 = byte();
        else
          immediate(byte());
        break;
      case Operand::Ibs: immediate(static_cast<u32>(static_cast<i8>(byte()))); break;
      case Operand::Iw: immediate(word()); break;
      case Operand::Iz: immediate(operand16_ ? word() : dword()); break;
      case Operand::Jb: immediate(static_cast<u32>(static_cast<i8>(byte()))); break;
      case Operand::Jz: immediate(operand16_ ? static_cast<u32>(static_cast<i16>(word())) : dword()); break;
      case Operand::Ap:
        immediate(operand16_ ? word() : dword());
        out_.immediate2 = word();
        break;
      case Operand::Ob:
      case Operand::Ov:
        out_.flags |= insn_flag::kMemory;
        out_.displacement = address16_ ? word() : dword();
        break;
      case Operand::AL:
      case Operand::eAX: break;  // implied; the engines know
      default: break;
    }
  }

  void immediate(u32 v) {
    out_.immediate = v;
    has_immediate_ = true;
  }

  // The segment of the memory operand: the override, else SS when the base is ESP or EBP, else DS.
  void segment() {
    out_.segment = prefixes_.segment != kNoSegment ? prefixes_.segment : stack_based_ ? u8{kSs} : u8{kDs};
  }

  u8 byte() {
    if (position_ >= bytes_.size()) {
      truncated_ = true;
      ++position_;
      return 0;
    }
    return bytes_[position_++];
  }
  u16 word() {
    const u16 low = byte();
    return static_cast<u16>(low | byte() << 8);
  }
  u32 dword() {
    const u32 low = word();
    return low | static_cast<u32>(word()) << 16;
  }

  std::span<const u8> bytes_;
  CodeSize size_;
  Insn& out_;
  Prefixes prefixes_;
  u32 position_ = 0;
  bool truncated_ = false, operand16_ = false, address16_ = false, stack_based_ = false, has_immediate_ = false;
};

}  // namespace

DecodeStatus decode(std::span<const u8> bytes, CodeSize size, Insn& out) {
  out = Insn{};
  return Reader(bytes, size, out).run();
}

std::string mnemonic(const Insn& i) {
  static constexpr const char* kConditions[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                                  "s", "ns", "p", "np", "l", "ge", "le", "g"};
  const Row& row = row_of(i);
  std::string name = row.mnemonic;
  if (row.attributes & attribute::kByCondition) name += kConditions[i.opcode & 15];
  return name;
}

}  // namespace paemu::isa
