#include "cpu/semantics.hpp"
#include "cpu/x87_control.hpp"
#include "interp/x87_forms.hpp"

namespace paemu {
namespace {
using enum isa::Operand;
constexpr Pick kPicks[] = {
#include "isa/x86_fpu.inc"
};
}  // namespace

Picks fpu_picks() { return {kPicks, std::size(kPicks)}; }

}  // namespace paemu
