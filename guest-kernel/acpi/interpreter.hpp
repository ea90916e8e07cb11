// The AML interpreter: loads definition blocks into the namespace and evaluates names and methods (ACPI chapter 20).
//
// A table is loaded by running it, as if it were a method whose names stay. Methods run straight from the table's
// bytes. Firmware's mistakes end the evaluation with an error and one sentence in problem(), never the kernel: every
// read is bounded by its package, nesting by kMaxStack (the evaluator is recursive and runs on a kernel stack), time by
// kMaxSteps, memory by Object::kMaxLive.
//
// One evaluation at a time: the caller holds a lock. Not from interrupt handlers.
#pragma once

#include "acpi/hardware.hpp"
#include "acpi/namespace.hpp"

namespace ido::acpi {

using Value = Or<Ref<Object>>;

struct Frame;

class Interpreter {
 public:
  static constexpr u32 kMaxStack = sizeof(void*) == 4 ? 9 * 1024 : 64 * 1024;  // bytes of stack that terms may use
  static constexpr u32 kMaxSteps = 4'000'000;                                  // terms in one evaluation
  static constexpr u32 kMaxArguments = Slots::kArguments;

  Interpreter(Namespace& names, Hardware& hardware) : names_(names), hardware_(hardware) {}

  // Runs a whole table, header included, which must stay mapped. Integers are 32 bits wide when the first table (the
  // DSDT) is of revision 1. On failure the names that were made so far stay.
  Or<> load(const u8* table, u32 size);

  // Runs a method, or reads what else the name stands for. A method without Return gives null.
  Value evaluate(Node& node, const Ref<Object>* arguments = nullptr, u32 count = 0);

  // Why the last load or evaluate failed: "\_SB.FOO+0x12: the name BAR_ does not exist".
  const char* problem() const { return problem_; }

  u32 integer_bytes() const { return integer_bytes_; }

 private:
  void begin();

  // interpreter.cpp: control flow, names, methods
  Value run(Frame& frame);
  Or<> block(Frame& f, u32 end);
  Value term(Frame& f);
  Value dispatch(Frame& f, u8 op);
  Value dispatch_extended(Frame& f);
  Value name_term(Frame& f);
  Value call(Frame& caller, Node& node, const Method& method);
  Value finish(Frame& frame, Node& node);
  Value value_of(Frame& f, Node& node);
  Or<> if_else(Frame& f);
  Or<> while_loop(Frame& f);
  Or<> skip_else(Frame& f);

  // aml_definitions.cpp: everything that makes a name
  Or<Node*> new_node(Frame& f);
  Or<> define(Frame& f, Ref<Object> object);
  Or<> define_name(Frame& f);
  Or<> define_alias(Frame& f);
  Or<> define_external(Frame& f);
  Or<> define_method(Frame& f);
  Or<> define_region(Frame& f);
  Or<> define_mutex(Frame& f);
  Or<> scope(Frame& f);
  Or<> container(Frame& f, Type type, u32 skipped_bytes);
  Or<> define_fields(Frame& f, u8 op);
  Or<> field_list(Frame& f, u32 end, const FieldUnit& pattern);
  Or<Ref<FieldUnit>> named_field(Frame& f);
  Or<> create_field(Frame& f, u32 bit_count);

  // aml_operators.cpp: arithmetic and logic
  Value binary(Frame& f, u8 op);
  Value unary(Frame& f, u8 op);
  Value divide(Frame& f);
  Value logic(Frame& f, u8 op);
  Value step(Frame& f, u8 op);
  Or<i32> compare(Frame& f, const Ref<Object>& a, const Ref<Object>& b);

  // aml_data.cpp: strings, buffers, packages
  Value buffer(Frame& f);
  Value string(Frame& f);
  Value package(Frame& f, u8 op);
  Value package_element(Frame& f);
  Value index(Frame& f);
  Value concatenate(Frame& f);
  Value concatenate_resources(Frame& f);
  Value mid(Frame& f);
  Value match(Frame& f);
  Value convert(Frame& f, u8 op);
  Or<Ref<Reference>> inspected(Frame& f, Ref<Object>& value);
  Value size_of(Frame& f);
  Value object_type(Frame& f);

  // aml_store.cpp: places and references
  Or<Ref<Reference>> place(Frame& f);  // null: no target
  Value dereference(Frame& f, const Ref<Object>& object);
  Value reference_of(Frame& f);
  Value conditional_reference(Frame& f);
  Or<> store(Frame& f, const Ref<Object>& value, const Ref<Reference>& target);
  Or<> store_to_node(Frame& f, const Ref<Object>& value, Node& node);
  Or<> store_to_target(Frame& f, const Ref<Object>& value);  // reads the target, then stores
  Value store_term(Frame& f);
  Value copy_term(Frame& f);

  // aml_system.cpp: Notify, mutexes, waiting
  Value notify(Frame& f);
  Value acquire(Frame& f);
  Or<> release(Frame& f);
  Or<> wait(Frame& f, u64 unit_ns);
  Or<> fatal(Frame& f);

  // fields.cpp
  Value read_field(Frame& f, FieldUnit& field);
  Or<> write_field(Frame& f, FieldUnit& field, const Object& value);
  Or<u64> read_unit(Frame& f, FieldUnit& field, u32 byte_offset);
  Or<> write_unit(Frame& f, FieldUnit& field, u32 byte_offset, u64 value);
  Or<> select_bank(Frame& f, FieldUnit& field);
  Value read_buffer_field(const BufferField& field);
  Or<> write_buffer_field(Frame& f, BufferField& field, const Object& value);

  // Reading what comes next.
  Or<u8> byte(Frame& f);
  Or<u64> number(Frame& f, u32 bytes);
  Or<u32> package_end(Frame& f);  // reads PkgLength; the offset where the package ends
  Or<u32> package_length(Frame& f);
  Or<NamePath> name_path(Frame& f);
  Or<Ref<Object>> data(Frame& f);  // a term that has a value
  Or<u64> integer(Frame& f);

  Value made(Frame& f, Ref<Object> object);  // null means no memory
  Value made_integer(Frame& f, u64 value);
  u64 mask(u64 value) const { return integer_bytes_ == 4 ? static_cast<u32>(value) : value; }

  [[gnu::format(printf, 3, 4), gnu::cold, gnu::noinline]] Failure<Errno> bad(Frame& f, const char* format, ...);
  Failure<Errno> no_memory(Frame& f);

  Namespace& names_;
  Hardware& hardware_;
  u32 integer_bytes_ = 0;      // 0: nothing loaded yet
  const u8* stack_ = nullptr;  // where the evaluation began
  u32 steps_ = 0;
  char problem_[192] = {};
};

// What a NamePath says, cut to fit. For messages.
void format_path(const NamePath& path, char* text, u32 size);

}  // namespace ido::acpi
