// What the rows of MMX and SSE say of their operands, as their copies need it: which register file, how many bytes.
#pragma once

#include "base/types.hpp"
#include "isa/table.hpp"

namespace paemu::jit::simd_operand {
using namespace base;
using isa::Operand;

constexpr bool is_xmm(Operand o) {  // by ModRM.reg
  using enum Operand;
  return o == Vdq || o == Vq || o == Vd || o == Vps || o == Vpd || o == Vss || o == Vsd;
}
constexpr bool is_xmm_rm(Operand o) {
  using enum Operand;
  return o == Wdq || o == Wq || o == Wd || o == Wps || o == Wpd || o == Wss || o == Wsd || o == Udq || o == Uq ||
         o == Ups || o == Upd;
}
constexpr bool is_mmx_reg(Operand o) { return o == Operand::Pq || o == Operand::Pd; }
constexpr bool is_mmx_rm(Operand o) { return o == Operand::Qq || o == Operand::Qd || o == Operand::Nq; }
constexpr bool is_mmx(Operand o) { return is_mmx_reg(o) || is_mmx_rm(o); }
constexpr bool is_general_rm(Operand o) { return o == Operand::Ed || o == Operand::Ew; }

// Bytes of the operand when it is memory; 0: it is none that is copied.
constexpr u32 memory_size(Operand o) {
  using enum Operand;
  switch (o) {
    case Wdq:
    case Wps:
    case Wpd:
    case Mdq: return 16;
    case Wq:
    case Wsd:
    case Qq:
    case Mq: return 8;
    case Wd:
    case Wss:
    case Qd:
    case Ed: return 4;
    case Ew: return 2;
    default: return 0;
  }
}

constexpr u8 mandatory(isa::Prefix p) {
  switch (p) {
    case isa::Prefix::k66: return 0x66;
    case isa::Prefix::kF3: return 0xf3;
    case isa::Prefix::kF2: return 0xf2;
    default: return 0;
  }
}

}  // namespace paemu::jit::simd_operand
