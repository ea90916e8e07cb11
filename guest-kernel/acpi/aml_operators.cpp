// Arithmetic and logic (ACPI 19.6).

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

namespace {

// 64-bit division by shift and subtract: the kernel links no compiler runtime. divisor is not 0.
u64 divide_numbers(u64 dividend, u64 divisor, u64& remainder) {
  if (static_cast<u32>(dividend >> 32) == 0 && static_cast<u32>(divisor >> 32) == 0) {
    remainder = static_cast<u32>(dividend) % static_cast<u32>(divisor);
    return static_cast<u32>(dividend) / static_cast<u32>(divisor);
  }
  u64 quotient = 0;
  remainder = 0;
  for (u32 i = 64; i-- > 0;) {
    const bool carry = remainder >> 63;
    remainder = remainder << 1 | ((dividend >> i) & 1);
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= u64{1} << i;
    }
  }
  return quotient;
}

u64 from_bcd(u64 value, u32 digits) {
  u64 result = 0;
  for (u32 i = digits; i-- > 0;) result = result * 10 + ((value >> (4 * i)) & 15);
  return result;
}

u64 to_bcd(u64 value, u32 digits) {
  u64 result = 0;
  for (u32 i = 0; i < digits; ++i) {
    u64 digit;
    value = divide_numbers(value, 10, digit);
    result |= digit << (4 * i);
  }
  return result;
}

}  // namespace

Value Interpreter::binary(Frame& f, u8 opcode) {
  using namespace op;
  const u64 a = TRY(integer(f));
  const u64 b = TRY(integer(f));
  u64 result = 0;
  switch (opcode) {
    case kAdd: result = a + b; break;
    case kSubtract: result = a - b; break;
    case kMultiply: result = a * b; break;
    case kShiftLeft: result = b < 64 ? a << b : 0; break;
    case kShiftRight: result = b < 64 ? a >> b : 0; break;
    case kAnd: result = a & b; break;
    case kNand: result = ~(a & b); break;
    case kOr: result = a | b; break;
    case kNor: result = ~(a | b); break;
    case kXor: result = a ^ b; break;
    case kMod:
      if (b == 0) return bad(f, "divides by zero");
      divide_numbers(a, b, result);
      break;
  }
  Ref<Object> value = TRY(made_integer(f, result));
  TRY(store_to_target(f, value));
  return value;
}

// Divide (Dividend, Divisor, Remainder, Result)
Value Interpreter::divide(Frame& f) {
  const u64 a = TRY(integer(f));
  const u64 b = TRY(integer(f));
  if (b == 0) return bad(f, "divides by zero");
  u64 remainder;
  Ref<Object> quotient = TRY(made_integer(f, divide_numbers(a, b, remainder)));
  const Ref<Object> rest = TRY(made_integer(f, remainder));
  TRY(store_to_target(f, rest));
  TRY(store_to_target(f, quotient));
  return quotient;
}

Value Interpreter::unary(Frame& f, u8 opcode) {
  using namespace op;
  const u64 a = TRY(integer(f));
  const u32 digits = 2 * integer_bytes_;
  u64 result = 0;
  switch (opcode) {
    case kNot: result = ~a; break;
    case kFindSetLeft:  // the number of the highest bit, from 1; 0 when none is set
      while (result < 64 && (a >> result) != 0) ++result;
      break;
    case kFindSetRight:
      if (a != 0)
        for (result = 1; ((a >> (result - 1)) & 1) == 0;) ++result;
      break;
    case ext::kFromBcd: result = from_bcd(a, digits); break;
    case ext::kToBcd: result = to_bcd(a, digits); break;
  }
  Ref<Object> value = TRY(made_integer(f, result));
  TRY(store_to_target(f, value));
  return value;
}

// Increment and Decrement: the operand is its own target.
Value Interpreter::step(Frame& f, u8 opcode) {
  const Ref<Reference> target = TRY(place(f));
  if (!target) return bad(f, "counts nothing");
  const Ref<Object> before = TRY(dereference(f, Ref<Object>(target)));
  u64 number = 0;
  if (!before || !to_integer(*before, integer_bytes_, Conversion::kImplicit, number))
    return bad(f, "counts what is no number");
  Ref<Object> value = TRY(made_integer(f, opcode == op::kIncrement ? number + 1 : number - 1));
  TRY(store(f, value, target));
  return value;
}

// The second operand becomes the type of the first (19.6.71).
Or<i32> Interpreter::compare(Frame& f, const Ref<Object>& a, const Ref<Object>& b) {
  if (as_integer(a) != nullptr) {
    u64 y = 0;
    if (!to_integer(*b, integer_bytes_, Conversion::kImplicit, y))
      return bad(f, "compares %s with %s", name_of(a->type()), name_of(b->type()));
    const u64 x = mask(static_cast<const Integer&>(*a).value);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const bool text = as_string(a) != nullptr;
  if (!text && as_buffer(a) == nullptr) return bad(f, "compares %s", name_of(a->type()));
  const Ref<Bytes> other =
      text ? to_hex_string(*b, integer_bytes_, Conversion::kImplicit) : to_buffer(*b, integer_bytes_);
  if (!other) return bad(f, "compares %s with %s", name_of(a->type()), name_of(b->type()));
  const auto& x = static_cast<const Bytes&>(*a);
  for (u32 i = 0; i < x.size && i < other->size; ++i) {
    if (x.data[i] != other->data[i]) return x.data[i] < other->data[i] ? -1 : 1;
  }
  return x.size < other->size ? -1 : x.size > other->size ? 1 : 0;
}

Value Interpreter::logic(Frame& f, u8 opcode) {
  using namespace op;
  bool result = false;
  if (opcode == kLNot) {
    result = TRY(integer(f)) == 0;
  } else if (opcode == kLAnd || opcode == kLOr) {
    const bool a = TRY(integer(f)) != 0;
    const bool b = TRY(integer(f)) != 0;
    result = opcode == kLAnd ? a && b : a || b;
  } else {
    const Ref<Object> a = TRY(data(f));
    const Ref<Object> b = TRY(data(f));
    const i32 order = TRY(compare(f, a, b));
    result = opcode == kLEqual ? order == 0 : opcode == kLGreater ? order > 0 : order < 0;
  }
  return made_integer(f, result ? ~u64{0} : 0);
}

}  // namespace ido::acpi
