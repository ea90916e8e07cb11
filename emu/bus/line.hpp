// Line: one wire from an output to an input, connected in board. A level, not a message.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

// The end that is driven: a chip has one for each of its inputs, or one object with pin numbers.
class LineInput {
 public:
  virtual void set_line(u32 pin, bool level) = 0;

 protected:
  ~LineInput() = default;
};

// A wire whose level is asked for, not announced: outputs that follow from the clock (the 8254's channel 2).
class LineProbe {
 public:
  virtual bool line_level(u32 pin) const = 0;

 protected:
  ~LineProbe() = default;
};

// The end that drives. Unconnected, it drives nothing.
class Line {
 public:
  void connect(LineInput& input, u32 pin) {
    input_ = &input;
    pin_ = pin;
  }
  void set(bool level) const {
    if (input_ != nullptr) input_->set_line(pin_, level);
  }

 private:
  LineInput* input_ = nullptr;
  u32 pin_ = 0;
};

}  // namespace paemu
