#include "cpu/integer_arithmetic.hpp"
#include "cpu/integer_bits.hpp"
#include "cpu/integer_move.hpp"
#include "cpu/integer_multiply.hpp"
#include "cpu/integer_shift.hpp"
#include "cpu/semantics.hpp"
#include "interp/forms.hpp"

namespace paemu {
namespace forms {

// BTx Ev,Gv: in memory a bit string.
template <class Semantic, Operand D, Operand S>
Handler select_bits(const Insn& i, Speed speed) {
  if (!(i.flags & isa::insn_flag::kMemory)) return select<Semantic, D, S>(i, speed);
  if (i.flags & isa::insn_flag::kOperand16) {
    return &slow<Semantic, semantic::BitStringMemory<u16>, operand::RegRegister<u16>>;
  }
  return &slow<Semantic, semantic::BitStringMemory<u32>, operand::RegRegister<u32>>;
}

}  // namespace forms

namespace {
using enum isa::Operand;
constexpr Pick kPicks[] = {
    nullptr,  // no part is empty
#include "isa/x86_integer.inc"
};
}  // namespace

Picks integer_picks() { return {kPicks + 1, std::size(kPicks) - 1}; }

}  // namespace paemu
