// Control flow, names and method calls; the reading of AML's building blocks.

#include "acpi/interpreter.hpp"

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"

namespace ido::acpi {

// --- From outside.

void Interpreter::begin() {
  stack_ = static_cast<const u8*>(__builtin_frame_address(0));
  steps_ = 0;
  problem_[0] = '\0';
}

Or<> Interpreter::load(const u8* table, u32 size) {
  constexpr u32 kHeaderSize = 36, kRevision = 8;
  if (size < kHeaderSize) return fail(Errno::kInval);
  if (integer_bytes_ == 0) integer_bytes_ = table[kRevision] < 2 ? 4 : 8;
  auto* frame = new (std::nothrow) Frame;
  if (frame == nullptr) return fail(Errno::kNoMem);
  frame->code = table;
  frame->at = kHeaderSize;
  frame->end = size;
  frame->scope = &names_.root();
  frame->method = &names_.root();
  begin();
  Or<> result = block(*frame, size);
  delete frame;
  return result;
}

Value Interpreter::evaluate(Node& node, const Ref<Object>* arguments, u32 count) {
  begin();
  auto* frame = new (std::nothrow) Frame;
  if (frame == nullptr) return fail(Errno::kNoMem);
  frame->scope = &node;
  frame->method = &node;
  const Ref<Object> held = node.object();
  if (auto* method = as<Method>(held, Type::kMethod)) {
    frame->slots = new (std::nothrow) Slots;
    if (!frame->slots) {
      delete frame;
      return fail(Errno::kNoMem);
    }
    for (u32 i = 0; i < count && i < kMaxArguments; ++i) frame->slots->items[i] = arguments[i];
    frame->code = method->code;
    frame->end = method->size;
    frame->is_method = true;
    return run(*frame);
  }
  Value result = value_of(*frame, node);
  delete frame;
  return result;
}

// --- Methods.

// Runs and deletes the frame.
Value Interpreter::run(Frame& frame) {
  Or<> done = block(frame, frame.end);
  for (Ref<Node>& node : frame.made) names_.remove(*node);
  Ref<Object> result = std::move(frame.result);
  // References to its own slots would keep them alive for ever.
  for (Ref<Object>& slot : frame.slots->items) slot = nullptr;
  delete &frame;
  if (!done.ok()) return Failure{done.error()};
  return result;
}

Value Interpreter::call(Frame& caller, Node& node, const Method& method) {
  auto* frame = new (std::nothrow) Frame;
  Ref<Slots> slots = new (std::nothrow) Slots;
  if (frame == nullptr || !slots) {
    delete frame;
    return no_memory(caller);
  }
  for (u32 i = 0; i < method.argument_count; ++i) {
    Value argument = data(caller);
    if (!argument.ok()) {
      delete frame;
      return Failure{argument.error()};
    }
    slots->items[i] = std::move(argument.value());
  }
  frame->slots = std::move(slots);
  frame->scope = &node;
  frame->method = &node;
  frame->code = method.code;
  frame->end = method.size;
  frame->is_method = true;
  return run(*frame);
}

// --- Statements.

Or<> Interpreter::block(Frame& f, u32 end) {
  const u32 outer = f.end;
  f.end = end;
  while (f.at < f.end && f.flow == Flow::kNext) {
    Value ignored = term(f);
    if (!ignored.ok()) return Failure{ignored.error()};
  }
  if (f.flow == Flow::kNext) f.at = end;
  f.end = outer;
  return {};
}

Or<> Interpreter::if_else(Frame& f) {
  const u32 end = TRY(package_end(f));
  const u64 condition = TRY(integer(f));
  if (condition != 0) {
    TRY(block(f, end));
    return f.flow == Flow::kNext ? skip_else(f) : Or<>{};
  }
  f.at = end;
  if (f.at < f.end && f.code[f.at] == op::kElse) {
    ++f.at;
    const u32 else_end = TRY(package_end(f));
    return block(f, else_end);
  }
  return {};
}

Or<> Interpreter::skip_else(Frame& f) {
  if (f.at < f.end && f.code[f.at] == op::kElse) {
    ++f.at;
    f.at = TRY(package_end(f));
  }
  return {};
}

Or<> Interpreter::while_loop(Frame& f) {
  const u32 end = TRY(package_end(f));
  const u32 start = f.at;
  for (;;) {
    ++steps_;
    f.at = start;
    const u64 condition = TRY(integer(f));
    if (condition == 0) break;
    TRY(block(f, end));
    if (f.flow == Flow::kReturn) return {};
    const bool leave = f.flow == Flow::kBreak;
    f.flow = Flow::kNext;
    if (leave) break;
  }
  f.at = end;
  return {};
}

// --- Terms.

Value Interpreter::term(Frame& f) {
  const auto used = stack_ - static_cast<const u8*>(__builtin_frame_address(0));
  if (used > static_cast<std::ptrdiff_t>(kMaxStack)) return bad(f, "is nested too deeply");
  if (++steps_ > kMaxSteps) return bad(f, "runs for too long");
  if (Object::live() > Object::kMaxLive) return bad(f, "uses too much memory");
  if (f.at >= f.end) return bad(f, "ends in the middle of a term");
  const u8 next = f.code[f.at];
  if (op::starts_name(next)) return name_term(f);
  ++f.at;
  return next == op::kExtended ? dispatch_extended(f) : dispatch(f, next);
}

Value Interpreter::name_term(Frame& f) {
  const NamePath path = TRY(name_path(f));
  Node* node = path.count == 0 && path.parents == 0 && !path.from_root ? nullptr : names_.find(*f.scope, path);
  if (node == nullptr) {
    char text[48];
    format_path(path, text, sizeof(text));
    return bad(f, "uses %s, which does not exist", text);
  }
  const Ref<Object> held = node->object();
  if (auto* method = as<Method>(held, Type::kMethod)) return call(f, *node, *method);
  return value_of(f, *node);
}

// What a name stands for, fields read. Things that are not data come as a reference to the name.
Value Interpreter::value_of(Frame& f, Node& node) {
  const Ref<Object> held = node.object();
  switch (node.type()) {
    case Type::kInteger:
    case Type::kString:
    case Type::kBuffer:
    case Type::kPackage:
    case Type::kReference: return held;
    case Type::kFieldUnit: return read_field(f, static_cast<FieldUnit&>(*held));
    case Type::kBufferField: return made(f, TRY(read_buffer_field(static_cast<const BufferField&>(*held))));
    default: {
      Ref<Reference> reference = new (std::nothrow) Reference(Reference::Kind::kNode);
      if (!reference) return no_memory(f);
      reference->node = &node;
      return Ref<Object>(reference);
    }
  }
}

// --- Building blocks (20.2).

Or<u8> Interpreter::byte(Frame& f) {
  if (f.at >= f.end) return bad(f, "ends too early");
  return f.code[f.at++];
}

Or<u64> Interpreter::number(Frame& f, u32 bytes) {
  if (f.end - f.at < bytes || f.at > f.end) return bad(f, "ends in the middle of a number");
  u64 value = 0;
  for (u32 i = 0; i < bytes; ++i) value |= static_cast<u64>(f.code[f.at++]) << (8 * i);
  return value;
}

Or<u32> Interpreter::package_length(Frame& f) {
  const u8 lead = TRY(byte(f));
  const u32 more = lead >> 6;
  u32 length = more == 0 ? (lead & 0x3f) : (lead & 0x0f);
  for (u32 i = 0; i < more; ++i) {
    const u32 next = TRY(byte(f));
    length |= next << (4 + 8 * i);
  }
  return length;
}

Or<u32> Interpreter::package_end(Frame& f) {
  const u32 start = f.at;
  const u32 length = TRY(package_length(f));
  if (length < f.at - start || length > f.end - start) return bad(f, "has a package that is longer than what holds it");
  return start + length;
}

Or<NamePath> Interpreter::name_path(Frame& f) {
  NamePath path;
  u8 next = TRY(byte(f));
  if (next == '\\') {
    path.from_root = true;
    next = TRY(byte(f));
  }
  while (next == '^') {
    ++path.parents;
    next = TRY(byte(f));
  }
  if (next == op::kNullName) return path;
  if (next == op::kDualName) {
    path.count = 2;
  } else if (next == op::kMultiName) {
    path.count = TRY(byte(f));
    if (path.count > NamePath::kMaxSegments) return bad(f, "has a name of too many parts");
  } else {
    path.count = 1;
    --f.at;
  }
  if (f.end - f.at < 4 * path.count) return bad(f, "ends in the middle of a name");
  path.segments = f.code + f.at;
  f.at += 4 * path.count;
  return path;
}

Value Interpreter::data(Frame& f) {
  Ref<Object> value = TRY(term(f));
  if (!value) return bad(f, "needs a value, and there is none");
  return value;
}

Or<u64> Interpreter::integer(Frame& f) {
  const Ref<Object> value = TRY(data(f));
  u64 number = 0;
  if (!to_integer(*value, integer_bytes_, Conversion::kImplicit, number)) {
    return bad(f, "needs a number, not %s", name_of(value->type()));
  }
  return number;
}

Value Interpreter::made(Frame& f, Ref<Object> object) {
  if (!object) return no_memory(f);
  return object;
}

Value Interpreter::made_integer(Frame& f, u64 value) { return made(f, make_integer(mask(value))); }

Failure<Errno> Interpreter::no_memory(Frame& f) {
  bad(f, "finds no memory");
  return fail(Errno::kNoMem);
}

// Keeps the first sentence of an evaluation: what follows is its consequence.
Failure<Errno> Interpreter::bad(Frame& f, const char* format, ...) {
  if (problem_[0] == '\0') {
    char path[Node::kPathSize];
    f.method->path(path);
    const u32 length = format_to(problem_, sizeof(problem_), "%s+0x%x: ", path, f.at);
    va_list arguments;
    va_start(arguments, format);
    if (length < sizeof(problem_)) format_list(problem_ + length, sizeof(problem_) - length, format, arguments);
    va_end(arguments);
  }
  return fail(Errno::kInval);
}

void format_path(const NamePath& path, char* text, u32 size) {
  u32 at = 0;
  const auto put = [&](u8 c) {
    if (at + 1 < size) text[at++] = c >= ' ' && c < 0x7f ? static_cast<char>(c) : '?';
  };
  if (path.from_root) put('\\');
  for (u32 i = 0; i < path.parents; ++i) put('^');
  for (u32 i = 0; i < path.count; ++i) {
    if (i > 0) put('.');
    for (u32 k = 0; k < 4; ++k) put(path.segments[4 * i + k]);
  }
  text[at] = '\0';
}

}  // namespace ido::acpi
