// Which opcode is done where. A statement gives null, an expression its value.

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

namespace {

// For Or<> functions that are statements.
Value nothing(Or<> done) {
  if (!done.ok()) return Failure{done.error()};
  return Ref<Object>{};
}

}  // namespace

Value Interpreter::dispatch(Frame& f, u8 opcode) {
  using namespace op;
  switch (opcode) {
    case kZero: return made_integer(f, 0);
    case kOne: return made_integer(f, 1);
    case kOnes: return made_integer(f, ~u64{0});
    case kByte: return made_integer(f, TRY(number(f, 1)));
    case kWord: return made_integer(f, TRY(number(f, 2)));
    case kDword: return made_integer(f, TRY(number(f, 4)));
    case kQword: return made_integer(f, TRY(number(f, 8)));
    case kString: return string(f);
    case kBuffer: return buffer(f);
    case kPackage:
    case kVarPackage: return package(f, opcode);

    case kAlias: return nothing(define_alias(f));
    case kName: return nothing(define_name(f));
    case kScope: return nothing(scope(f));
    case kMethod: return nothing(define_method(f));
    case kExternal: return nothing(define_external(f));
    case kCreateBit: return nothing(create_field(f, 1));
    case kCreateByte: return nothing(create_field(f, 8));
    case kCreateWord: return nothing(create_field(f, 16));
    case kCreateDword: return nothing(create_field(f, 32));
    case kCreateQword: return nothing(create_field(f, 64));

    case kLocal0 ... kArg6: {
      if (!f.slots) return bad(f, "uses a local outside of a method");
      const u32 slot = opcode >= kArg0 ? opcode - kArg0 : Slots::kArguments + (opcode - kLocal0);
      if (!f.slots->items[slot]) {
        return bad(f, "reads %s%d before it is set", opcode >= kArg0 ? "Arg" : "Local",
                   opcode - (opcode >= kArg0 ? kArg0 : kLocal0));
      }
      return f.slots->items[slot];
    }

    case kStore: return store_term(f);
    case kCopyObject: return copy_term(f);
    case kRefOf: return reference_of(f);
    case kDerefOf: return dereference(f, TRY(data(f)));
    case kIndex: return index(f);
    case kSizeOf: return size_of(f);
    case kObjectType: return object_type(f);
    case kConcat: return concatenate(f);
    case kConcatRes: return concatenate_resources(f);
    case kMid: return mid(f);
    case kMatch: return match(f);
    case kToBuffer:
    case kToDecimal:
    case kToHex:
    case kToInteger:
    case kToString: return convert(f, opcode);

    case kAdd:
    case kSubtract:
    case kMultiply:
    case kShiftLeft:
    case kShiftRight:
    case kAnd:
    case kNand:
    case kOr:
    case kNor:
    case kXor:
    case kMod: return binary(f, opcode);
    case kDivide: return divide(f);
    case kNot:
    case kFindSetLeft:
    case kFindSetRight: return unary(f, opcode);
    case kIncrement:
    case kDecrement: return step(f, opcode);
    case kLAnd:
    case kLOr:
    case kLNot:
    case kLEqual:
    case kLGreater:
    case kLLess: return logic(f, opcode);

    case kNotify: return notify(f);
    case kIf: return nothing(if_else(f));
    case kElse: return bad(f, "has an Else without an If");
    case kWhile: return nothing(while_loop(f));
    case kNoop:
    case kBreakPoint: return Ref<Object>{};
    case kBreak: f.flow = Flow::kBreak; return Ref<Object>{};
    case kContinue: f.flow = Flow::kContinue; return Ref<Object>{};
    case kReturn: {
      if (!f.is_method) return bad(f, "returns from what is not a method");
      f.result = TRY(data(f));
      f.flow = Flow::kReturn;
      return Ref<Object>{};
    }
    default: return bad(f, "has the opcode 0x%02x, which this interpreter does not know", opcode);
  }
}

Value Interpreter::dispatch_extended(Frame& f) {
  using namespace op;
  const u8 opcode = TRY(byte(f));
  switch (opcode) {
    case ext::kMutex: return nothing(define_mutex(f));
    case ext::kEvent: {
      Ref<Object> event = new (std::nothrow) Object(Type::kEvent);
      return nothing(define(f, event));
    }
    case ext::kRegion: return nothing(define_region(f));
    case ext::kField:
    case ext::kIndexField:
    case ext::kBankField: return nothing(define_fields(f, opcode));
    case ext::kCreateField: return nothing(create_field(f, 0));
    case ext::kDevice: return nothing(container(f, Type::kDevice, 0));
    case ext::kProcessor: return nothing(container(f, Type::kProcessor, 6));          // id, block address, length
    case ext::kPowerResource: return nothing(container(f, Type::kPowerResource, 3));  // level, order
    case ext::kThermalZone: return nothing(container(f, Type::kThermalZone, 0));

    case ext::kCondRefOf: return conditional_reference(f);
    case ext::kAcquire: return acquire(f);
    case ext::kRelease: return nothing(release(f));
    case ext::kStall: return nothing(wait(f, 1'000));
    case ext::kSleep: return nothing(wait(f, 1'000'000));
    case ext::kFromBcd:
    case ext::kToBcd: return unary(f, opcode);
    case ext::kRevision: return made_integer(f, 2);
    case ext::kTimer: return made_integer(f, hardware_.now_ns());
    case ext::kFatal: return nothing(fatal(f));
    default: return bad(f, "has the opcode 0x5b 0x%02x, which this interpreter does not know", opcode);
  }
}

}  // namespace ido::acpi
