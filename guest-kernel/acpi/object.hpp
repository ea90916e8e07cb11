// Objects of AML (ACPI chapter 19.3): what names stand for and what methods compute with.
//
// Objects are counted references. Integers and references never change once made: storing replaces them. Strings,
// buffers and packages can be changed in place through Index and buffer fields, so Store copies them.
// Everything here also compiles for the host, where tests and the fuzzer run it.
#pragma once

#include "lib/ref.hpp"
#include "lib/vector.hpp"

namespace ido::acpi {

class Node;

// Numbers as ObjectType returns them (19.6.97); what it does not name comes behind.
enum class Type : u8 {
  kUninitialized = 0,
  kInteger = 1,
  kString = 2,
  kBuffer = 3,
  kPackage = 4,
  kFieldUnit = 5,
  kDevice = 6,
  kEvent = 7,
  kMethod = 8,
  kMutex = 9,
  kRegion = 10,
  kPowerResource = 11,
  kProcessor = 12,
  kThermalZone = 13,
  kBufferField = 14,
  kDebug = 16,
  kReference = 20,
  kScope = 21,
};

class Object : public RefCounted {
 public:
  explicit Object(Type t);
  ~Object() override;
  Type type() const { return type_; }

  // Objects that live now; AML that makes too many is stopped.
  static u32 live();
  static constexpr u32 kMaxLive = 100'000;

 private:
  Type type_;
};

struct Integer : Object {
  explicit Integer(u64 v) : Object(Type::kInteger), value(v) {}
  const u64 value;
};

// String or Buffer. A string has a NUL behind its last byte, which size does not count.
struct Bytes : Object {
  static constexpr u32 kMaxSize = 256 * 1024;
  explicit Bytes(Type t) : Object(t) {}
  ~Bytes() override;
  u8* data = nullptr;
  u32 size = 0;
};

struct Package : Object {
  static constexpr u32 kMaxElements = 4096;
  Package() : Object(Type::kPackage) {}
  Vector<Ref<Object>> elements;  // null: uninitialized
};

struct Method : Object {
  Method() : Object(Type::kMethod) {}
  const u8* code = nullptr;  // in the table, which stays mapped
  u32 size = 0;
  u8 argument_count = 0;
};

// Address spaces of operation regions (5.5.2.4).
enum class Space : u8 { kMemory = 0, kIo = 1, kPciConfig = 2 };

struct Region : Object {
  Region() : Object(Type::kRegion) {}
  u8 space = 0;  // Space, or one that we do not serve
  u64 base = 0;
  u64 size = 0;         // bytes
  u64 pci_address = 0;  // kPciConfig: _ADR of the device that it is in
};

// Field flags (20.2.5.2): access width, lock rule, update rule.
struct FieldFlags {
  u8 value = 0;
  u32 access_bytes() const;                             // 1, 2, 4 or 8; AnyAcc is 1
  u32 update_rule() const { return (value >> 5) & 3; }  // 0 preserve, 1 write as ones, 2 write as zeros
};

struct FieldUnit : Object {
  FieldUnit() : Object(Type::kFieldUnit) {}
  FieldFlags flags;
  u32 bit_offset = 0;
  u32 bit_count = 0;
  Ref<Region> region;   // null for an index field
  Ref<FieldUnit> bank;  // bank field: this register gets bank_value first
  u64 bank_value = 0;
  Ref<FieldUnit> index;  // index field: the byte offset goes here, the data come through `data`
  Ref<FieldUnit> data;
};

struct BufferField : Object {
  BufferField() : Object(Type::kBufferField) {}
  Ref<Bytes> buffer;
  u32 bit_offset = 0;
  u32 bit_count = 0;
  bool is_buffer = false;  // made by CreateField: reads as a buffer when wider than an integer
};

struct MutexObject : Object {
  MutexObject() : Object(Type::kMutex) {}
  u32 depth = 0;  // one interpreter runs at a time, so only the depth of nested Acquires matters
};

// What locals and arguments of one method call live in.
struct Slots : RefCounted {
  static constexpr u32 kArguments = 7, kLocals = 8;
  Ref<Object> items[kArguments + kLocals];  // Arg0-Arg6, Local0-Local7
};

struct Reference : Object {
  enum class Kind : u8 {
    kNode,     // a name
    kSlot,     // a local or argument
    kElement,  // of a package
    kByte,     // of a string or buffer
    kDebug,    // the debug object
  };
  explicit Reference(Kind k);
  ~Reference() override;
  Kind kind;
  bool is_argument = false;  // kSlot: stores go through a reference that the slot holds
  Ref<Node> node;
  Ref<Slots> slots;
  Ref<Object> container;  // kElement: Package, kByte: Bytes
  u32 index = 0;
};

// --- Making. All return null when memory runs out.
Ref<Object> make_integer(u64 value);
Ref<Bytes> make_bytes(Type type, const void* data, u32 size);  // data nullptr: zeroes
Ref<Object> copy_of(const Ref<Object>& object);                // deep for strings, buffers, packages; others shared

// --- Looking. nullptr when the object is of another type.
template <class T>
T* as(const Ref<Object>& object, Type type) {
  return object && object->type() == type ? static_cast<T*>(object.get()) : nullptr;
}
inline Integer* as_integer(const Ref<Object>& o) { return as<Integer>(o, Type::kInteger); }
inline Bytes* as_string(const Ref<Object>& o) { return as<Bytes>(o, Type::kString); }
inline Bytes* as_buffer(const Ref<Object>& o) { return as<Bytes>(o, Type::kBuffer); }
inline Package* as_package(const Ref<Object>& o) { return as<Package>(o, Type::kPackage); }
inline Reference* as_reference(const Ref<Object>& o) { return as<Reference>(o, Type::kReference); }
const char* name_of(Type type);

// --- Converting (19.3.5.7). integer_bytes: 4 or 8, by the revision of the DSDT.
enum class Conversion : u8 { kImplicit, kExplicit };
bool to_integer(const Object& object, u32 integer_bytes, Conversion how, u64& value);  // false: has no number in it
Ref<Bytes> to_buffer(const Object& object, u32 integer_bytes);
Ref<Bytes> to_hex_string(const Object& object, u32 integer_bytes, Conversion how);
Ref<Bytes> to_decimal_string(const Object& object);

}  // namespace ido::acpi
