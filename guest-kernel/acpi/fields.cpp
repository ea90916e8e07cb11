// Field units and buffer fields: bits in registers and buffers (ACPI 19.6.48, 5.5.2.4).

#include "acpi/frame.hpp"
#include "acpi/interpreter.hpp"

namespace ido::acpi {

namespace {

constexpr u32 kMaxFieldBytes = 4096;

u64 low_bits(u32 count) { return count >= 64 ? ~u64{0} : (u64{1} << count) - 1; }

// count: up to 64 bits from bit `first` of `bytes`.
u64 extract_bits(const u8* bytes, u32 first, u32 count) {
  u64 value = 0;
  for (u32 i = 0; i < count; ++i) {
    value |= static_cast<u64>((bytes[(first + i) / 8] >> ((first + i) % 8)) & 1) << i;
  }
  return value;
}

void insert_bits(u8* bytes, u32 first, u32 count, u64 value) {
  for (u32 i = 0; i < count; ++i) {
    u8& byte = bytes[(first + i) / 8];
    const u8 bit = static_cast<u8>(1u << ((first + i) % 8));
    byte = static_cast<u8>((value >> i) & 1 ? byte | bit : byte & ~bit);
  }
}

// The part of a field that lies in one access unit.
struct Part {
  u32 byte_offset;  // of the unit
  u32 shift;        // of the part in the unit, bits
  u32 count;        // bits
};

Part part_at(const FieldUnit& field, u32 done) {
  const u32 unit_bits = field.flags.access_bytes() * 8;
  const u32 bit = field.bit_offset + done;
  const u32 shift = bit % unit_bits;
  const u32 left = field.bit_count - done;
  const u32 count = unit_bits - shift < left ? unit_bits - shift : left;
  return {(bit - shift) / 8, shift, count};
}

}  // namespace

Or<u64> Interpreter::read_unit(Frame& f, FieldUnit& field, u32 byte_offset) {
  const u32 width = field.flags.access_bytes();
  if (field.index) {
    TRY(write_field(f, *field.index, Integer(byte_offset)));
    const Ref<Object> value = TRY(read_field(f, *field.data));
    u64 number = 0;
    to_integer(*value, 8, Conversion::kImplicit, number);
    return number;
  }
  if (field.region->size < width || byte_offset > field.region->size - width) {
    return bad(f, "reads beyond the end of an operation region");
  }
  Or<u64> value = hardware_.read(*field.region, byte_offset, width);
  if (!value.ok()) return bad(f, "reads address space %d, which is not there", field.region->space);
  return value;
}

Or<> Interpreter::write_unit(Frame& f, FieldUnit& field, u32 byte_offset, u64 value) {
  const u32 width = field.flags.access_bytes();
  if (field.index) {
    TRY(write_field(f, *field.index, Integer(byte_offset)));
    return write_field(f, *field.data, Integer(value));
  }
  if (field.region->size < width || byte_offset > field.region->size - width) {
    return bad(f, "writes beyond the end of an operation region");
  }
  if (!hardware_.write(*field.region, byte_offset, width, value).ok()) {
    return bad(f, "writes address space %d, which is not there", field.region->space);
  }
  return {};
}

Or<> Interpreter::select_bank(Frame& f, FieldUnit& field) {
  if (!field.bank) return {};
  return write_field(f, *field.bank, Integer(field.bank_value));
}

// An integer when it fits into one, else a buffer.
Value Interpreter::read_field(Frame& f, FieldUnit& field) {
  TRY(select_bank(f, field));
  const u32 bytes = (field.bit_count + 7) / 8;
  if (bytes > kMaxFieldBytes) return bad(f, "reads a field of more than 4 KiB");
  Ref<Bytes> wide;
  u64 narrow = 0;
  if (field.bit_count > integer_bytes_ * 8) {
    wide = make_bytes(Type::kBuffer, nullptr, bytes);
    if (!wide) return no_memory(f);
  }
  for (u32 done = 0; done < field.bit_count;) {
    const Part part = part_at(field, done);
    const u64 unit = TRY(read_unit(f, field, part.byte_offset));
    const u64 value = (unit >> part.shift) & low_bits(part.count);
    if (wide)
      insert_bits(wide->data, done, part.count, value);
    else
      narrow |= value << done;
    done += part.count;
  }
  if (wide) return Ref<Object>(wide);
  return made(f, make_integer(narrow));
}

Or<> Interpreter::write_field(Frame& f, FieldUnit& field, const Object& value) {
  constexpr u32 kPreserve = 0, kOnes = 1;
  TRY(select_bank(f, field));
  if ((field.bit_count + 7) / 8 > kMaxFieldBytes) return bad(f, "writes a field of more than 4 KiB");
  u64 narrow = 0;
  const Bytes* wide = nullptr;
  if (value.type() == Type::kBuffer || value.type() == Type::kString) {
    wide = static_cast<const Bytes*>(&value);
  } else if (!to_integer(value, 8, Conversion::kImplicit, narrow)) {
    return bad(f, "writes %s to a field", name_of(value.type()));
  }
  for (u32 done = 0; done < field.bit_count;) {
    const Part part = part_at(field, done);
    u64 bits = 0;
    if (wide == nullptr) {
      bits = done < 64 ? narrow >> done : 0;
    } else if (done < wide->size * 8) {
      const u32 there = wide->size * 8 - done;
      bits = extract_bits(wide->data, done, part.count < there ? part.count : there);
    }
    const u64 covered = low_bits(part.count) << part.shift;
    u64 unit = 0;
    if (covered != low_bits(field.flags.access_bytes() * 8)) {
      const u32 rule = field.flags.update_rule();
      if (rule == kPreserve)
        unit = TRY(read_unit(f, field, part.byte_offset));
      else if (rule == kOnes)
        unit = ~u64{0};
    }
    unit = (unit & ~covered) | ((bits << part.shift) & covered);
    TRY(write_unit(f, field, part.byte_offset, unit));
    done += part.count;
  }
  return {};
}

Value Interpreter::read_buffer_field(const BufferField& field) {
  const u32 integer_bits = integer_bytes_ * 8;
  if (field.bit_count <= 64 && !(field.is_buffer && field.bit_count > integer_bits)) {
    return make_integer(extract_bits(field.buffer->data, field.bit_offset, field.bit_count));
  }
  const Ref<Bytes> out = make_bytes(Type::kBuffer, nullptr, (field.bit_count + 7) / 8);
  for (u32 i = 0; out && i < field.bit_count; i += 8) {
    const u32 count = field.bit_count - i < 8 ? field.bit_count - i : 8;
    out->data[i / 8] = static_cast<u8>(extract_bits(field.buffer->data, field.bit_offset + i, count));
  }
  return Ref<Object>(out);
}

Or<> Interpreter::write_buffer_field(Frame& f, BufferField& field, const Object& value) {
  u64 number = 0;
  if (value.type() == Type::kBuffer || value.type() == Type::kString) {
    const auto& from = static_cast<const Bytes&>(value);
    for (u32 i = 0; i < field.bit_count; i += 8) {
      const u32 count = field.bit_count - i < 8 ? field.bit_count - i : 8;
      insert_bits(field.buffer->data, field.bit_offset + i, count, i / 8 < from.size ? from.data[i / 8] : 0);
    }
    return {};
  }
  if (!to_integer(value, 8, Conversion::kImplicit, number))
    return bad(f, "writes %s to a buffer field", name_of(value.type()));
  insert_bits(field.buffer->data, field.bit_offset, field.bit_count < 64 ? field.bit_count : 64, number);
  return {};
}

}  // namespace ido::acpi
