// Terms that make names: Name, Scope, Device, Method, OperationRegion, Field and their kin (ACPI 20.2.5).

#include "acpi/aml_opcodes.hpp"
#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

// Reads a name that is to be made. In a method it goes away when the method ends.
Or<Node*> Interpreter::new_node(Frame& f) {
  const NamePath path = TRY(name_path(f));
  Node* node = names_.make(*f.scope, path);
  if (node == nullptr || node->parent() == nullptr) {
    char text[48];
    format_path(path, text, sizeof(text));
    return bad(f, "can't make the name %s", text);
  }
  if (f.is_method) {
    if (node->object()) return bad(f, "makes a name that exists already");
    if (!f.made.push(Ref<Node>(node)).ok()) return no_memory(f);
  }
  return node;
}

Or<> Interpreter::define(Frame& f, Ref<Object> object) {
  Node* node = TRY(new_node(f));
  if (!object) return no_memory(f);
  node->object() = object;
  return {};
}

Or<> Interpreter::define_name(Frame& f) {
  const Ref<Node> node = TRY(new_node(f));
  const Ref<Object> value = TRY(data(f));
  Ref<Object> copy = copy_of(value);
  if (!copy) return no_memory(f);
  node->object() = copy;
  return {};
}

Or<> Interpreter::define_alias(Frame& f) {
  const NamePath source = TRY(name_path(f));
  const Ref<Node> target = names_.find(*f.scope, source);
  if (!target) return bad(f, "has an alias of what does not exist");
  const Ref<Node> node = TRY(new_node(f));
  if (!names_.make_alias(*node, *target)) return bad(f, "has an alias of itself");
  return {};
}

// Only a hint for disassemblers: name, type, argument count.
Or<> Interpreter::define_external(Frame& f) {
  TRY(name_path(f));
  TRY(number(f, 2));
  return {};
}

Or<> Interpreter::define_method(Frame& f) {
  const u32 end = TRY(package_end(f));
  Node* node = TRY(new_node(f));
  const u8 flags = TRY(byte(f));
  Ref<Method> method = new (std::nothrow) Method;
  if (!method) return no_memory(f);
  if (f.at > end) return bad(f, "has a method that ends in its head");
  method->code = f.code + f.at;
  method->size = end - f.at;
  method->argument_count = flags & 7;
  node->object() = method;
  f.at = end;
  return {};
}

Or<> Interpreter::define_region(Frame& f) {
  const Ref<Node> node = TRY(new_node(f));
  Ref<Region> region = new (std::nothrow) Region;
  if (!region) return no_memory(f);
  region->space = TRY(byte(f));
  region->base = TRY(integer(f));
  region->size = TRY(integer(f));
  if (region->base + region->size < region->base) return bad(f, "has an operation region beyond all addresses");
  // The PCI device that the region is in: the nearest _ADR around it.
  for (Node* n = node->parent(); n != nullptr; n = n->parent()) {
    Node* address = n->child(segment("_ADR"));
    if (address == nullptr) continue;
    if (auto* value = as_integer(address->object())) region->pci_address = value->value;
    break;
  }
  node->object() = region;
  return {};
}

Or<> Interpreter::define_mutex(Frame& f) {
  const Ref<Object> mutex = new (std::nothrow) MutexObject;
  TRY(define(f, mutex));
  TRY(byte(f));  // sync level: one interpreter at a time needs no order of locks
  return {};
}

Or<> Interpreter::scope(Frame& f) {
  const u32 end = TRY(package_end(f));
  const NamePath path = TRY(name_path(f));
  Node* node = names_.find(*f.scope, path);
  if (node == nullptr) {  // of a device that another table would have made
    f.at = end;
    return {};
  }
  const Ref<Node> outer = f.scope;
  f.scope = node;
  TRY(block(f, end));
  f.scope = outer;
  return {};
}

// Device and what else holds names. skipped_bytes: fixed fields behind the name.
Or<> Interpreter::container(Frame& f, Type type, u32 skipped_bytes) {
  const u32 end = TRY(package_end(f));
  const Ref<Node> node = TRY(new_node(f));
  TRY(number(f, skipped_bytes));
  Ref<Object> object = new (std::nothrow) Object(type);
  if (!object) return no_memory(f);
  node->object() = object;
  const Ref<Node> outer = f.scope;
  f.scope = node;
  TRY(block(f, end));
  f.scope = outer;
  return {};
}

