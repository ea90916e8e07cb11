#include "cpu/semantics.hpp"
#include "cpu/simd_float_forms.hpp"
#include "interp/forms.hpp"

namespace paemu {
namespace {
using enum isa::Operand;
constexpr Pick kPicks[] = {
#include "isa/x86_simd_float.inc"
};
}  // namespace

Picks simd_float_picks() { return {kPicks, std::size(kPicks)}; }

}  // namespace paemu
