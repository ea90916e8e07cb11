// MUL, IMUL, DIV, IDIV (SDM 2), whose undefined flags hosts leave in different ways (docs/undefined.md).
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {
constexpr u32 kUndefined = eflag::kAdjust | stale::kSignZeroParity;
}

// IMUL Gv,Ev and IMUL Gv,Ev,imm: SF, ZF and PF are those of the result.
bool BlockTranslator::copy_product(const Insn& i, u32 immediate_size) {
  if (operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kRead);
  encode({0, i.opcode == 0xaf, i.opcode}, kHostRegister[i.reg], rm);
  if (immediate_size != 0) db(i.immediate, immediate_size);
  mov(dword[CONTEXT(stale_mask)], kUndefined | stale::kOfProduct);
  mov(ptr[CONTEXT(stale_value)], guest32(i.reg));
  flags_ = Flags{kUndefined, true, 0};
  return true;
}

// MUL, IMUL of eDX:eAX.
bool BlockTranslator::copy_multiply(const Insn& i) {
  if (i.opcode == 0xf6 || operand16(i)) return false;
  if (!copy_group(i, {0, false, 0xf7}, 4, Access::kRead, 0)) return false;
  mov(dword[CONTEXT(stale_mask)], kUndefined | stale::kOfProduct);
  mov(ptr[CONTEXT(stale_value)], eax);
  flags_ = Flags{kUndefined, true, 0};
  return true;
}

// Divisors and dividends that may be a divide error are the handler's. No flag changes.
bool BlockTranslator::copy_divide(const Insn& i) {
  if (i.opcode == 0xf6 || operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  const bool is_signed = (i.modrm >> 3 & 7) == 7;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kRead);
  Label refuse, done;
  encode({0, false, 0x8b}, static_cast<u8>(rcx.getIdx()), rm);
  pushfq();
  if (is_signed) {
    // EDX must be EAX's sign, the divisor neither 0 nor -1.
    lea(r8d, ptr[rcx + 1]);
    cmp(r8d, 1);
    jbe(refuse);
    mov(r8d, eax);
    sar(r8d, 31);
    cmp(r8d, edx);
    jne(refuse);
    idiv(ecx);
  } else {
    cmp(edx, ecx);
    jae(refuse);
    div(ecx);
  }
  popfq();
  jmp(done);
  L(refuse);
  popfq();
  jmp(missed(), T_NEAR);
  L(done);
  return true;
}

}  // namespace paemu::jit
