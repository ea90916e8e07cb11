// Strings, buffers and packages: making, indexing, joining, converting (ACPI 19.6, 20.2.5.4).

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

Value Interpreter::string(Frame& f) {
  const u32 start = f.at;
  while (f.at < f.end && f.code[f.at] != 0) ++f.at;
  if (f.at >= f.end) return bad(f, "has a string without end");
  Ref<Object> text = make_bytes(Type::kString, f.code + start, f.at - start);
  ++f.at;
  return made(f, text);
}

Value Interpreter::buffer(Frame& f) {
  const u32 end = TRY(package_end(f));
  const u64 size = TRY(integer(f));
  if (f.at > end) return bad(f, "has a buffer that ends in its size");
  const u32 given = end - f.at;
  if (size > Bytes::kMaxSize) return bad(f, "has a buffer of more than 256 KiB");
  const Ref<Bytes> made_buffer = make_bytes(Type::kBuffer, nullptr, size > given ? static_cast<u32>(size) : given);
  if (!made_buffer) return no_memory(f);
  memcpy(made_buffer->data, f.code + f.at, given);
  f.at = end;
  return Ref<Object>(made_buffer);
}

Value Interpreter::package(Frame& f, u8 opcode) {
  const u32 end = TRY(package_end(f));
  u64 count = 0;
  if (opcode == op::kPackage)
    count = TRY(byte(f));
  else
    count = TRY(integer(f));
  if (count > Package::kMaxElements) return bad(f, "has a package of more than 4096 elements");
  const Ref<Package> made_package = new (std::nothrow) Package;
  if (!made_package) return no_memory(f);
  const u32 outer = f.end;
  f.end = end;
  while (f.at < end) {
    if (made_package->elements.size() == count) return bad(f, "has more elements in a package than it announced");
    Ref<Object> element = TRY(package_element(f));
    if (!made_package->elements.push(std::move(element)).ok()) return no_memory(f);
  }
  f.end = outer;
  f.at = end;
  while (made_package->elements.size() < count) {
    if (!made_package->elements.push({}).ok()) return no_memory(f);
  }
  return Ref<Object>(made_package);
}

// Names among the elements stand for their value where they have one, else for themselves; a name that does not exist
// (yet) is kept as text.
Value Interpreter::package_element(Frame& f) {
  if (!op::starts_name(f.code[f.at])) return data(f);
  const NamePath path = TRY(name_path(f));
  Node* node = names_.find(*f.scope, path);
  if (node == nullptr) {
    char text[Node::kPathSize];
    format_path(path, text, sizeof(text));
    return made(f, make_bytes(Type::kString, text, static_cast<u32>(strlen(text))));
  }
  const Type type = node->type();
  if (type == Type::kInteger || type == Type::kString || type == Type::kBuffer || type == Type::kPackage) {
    return node->object();
  }
  const Ref<Reference> reference = new (std::nothrow) Reference(Reference::Kind::kNode);
  if (!reference) return no_memory(f);
  reference->node = node;
  return Ref<Object>(reference);
}

// Index (Source, Index, Destination)
Value Interpreter::index(Frame& f) {
  const Ref<Object> source = TRY(data(f));
  const u64 at = TRY(integer(f));
  const auto* package = as_package(source);
  const bool bytes = as_buffer(source) != nullptr || as_string(source) != nullptr;
  if (package == nullptr && !bytes) return bad(f, "indexes %s", name_of(source->type()));
  const u32 size = package != nullptr ? package->elements.size() : static_cast<const Bytes&>(*source).size;
  if (at >= size) return bad(f, "indexes element %llu of %u", static_cast<unsigned long long>(at), size);
  const Ref<Reference> reference =
      new (std::nothrow) Reference(package != nullptr ? Reference::Kind::kElement : Reference::Kind::kByte);
  if (!reference) return no_memory(f);
  reference->container = source;
  reference->index = static_cast<u32>(at);
  TRY(store_to_target(f, Ref<Object>(reference)));
  return Ref<Object>(reference);
}

// Concatenate: the first operand's type decides (19.6.12).
Value Interpreter::concatenate(Frame& f) {
  const Ref<Object> a = TRY(data(f));
  const Ref<Object> b = TRY(data(f));
  const bool text = as_string(a) != nullptr;
  const Ref<Bytes> x = text ? to_hex_string(*a, integer_bytes_, Conversion::kImplicit) : to_buffer(*a, integer_bytes_);
  const Ref<Bytes> y = text ? to_hex_string(*b, integer_bytes_, Conversion::kImplicit) : to_buffer(*b, integer_bytes_);
  if (!x || !y) return bad(f, "joins %s and %s", name_of(a->type()), name_of(b->type()));
  Ref<Bytes> joined = make_bytes(text ? Type::kString : Type::kBuffer, nullptr, x->size + y->size);
  if (!joined) return no_memory(f);
  memcpy(joined->data, x->data, x->size);
  memcpy(joined->data + x->size, y->data, y->size);
  Ref<Object> result(joined);
  TRY(store_to_target(f, result));
  return result;
}

// ConcatenateResTemplate: both without their end tags, then one end tag (19.6.13).
Value Interpreter::concatenate_resources(Frame& f) {
  constexpr u32 kEndTag = 2;
  const Ref<Object> a = TRY(data(f));
  const Ref<Object> b = TRY(data(f));
  auto* x = as_buffer(a);
  auto* y = as_buffer(b);
  if (x == nullptr || y == nullptr) return bad(f, "joins resources that are no buffers");
  const u32 x_size = x->size >= kEndTag ? x->size - kEndTag : 0;
  const u32 y_size = y->size >= kEndTag ? y->size - kEndTag : 0;
  Ref<Bytes> joined = make_bytes(Type::kBuffer, nullptr, x_size + y_size + kEndTag);
  if (!joined) return no_memory(f);
  memcpy(joined->data, x->data, x_size);
  memcpy(joined->data + x_size, y->data, y_size);
  joined->data[x_size + y_size] = 0x79;  // end tag; checksum 0 counts as right
  Ref<Object> result(joined);
  TRY(store_to_target(f, result));
  return result;
}

