// The fields of a plain state struct, by name: one list from which snapshot, reset, hash and dump are derived.
//
// Freestanding. State the list once, inside the struct:
//
//   struct PicState {
//     u8 irr = 0;   // interrupt request register
//     u8 isr = 0;   // in-service register
//     FIELDS(irr, isr)
//   };
//
// A visitor is called as visit("irr", field) for each, in order. A field may be an integer, an enum, a bool, a Strong,
// an array of these, or another struct with FIELDS. Everything that the guest can ever notice is a field.
#pragma once

#define FIELDS(...)                          \
  template <class Visitor>                   \
  void visit_fields(Visitor&& visit) {       \
    FIELDS_EACH(__VA_ARGS__)                 \
  }                                          \
  template <class Visitor>                   \
  void visit_fields(Visitor&& visit) const { \
    FIELDS_EACH(__VA_ARGS__)                 \
  }

#define FIELDS_PARENS ()
#define FIELDS_EXPAND(...) FIELDS_EXPAND4(FIELDS_EXPAND4(FIELDS_EXPAND4(__VA_ARGS__)))
#define FIELDS_EXPAND4(...) FIELDS_EXPAND3(FIELDS_EXPAND3(FIELDS_EXPAND3(__VA_ARGS__)))
#define FIELDS_EXPAND3(...) FIELDS_EXPAND2(FIELDS_EXPAND2(FIELDS_EXPAND2(__VA_ARGS__)))
#define FIELDS_EXPAND2(...) FIELDS_EXPAND1(FIELDS_EXPAND1(FIELDS_EXPAND1(__VA_ARGS__)))
#define FIELDS_EXPAND1(...) __VA_ARGS__
#define FIELDS_EACH(...) __VA_OPT__(FIELDS_EXPAND(FIELDS_ONE(__VA_ARGS__)))
#define FIELDS_ONE(field, ...) \
  visit(#field, field);        \
  __VA_OPT__(FIELDS_NEXT FIELDS_PARENS(__VA_ARGS__))
#define FIELDS_NEXT() FIELDS_ONE
