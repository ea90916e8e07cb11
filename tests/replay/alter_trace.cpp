// Copies a trace with one thing that came in altered, all checksums right: what a replay must notice.
// usage: alter_trace FROM TO      (the first byte of the first SerialBytes arrival)
#include <cstdio>

#include "host/trace_files.hpp"
#include "replay/trace_reader.hpp"
#include "replay/trace_writer.hpp"

using namespace paemu;

namespace {

Or<> copy_start(TraceReader& reader, TraceWriter& writer) {
  if (reader.start().snapshot) {
    const std::vector<u8> fields = TRY(reader.state());
    TRY(writer.state(fields));
    TRY(reader.for_each_page([&](Pfn frame, std::span<const u8> page) { return writer.page(frame, page); }));
  }
  return writer.begin(reader.start());
}

Or<> alter(const char* from, const char* to) {
  auto input = TRY(host::FileTraceInput::open(from));
  TraceReader reader = TRY(TraceReader::open(*input));
  auto output = TRY(host::FileTraceOutput::create(to));
  const Images images = TRY(reader.images());
  TraceWriter writer = TRY(TraceWriter::start(*output, reader.config(), images));
  TRY(copy_start(reader, writer));
  bool altered = false;
  for (usize i = reader.first_of_run(); i < reader.chunks().size(); ++i) {
    const std::vector<u8> plain = TRY(reader.payload(reader.chunks()[i]));
    switch (reader.chunks()[i].type) {
      case abi::trace::kArrivals: {
        std::vector<Arrival> arrivals = TRY(decode_arrivals(plain));
        for (Arrival& a : arrivals) {
          if (a.kind == InputKind::SerialBytes && a.payload.size() > 1 && !altered) {
            a.payload[1] ^= 1;
            altered = true;
          }
          writer.arrival(a);
        }
        break;
      }
      case abi::trace::kCheckpoint: {
        const Checkpoint c = TRY(decode_checkpoint(plain));
        TRY(writer.checkpoint(c));
        break;
      }
      default: {
        const TraceEnd e = TRY(decode_end(plain));
        TRY(writer.end(e));
      }
    }
  }
  if (!altered) return fail("there is no serial input to alter");
  return {};
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: alter_trace FROM TO\n", stderr);
    return 2;
  }
  if (Or<> done = alter(words[1], words[2]); !done) {
    std::fprintf(stderr, "alter_trace: %s\n", done.error().sentence.c_str());
    return 1;
  }
  return 0;
}
