// Terms that reach beyond the interpreter: Notify, mutexes, waiting, Fatal (ACPI 19.6).

#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

// Notify (Object, Value)
Value Interpreter::notify(Frame& f) {
  const Ref<Reference> what = TRY(place(f));
  const u64 value = TRY(integer(f));
  Node* node = nullptr;
  if (what && what->kind == Reference::Kind::kNode) {
    node = what->node.get();
  } else if (what) {  // a local, argument or element that holds a reference
    const Ref<Object> inner = TRY(dereference(f, Ref<Object>(what)));
    if (auto* reference = as_reference(inner); reference != nullptr && reference->kind == Reference::Kind::kNode) {
      node = reference->node.get();
    }
  }
  if (node == nullptr) return bad(f, "notifies what is no device");
  hardware_.notify(*node, static_cast<u32>(value));
  return Ref<Object>{};
}

// Acquire (Mutex, Timeout): false, acquired, as one evaluation runs at a time.
Value Interpreter::acquire(Frame& f) {
  const Ref<Reference> what = TRY(place(f));
  TRY(number(f, 2));
  if (!what || what->kind != Reference::Kind::kNode) return bad(f, "acquires what is no mutex");
  if (auto* mutex = as<MutexObject>(what->node->object(), Type::kMutex)) ++mutex->depth;
  return made_integer(f, 0);
}

Or<> Interpreter::release(Frame& f) {
  const Ref<Reference> what = TRY(place(f));
  if (!what || what->kind != Reference::Kind::kNode) return bad(f, "releases what is no mutex");
  if (auto* mutex = as<MutexObject>(what->node->object(), Type::kMutex); mutex != nullptr && mutex->depth > 0) {
    --mutex->depth;
  }
  return {};
}

Or<> Interpreter::wait(Frame& f, u64 unit_ns) {
  constexpr u64 kLongest = 10'000;  // units: ten seconds of Sleep
  const u64 count = TRY(integer(f));
  hardware_.sleep((count < kLongest ? count : kLongest) * unit_ns);
  return {};
}

// Fatal (Type, Code, Arg): the firmware finds the machine broken.
Or<> Interpreter::fatal(Frame& f) {
  const u64 type = TRY(number(f, 1));
  const u64 code = TRY(number(f, 4));
  const u64 argument = TRY(integer(f));
  return bad(f, "reports a fatal error: type 0x%x, code 0x%x, argument 0x%llx", static_cast<u32>(type),
             static_cast<u32>(code), static_cast<unsigned long long>(argument));
}

}  // namespace ido::acpi
