#include "cpu/semantics.hpp"
#include "cpu/simd_integer_forms.hpp"
#include "cpu/simd_move_forms.hpp"
#include "interp/forms.hpp"

namespace paemu {
namespace {
using enum isa::Operand;
constexpr Pick kPicks[] = {
#include "isa/x86_simd.inc"
};
}  // namespace

Picks simd_picks() { return {kPicks, std::size(kPicks)}; }

}  // namespace paemu
