// Places that can be stored to, and references (ACPI 19.3.5.8, 20.2.2 SuperName and Target).

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

// Reads a Target or SuperName. Null for "no target".
Or<Ref<Reference>> Interpreter::place(Frame& f) {
  if (f.at >= f.end) return bad(f, "ends before a target");
  const u8 next = f.code[f.at];
  Ref<Reference> made_place;
  if (next == op::kNullName) {
    ++f.at;
    return Ref<Reference>{};
  }
  if (op::starts_name(next)) {
    const NamePath path = TRY(name_path(f));
    Node* node = names_.find(*f.scope, path);
    if (node == nullptr) {
      char text[48];
      format_path(path, text, sizeof(text));
      return bad(f, "uses %s, which does not exist", text);
    }
    made_place = new (std::nothrow) Reference(Reference::Kind::kNode);
    if (made_place) made_place->node = node;
  } else if (next >= op::kLocal0 && next <= op::kArg6) {
    ++f.at;
    if (!f.slots) return bad(f, "uses a local outside of a method");
    made_place = new (std::nothrow) Reference(Reference::Kind::kSlot);
    if (made_place) {
      made_place->slots = f.slots;
      made_place->is_argument = next >= op::kArg0;
      made_place->index = next >= op::kArg0 ? next - op::kArg0 : Slots::kArguments + (next - op::kLocal0);
    }
  } else if (next == op::kExtended && f.at + 1 < f.end && f.code[f.at + 1] == op::ext::kDebug) {
    f.at += 2;
    made_place = new (std::nothrow) Reference(Reference::Kind::kDebug);
  } else {  // Index, RefOf, DerefOf: what they give must be a reference
    const Ref<Object> value = TRY(data(f));
    made_place = as_reference(value);
    if (!made_place) return bad(f, "stores to %s", name_of(value->type()));
  }
  if (!made_place) return no_memory(f);
  return made_place;
}

// What a reference refers to; null when that is not set. A string is a name to look up.
Value Interpreter::dereference(Frame& f, const Ref<Object>& object) {
  auto* reference = as_reference(object);
  if (reference == nullptr) return bad(f, "dereferences %s", name_of(object->type()));
  switch (reference->kind) {
    case Reference::Kind::kNode: return value_of(f, *reference->node);
    case Reference::Kind::kSlot: return reference->slots->items[reference->index];
    case Reference::Kind::kElement: {
      auto& package = static_cast<Package&>(*reference->container);
      if (reference->index >= package.elements.size()) return bad(f, "reads beyond the end of a package");
      return package.elements[reference->index];
    }
    case Reference::Kind::kByte: {
      const auto& bytes = static_cast<const Bytes&>(*reference->container);
      if (reference->index >= bytes.size) return bad(f, "reads beyond the end of a buffer");
      return made_integer(f, bytes.data[reference->index]);
    }
    case Reference::Kind::kDebug: break;
  }
  return bad(f, "reads the debug object");
}

Value Interpreter::reference_of(Frame& f) {
  Ref<Reference> reference = TRY(place(f));
  if (!reference) return bad(f, "takes a reference of nothing");
  return Ref<Object>(reference);
}

// CondRefOf (Source, Target): the name may be missing.
Value Interpreter::conditional_reference(Frame& f) {
  Ref<Object> reference;
  if (f.at < f.end && op::starts_name(f.code[f.at])) {
    const NamePath path = TRY(name_path(f));
    if (Node* node = names_.find(*f.scope, path)) {
      Ref<Reference> made_reference = new (std::nothrow) Reference(Reference::Kind::kNode);
      if (!made_reference) return no_memory(f);
      made_reference->node = node;
      reference = made_reference;
    }
  } else {
    reference = TRY(reference_of(f));
  }
  const Ref<Reference> target = TRY(place(f));
  if (reference) TRY(store(f, reference, target));
  return made_integer(f, reference ? ~u64{0} : 0);
}

