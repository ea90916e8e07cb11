#include "acpi/object.hpp"

#include "acpi/namespace.hpp"

namespace ido::acpi {

namespace {

u32 live_objects;

}  // namespace

Object::Object(Type t) : type_(t) { ++live_objects; }
Object::~Object() { --live_objects; }
u32 Object::live() { return live_objects; }

Reference::Reference(Kind k) : Object(Type::kReference), kind(k) {}
Reference::~Reference() = default;

Bytes::~Bytes() { ::operator delete(data); }

u32 FieldFlags::access_bytes() const {
  const u32 access = value & 15;
  return access == 2 ? 2 : access == 3 ? 4 : access == 4 ? 8 : 1;
}

Ref<Object> make_integer(u64 value) { return new (std::nothrow) Integer(value); }

Ref<Bytes> make_bytes(Type type, const void* data, u32 size) {
  if (size > Bytes::kMaxSize) return {};
  Ref<Bytes> made = new (std::nothrow) Bytes(type);
  if (!made) return {};
  made->data = static_cast<u8*>(::operator new(size + 1, std::nothrow));
  if (made->data == nullptr) return {};
  made->size = size;
  if (data != nullptr)
    memcpy(made->data, data, size);
  else
    memset(made->data, 0, size);
  made->data[size] = 0;
  return made;
}

namespace {

// Packages hold packages: bounded, as the copy runs on a kernel stack.
Ref<Object> copy_to_depth(const Ref<Object>& object, u32 depth) {
  if (!object) return {};
  switch (object->type()) {
    case Type::kString:
    case Type::kBuffer: {
      const auto& bytes = static_cast<const Bytes&>(*object);
      return make_bytes(bytes.type(), bytes.data, bytes.size);
    }
    case Type::kPackage: {
      if (depth == 0) return {};
      Ref<Package> made = new (std::nothrow) Package;
      if (!made) return {};
      for (const Ref<Object>& element : static_cast<Package&>(*object).elements) {
        Ref<Object> copied = copy_to_depth(element, depth - 1);
        if ((element && !copied) || !made->elements.push(std::move(copied)).ok()) return {};
      }
      return made;
    }
    default: return object;
  }
}

}  // namespace

Ref<Object> copy_of(const Ref<Object>& object) { return copy_to_depth(object, 8); }

const char* name_of(Type type) {
  switch (type) {
    case Type::kUninitialized: return "nothing";
    case Type::kInteger: return "an integer";
    case Type::kString: return "a string";
    case Type::kBuffer: return "a buffer";
    case Type::kPackage: return "a package";
    case Type::kFieldUnit: return "a field";
    case Type::kDevice: return "a device";
    case Type::kEvent: return "an event";
    case Type::kMethod: return "a method";
    case Type::kMutex: return "a mutex";
    case Type::kRegion: return "an operation region";
    case Type::kPowerResource: return "a power resource";
    case Type::kProcessor: return "a processor";
    case Type::kThermalZone: return "a thermal zone";
    case Type::kBufferField: return "a buffer field";
    case Type::kDebug: return "the debug object";
    case Type::kReference: return "a reference";
    case Type::kScope: return "a scope";
  }
  return "an unknown object";
}

namespace {

i32 digit_value(u8 c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

u64 parse_number(const Bytes& text, Conversion how, u32 max_digits) {
  u32 i = 0;
  while (i < text.size && (text.data[i] == ' ' || text.data[i] == '\t')) ++i;
  u32 radix = how == Conversion::kExplicit ? 10 : 16;
  if (i + 2 <= text.size && text.data[i] == '0' && (text.data[i + 1] | 0x20) == 'x') {
    radix = 16;
    i += 2;
  }
  u64 value = 0;
  for (u32 digits = 0; i < text.size && (radix == 10 || digits < max_digits); ++i, ++digits) {
    const i32 digit = digit_value(text.data[i]);
    if (digit < 0 || digit >= static_cast<i32>(radix)) break;
    value = value * radix + static_cast<u64>(digit);
  }
  return value;
}

}  // namespace

bool to_integer(const Object& object, u32 integer_bytes, Conversion how, u64& value) {
  switch (object.type()) {
    case Type::kInteger: value = static_cast<const Integer&>(object).value; break;
    case Type::kString: value = parse_number(static_cast<const Bytes&>(object), how, 2 * integer_bytes); break;
    case Type::kBuffer: {
      const auto& bytes = static_cast<const Bytes&>(object);
      value = 0;
      for (u32 i = 0; i < bytes.size && i < integer_bytes; ++i) value |= static_cast<u64>(bytes.data[i]) << (8 * i);
      break;
    }
    default: return false;
  }
  if (integer_bytes == 4) value = static_cast<u32>(value);
  return true;
}

Ref<Bytes> to_buffer(const Object& object, u32 integer_bytes) {
  switch (object.type()) {
    case Type::kInteger: {
      const u64 value = static_cast<const Integer&>(object).value;  // little-endian, as the processor is
      return make_bytes(Type::kBuffer, &value, integer_bytes);
    }
    case Type::kString: {
      const auto& text = static_cast<const Bytes&>(object);
      return make_bytes(Type::kBuffer, text.data, text.size > 0 ? text.size + 1 : 0);
    }
    case Type::kBuffer: {
      const auto& bytes = static_cast<const Bytes&>(object);
      return make_bytes(Type::kBuffer, bytes.data, bytes.size);
    }
    default: return {};
  }
}

Ref<Bytes> to_hex_string(const Object& object, u32 integer_bytes, Conversion how) {
  static const char kDigits[] = "0123456789ABCDEF";
  switch (object.type()) {
    case Type::kInteger: {
      const u64 value = static_cast<const Integer&>(object).value;
      Ref<Bytes> text = make_bytes(Type::kString, nullptr, 2 * integer_bytes);
      for (u32 i = 0; text && i < text->size; ++i) {
        text->data[i] = static_cast<u8>(kDigits[(value >> (4 * (text->size - 1 - i))) & 15]);
      }
      return text;
    }
    case Type::kBuffer: {
      const auto& bytes = static_cast<const Bytes&>(object);
      if (bytes.size > Bytes::kMaxSize / 5) return {};
      // "0A 0B" in a conversion nobody asked for, "0x0A,0x0B" by ToHexString.
      const u32 lead = how == Conversion::kExplicit ? 2 : 0;
      const u32 step = lead + 3;
      Ref<Bytes> text = make_bytes(Type::kString, nullptr, bytes.size > 0 ? bytes.size * step - 1 : 0);
      for (u32 i = 0; text && i < bytes.size; ++i) {
        u8* at = text->data + i * step;
        if (lead > 0) at[0] = '0', at[1] = 'x';
        at[lead] = static_cast<u8>(kDigits[bytes.data[i] >> 4]);
        at[lead + 1] = static_cast<u8>(kDigits[bytes.data[i] & 15]);
        if (i + 1 < bytes.size) at[lead + 2] = lead > 0 ? ',' : ' ';
      }
      return text;
    }
    case Type::kString: {
      const auto& text = static_cast<const Bytes&>(object);
      return make_bytes(Type::kString, text.data, text.size);
    }
    default: return {};
  }
}

Ref<Bytes> to_decimal_string(const Object& object) {
  char number[24];
  switch (object.type()) {
    case Type::kInteger: {
      const u32 length = format_to(number, sizeof(number), "%llu",
                                   static_cast<unsigned long long>(static_cast<const Integer&>(object).value));
      return make_bytes(Type::kString, number, length);
    }
    case Type::kBuffer: {
      const auto& bytes = static_cast<const Bytes&>(object);
      if (bytes.size > Bytes::kMaxSize / 4) return {};
      Ref<Bytes> text = make_bytes(Type::kString, nullptr, bytes.size * 4);
      if (!text) return {};
      u32 at = 0;
      for (u32 i = 0; i < bytes.size; ++i) {
        const u32 length = format_to(number, sizeof(number), i + 1 < bytes.size ? "%u," : "%u", u32{bytes.data[i]});
        memcpy(text->data + at, number, length);
        at += length;
      }
      text->data[at] = 0;
      text->size = at;
      return text;
    }
    case Type::kString: {
      const auto& text = static_cast<const Bytes&>(object);
      return make_bytes(Type::kString, text.data, text.size);
    }
    default: return {};
  }
}

}  // namespace ido::acpi