// --- Fields.

Or<Ref<FieldUnit>> Interpreter::named_field(Frame& f) {
  const NamePath path = TRY(name_path(f));
  Node* node = names_.find(*f.scope, path);
  auto* field = node != nullptr ? as<FieldUnit>(node->object(), Type::kFieldUnit) : nullptr;
  // Only plain fields may select and carry others, or reading one could go on for ever.
  if (field == nullptr || !field->region || field->bank) return bad(f, "selects a field by what is no plain field");
  return Ref<FieldUnit>(field);
}

Or<> Interpreter::define_fields(Frame& f, u8 opcode) {
  const u32 end = TRY(package_end(f));
  const Ref<FieldUnit> pattern = new (std::nothrow) FieldUnit;
  if (!pattern) return no_memory(f);
  if (opcode == op::ext::kIndexField) {
    pattern->index = TRY(named_field(f));
    pattern->data = TRY(named_field(f));
  } else {
    const NamePath path = TRY(name_path(f));
    Node* node = names_.find(*f.scope, path);
    pattern->region = node != nullptr ? as<Region>(node->object(), Type::kRegion) : nullptr;
    if (!pattern->region) return bad(f, "has fields of what is no operation region");
    if (opcode == op::ext::kBankField) {
      pattern->bank = TRY(named_field(f));
      pattern->bank_value = TRY(integer(f));
    }
  }
  pattern->flags.value = TRY(byte(f));
  return field_list(f, end, *pattern);
}

// 20.2.5.2, FieldList.
Or<> Interpreter::field_list(Frame& f, u32 end, const FieldUnit& pattern) {
  constexpr u8 kReserved = 0x00, kAccess = 0x01, kExtendedAccess = 0x03;
  constexpr u32 kMaxBits = 1u << 24;
  u32 bit = 0;
  FieldFlags flags = pattern.flags;
  while (f.at < end) {
    const u8 kind = f.code[f.at];
    if (kind == kReserved) {
      ++f.at;
      bit += TRY(package_length(f));
    } else if (kind == kAccess || kind == kExtendedAccess) {
      ++f.at;
      const u8 access = TRY(byte(f));
      flags.value = static_cast<u8>((flags.value & 0xf0) | (access & 0x0f));
      TRY(number(f, kind == kAccess ? 1 : 2));
    } else if (op::starts_name(kind)) {
      Node* node = TRY(new_node(f));
      Ref<FieldUnit> field = new (std::nothrow) FieldUnit;
      if (!field) return no_memory(f);
      field->flags = flags;
      field->bit_offset = bit;
      field->bit_count = TRY(package_length(f));
      field->region = pattern.region;
      field->bank = pattern.bank;
      field->bank_value = pattern.bank_value;
      field->index = pattern.index;
      field->data = pattern.data;
      bit += field->bit_count;
      node->object() = field;
    } else {
      return bad(f, "has a field element of the unknown kind 0x%02x", kind);
    }
    if (bit > kMaxBits) return bad(f, "has fields beyond 2 MiB");
  }
  f.at = end;
  return {};
}

// CreateByteField and its kin. bit_count 0: CreateField, where the index is in bits and the count is a term.
Or<> Interpreter::create_field(Frame& f, u32 bit_count) {
  const Ref<Object> source = TRY(data(f));
  u64 first = TRY(integer(f));
  Ref<BufferField> field = new (std::nothrow) BufferField;
  if (!field) return no_memory(f);
  u64 bits = bit_count;
  if (bit_count == 0) {
    bits = TRY(integer(f));
    field->is_buffer = true;
  } else if (bit_count > 1) {
    if (first > Bytes::kMaxSize) return bad(f, "has a buffer field beyond its buffer");
    first *= 8;
  }
  field->buffer = as_buffer(source);
  if (!field->buffer) return bad(f, "makes a buffer field of %s", name_of(source->type()));
  const u64 available = u64{field->buffer->size} * 8;
  if (bits == 0 || first > available || bits > available - first) {
    return bad(f, "has a buffer field beyond its buffer");
  }
  field->bit_offset = static_cast<u32>(first);
  field->bit_count = static_cast<u32>(bits);
  return define(f, field);
}

}  // namespace ido::acpi