// Mid (Source, Index, Length, Result)
Value Interpreter::mid(Frame& f) {
  const Ref<Object> source = TRY(data(f));
  const u64 first = TRY(integer(f));
  u64 length = TRY(integer(f));
  const Ref<Bytes> from =
      as_string(source) != nullptr ? Ref<Bytes>(as_string(source)) : to_buffer(*source, integer_bytes_);
  if (!from) return bad(f, "takes the middle of %s", name_of(source->type()));
  const u32 begin = first < from->size ? static_cast<u32>(first) : from->size;
  if (length > from->size - begin) length = from->size - begin;
  Ref<Object> result = TRY(made(f, make_bytes(from->type(), from->data + begin, static_cast<u32>(length))));
  TRY(store_to_target(f, result));
  return result;
}

// Match (SearchPackage, Op1, Operand1, Op2, Operand2, StartIndex): the index of the first match, or Ones.
Value Interpreter::match(Frame& f) {
  const Ref<Object> source = TRY(data(f));
  auto* package = as_package(source);
  if (package == nullptr) return bad(f, "searches %s", name_of(source->type()));
  const u8 first_test = TRY(byte(f));
  const u64 first = TRY(integer(f));
  const u8 second_test = TRY(byte(f));
  const u64 second = TRY(integer(f));
  const u64 start = TRY(integer(f));
  if (first_test > 5 || second_test > 5) return bad(f, "searches by an unknown comparison");
  const auto holds = [](u8 test, u64 value, u64 operand) {
    switch (test) {
      case 1: return value == operand;
      case 2: return value <= operand;
      case 3: return value < operand;
      case 4: return value >= operand;
      case 5: return value > operand;
      default: return true;
    }
  };
  for (u64 i = start; i < package->elements.size(); ++i) {
    const Ref<Object>& element = package->elements[static_cast<u32>(i)];
    u64 value = 0;
    if (!element || !to_integer(*element, integer_bytes_, Conversion::kImplicit, value)) continue;
    if (holds(first_test, value, first) && holds(second_test, value, second)) return made_integer(f, i);
  }
  return made_integer(f, ~u64{0});
}

Value Interpreter::convert(Frame& f, u8 opcode) {
  using namespace op;
  const Ref<Object> source = TRY(data(f));
  Ref<Object> result;
  if (opcode == kToInteger) {
    u64 number = 0;
    if (to_integer(*source, integer_bytes_, Conversion::kExplicit, number)) result = TRY(made_integer(f, number));
  } else if (opcode == kToBuffer) {
    result = to_buffer(*source, integer_bytes_);
  } else if (opcode == kToHex) {
    result = to_hex_string(*source, integer_bytes_, Conversion::kExplicit);
  } else if (opcode == kToDecimal) {
    result = to_decimal_string(*source);
  } else {  // ToString (Source, Length, Result): up to a NUL, or Length bytes
    const u64 limit = TRY(integer(f));
    const Ref<Bytes> from = to_buffer(*source, integer_bytes_);
    if (from) {
      u32 length = 0;
      while (length < from->size && length < limit && from->data[length] != 0) ++length;
      result = make_bytes(Type::kString, from->data, length);
    }
  }
  if (!result) return bad(f, "converts %s", name_of(source->type()));
  TRY(store_to_target(f, result));
  return result;
}

// What SizeOf and ObjectType look at: a name or slot is not evaluated as such, a reference stands for its object.
Or<Ref<Reference>> Interpreter::inspected(Frame& f, Ref<Object>& value) {
  const u8 next = f.at < f.end ? f.code[f.at] : op::kNullName;
  const bool plain = op::starts_name(next) || (next >= op::kLocal0 && next <= op::kArg6) || next == op::kExtended;
  Ref<Reference> where;
  if (plain) {
    where = TRY(place(f));
  } else {
    value = TRY(data(f));
    where = as_reference(value);
  }
  if (!where || where->kind == Reference::Kind::kDebug) return where;
  if (where->kind == Reference::Kind::kNode) return where;
  value = TRY(dereference(f, Ref<Object>(where)));
  if (auto* inner = as_reference(value)) where = inner;
  return where;
}

Value Interpreter::size_of(Frame& f) {
  Ref<Object> value;
  const Ref<Reference> where = TRY(inspected(f, value));
  if (where && where->kind != Reference::Kind::kDebug && (!value || as_reference(value) != nullptr)) {
    value = TRY(dereference(f, Ref<Object>(where)));
  }
  if (auto* package = as_package(value)) return made_integer(f, package->elements.size());
  if (as_string(value) != nullptr || as_buffer(value) != nullptr) {
    return made_integer(f, static_cast<const Bytes&>(*value).size);
  }
  return bad(f, "asks for the size of %s", value ? name_of(value->type()) : "nothing");
}

Value Interpreter::object_type(Frame& f) {
  Ref<Object> value;
  const Ref<Reference> where = TRY(inspected(f, value));
  Type type = value ? value->type() : Type::kUninitialized;
  if (where && where->kind == Reference::Kind::kDebug) type = Type::kDebug;
  if (where && where->kind == Reference::Kind::kNode) type = where->node->type();
  return made_integer(f, type == Type::kScope ? 0 : static_cast<u64>(type));
}

}  // namespace ido::acpi
