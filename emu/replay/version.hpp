// Which program this is: what people are told, and what a trace says of who recorded it.
#pragma once

namespace paemu {

extern const char* const kNameAndVersion;  // "paemu 0.1.0", as meson.build has it

}  // namespace paemu
