// Frame: one activation of the interpreter, a table that loads or a method that runs. On the heap: kernel stacks are
// small.
#pragma once

#include "acpi/namespace.hpp"

namespace ido::acpi {

enum class Flow : u8 { kNext, kBreak, kContinue, kReturn };

struct Frame {
  const u8* code = nullptr;
  u32 at = 0;   // offset of the next byte
  u32 end = 0;  // of the innermost package
  Flow flow = Flow::kNext;
  bool is_method = false;  // names that it makes go away at its end
  Ref<Node> scope;
  Ref<Node> method;        // for messages
  Ref<Slots> slots;        // null while a table loads
  Ref<Object> result;      // of Return
  Vector<Ref<Node>> made;  // names to take out at the end
};

}  // namespace ido::acpi
