// Where our processor and a host's rightly differ, and why: the one table of it.
#pragma once

#include "comparison.hpp"

namespace paemu::isa_test {

// What of the emulated side is compared; an entry of the table makes it equal to the host's in its point.
struct Adjusted {
  Registers emulated;
  Exception exception;
  u32 flags_undefined;
  bool skip = false;  // nothing is compared
};

// Is an invalid operation of x87 pending? After a sequence FCOMI's flags, which then differ, may have spread.
bool invalid_unmasked(const Outcomes& outcomes);

// Applies every entry that fits the case.
void adjust(const Outcomes& outcomes, Adjusted& adjusted);

}  // namespace paemu::isa_test
