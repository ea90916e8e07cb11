// What paetrace says of a trace. Text goes to `out` as it is made: a trace may be long.
#pragma once

#include <cstdio>

#include "replay/trace_reader.hpp"

namespace paetrace {

// Configuration, images, length, counts.
base::Or<> info(paemu::TraceReader& reader, paemu::u64 file_size, std::FILE* out);
// A line an event, in order.
base::Or<> dump(paemu::TraceReader& reader, std::FILE* out);
// All chunks were checked when the reader opened the file; this adds the images and says how far the trace reaches.
base::Or<> verify(paemu::TraceReader& reader, std::FILE* out);

}  // namespace paetrace