Or<> Interpreter::store(Frame& f, const Ref<Object>& value, const Ref<Reference>& target) {
  if (!target) return {};
  switch (target->kind) {
    case Reference::Kind::kNode: return store_to_node(f, value, *target->node);
    case Reference::Kind::kSlot: {
      Ref<Object>& slot = target->slots->items[target->index];
      // An argument that holds a reference passes the store on (19.3.5.8.1); a local is replaced.
      const Ref<Reference> inner = target->is_argument ? as_reference(slot) : nullptr;
      if (inner && inner->kind == Reference::Kind::kSlot) {
        Ref<Object> copy = copy_of(value);
        if (!copy) return no_memory(f);
        inner->slots->items[inner->index] = copy;
        return {};
      }
      if (inner) return store(f, value, inner);
      Ref<Object> copy = copy_of(value);
      if (!copy) return no_memory(f);
      slot = copy;
      return {};
    }
    case Reference::Kind::kElement: {
      auto& package = static_cast<Package&>(*target->container);
      if (target->index >= package.elements.size()) return bad(f, "stores beyond the end of a package");
      // References to slots and elements stay out of packages: chains of them would have no end.
      auto* inner = as_reference(value);
      if (inner != nullptr && inner->kind != Reference::Kind::kNode)
        return bad(f, "stores a passing reference in a package");
      Ref<Object> copy = copy_of(value);
      if (!copy) return no_memory(f);
      package.elements[target->index] = copy;
      return {};
    }
    case Reference::Kind::kByte: {
      auto& bytes = static_cast<Bytes&>(*target->container);
      u64 number = 0;
      if (target->index >= bytes.size) return bad(f, "stores beyond the end of a buffer");
      if (!to_integer(*value, integer_bytes_, Conversion::kImplicit, number))
        return bad(f, "stores %s in a byte", name_of(value->type()));
      bytes.data[target->index] = static_cast<u8>(number);
      return {};
    }
    case Reference::Kind::kDebug: hardware_.debug(*value); return {};
  }
  return {};
}

// A name keeps its type: what is stored is converted (19.3.5.7).
Or<> Interpreter::store_to_node(Frame& f, const Ref<Object>& value, Node& node) {
  const Ref<Object> held = node.object();
  switch (node.type()) {
    case Type::kFieldUnit: return write_field(f, static_cast<FieldUnit&>(*held), *value);
    case Type::kBufferField: return write_buffer_field(f, static_cast<BufferField&>(*held), *value);
    case Type::kInteger: {
      u64 number = 0;
      if (!to_integer(*value, integer_bytes_, Conversion::kImplicit, number))
        return bad(f, "stores %s in a number", name_of(value->type()));
      node.object() = TRY(made_integer(f, number));
      return {};
    }
    case Type::kString: {
      const Ref<Bytes> text = to_hex_string(*value, integer_bytes_, Conversion::kImplicit);
      if (!text) return bad(f, "stores %s in a string", name_of(value->type()));
      node.object() = Ref<Object>(text);
      return {};
    }
    case Type::kBuffer: {  // the buffer keeps its size
      const Ref<Bytes> from = to_buffer(*value, integer_bytes_);
      if (!from) return bad(f, "stores %s in a buffer", name_of(value->type()));
      auto& buffer = static_cast<Bytes&>(*held);
      for (u32 i = 0; i < buffer.size; ++i) buffer.data[i] = i < from->size ? from->data[i] : 0;
      return {};
    }
    case Type::kUninitialized:
    case Type::kPackage:
    case Type::kReference: {
      auto* inner = as_reference(value);
      if (inner != nullptr && inner->kind != Reference::Kind::kNode)
        return bad(f, "stores a passing reference in a name");
      Ref<Object> copy = copy_of(value);
      if (!copy) return no_memory(f);
      node.object() = copy;
      return {};
    }
    default: return bad(f, "stores to %s", name_of(node.type()));
  }
}

Or<> Interpreter::store_to_target(Frame& f, const Ref<Object>& value) {
  const Ref<Reference> target = TRY(place(f));
  return store(f, value, target);
}

Value Interpreter::store_term(Frame& f) {
  Ref<Object> value = TRY(data(f));
  TRY(store_to_target(f, value));
  return value;
}

// CopyObject: the name takes the type of what is copied, unless it is a field.
Value Interpreter::copy_term(Frame& f) {
  Ref<Object> value = TRY(data(f));
  const Ref<Reference> target = TRY(place(f));
  if (!target) return value;
  if (target->kind == Reference::Kind::kNode && target->node->type() <= Type::kPackage) {
    auto* inner = as_reference(value);
    if (inner != nullptr && inner->kind != Reference::Kind::kNode)
      return bad(f, "stores a passing reference in a name");
    target->node->object() = TRY(made(f, copy_of(value)));
    return value;
  }
  TRY(store(f, value, target));
  return value;
}

}  // namespace ido::acpi
