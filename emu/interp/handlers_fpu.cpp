#include "cpu/semantics.hpp"
#include "interp/forms.hpp"

namespace paemu {
namespace {
using enum isa::Operand;
constexpr Pick kPicks[] = {
    nullptr,  // no part is empty
#include "isa/x86_fpu.inc"
};
}  // namespace

Picks fpu_picks() { return {kPicks + 1, std::size(kPicks) - 1}; }

}  // namespace paemu
