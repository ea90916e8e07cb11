#include "replay/trace_format.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "replay/archive.hpp"
#include "replay/arrival.hpp"
#include "replay/bytes.hpp"

namespace paemu {

namespace {

// A run of 2^63 ns takes 292 years; what is beyond can only be nonsense, and sums of it would overflow.
constexpr u64 kMaxTicks = u64{1} << 63;

void put(ByteWriter& w, const Position& p) {
  w.number(p.retired);
  w.number(p.now.value);
}

Or<Position> get_position(ByteReader& r) {
  Position p;
  p.retired = r.number();
  p.now = Ticks{r.number()};
  if (!r.ok() || p.now.value >= kMaxTicks || p.retired > p.now.value) return fail("holds a position that can't be");
  return p;
}

void put(ByteWriter& w, const Checkpoint& c) {
  put(w, c.at);
  w.u64_(c.hash);
  w.counted(archive::save(c.registers.cpu));
  w.number(c.parts.size());
  for (const PartHash& p : c.parts) {
    w.string(p.part);
    w.u32_(p.hash);
  }
  w.number(c.written.size());
  u32 previous = 0;
  for (const PageHash& p : c.written) {
    w.number(p.frame - previous);
    w.u32_(p.hash);
    previous = p.frame;
  }
}

Or<Checkpoint> get_checkpoint(ByteReader& r) {
  Checkpoint c;
  c.at = TRY(get_position(r));
  c.hash = r.u64_();
  c.registers.retired = c.at.retired;
  const auto registers = r.counted();
  if (!r.ok()) return fail("is too short");
  if (Or<> loaded = archive::load(registers, c.registers.cpu); !loaded) {
    return fail("holds no registers: " + loaded.error().sentence);
  }
  const u64 parts = r.number();
  for (u64 i = 0; i < parts && r.ok(); ++i) {
    std::string part = r.string();
    c.parts.push_back(PartHash{std::move(part), r.u32_()});
  }
  const u64 pages = r.number();
  u64 frame = 0;
  for (u64 i = 0; i < pages && r.ok(); ++i) {
    const u64 step = r.number();
    if (step > ~u32{0} - frame || (i > 0 && step == 0)) return fail("lists pages out of order");
    frame += step;
    c.written.push_back(PageHash{static_cast<u32>(frame), r.u32_()});
  }
  if (!r.ok()) return fail("is too short");
  return c;
}

Or<> all_used(const ByteReader& r) {
  if (!r.ok()) return fail("is too short");
  if (!r.at_end()) return fail("has bytes left over");
  return {};
}

}  // namespace

const char* name(StopReason reason) {
  switch (reason) {
    case StopReason::None: return "None";
    case StopReason::Paused: return "Paused";
    case StopReason::GuestPowerOff: return "GuestPowerOff";
    case StopReason::GuestReset: return "GuestReset";
    case StopReason::DebugExit: return "DebugExit";
    case StopReason::TripleFault: return "TripleFault";
    case StopReason::InputEnded: return "InputEnded";
    case StopReason::Deadlock: return "Deadlock";
    case StopReason::Diverged: return "Diverged";
  }
  return "unknown";
}

ImageDigest digest(std::span<const u8> image) {
  return ImageDigest{image.size(), XXH3_64bits(image.data(), image.size())};
}

std::vector<u8> encode(const TraceConfig& c) { return archive::save(c); }

std::vector<u8> encode(const TraceStart& s) {
  std::vector<u8> out;
  ByteWriter w(out);
  put(w, s.at);
  w.u64_(s.hash);
  w.number(s.pages);
  w.u8_(s.snapshot ? 1 : 0);
  return out;
}

std::vector<u8> encode(const Checkpoint& c) {
  std::vector<u8> out;
  ByteWriter w(out);
  put(w, c);
  return out;
}

std::vector<u8> encode(const TraceEnd& e) {
  std::vector<u8> out;
  ByteWriter w(out);
  put(w, e.last);
  w.u8_(static_cast<u8>(e.reason));
  return out;
}

void encode(std::vector<u8>& out, const Arrival& a, Position& previous) {
  ByteWriter w(out);
  w.number(a.at.retired - previous.retired);
  w.number(a.at.now - previous.now);
  w.u8_(static_cast<u8>(a.kind));
  w.counted(a.payload);
  previous = a.at;
}

Or<TraceConfig> decode_config(std::span<const u8> bytes) {
  TraceConfig c;
  TRY(archive::load(bytes, c));
  return c;
}

Or<TraceStart> decode_start(std::span<const u8> bytes) {
  ByteReader r(bytes);
  TraceStart s;
  s.at = TRY(get_position(r));
  s.hash = r.u64_();
  s.pages = r.number();
  const u8 snapshot = r.u8_();
  TRY(all_used(r));
  if (snapshot > 1) return fail("has a flag out of range");
  s.snapshot = snapshot == 1;
  return s;
}

Or<Checkpoint> decode_checkpoint(std::span<const u8> bytes) {
  ByteReader r(bytes);
  Checkpoint c = TRY(get_checkpoint(r));
  TRY(all_used(r));
  return c;
}

Or<TraceEnd> decode_end(std::span<const u8> bytes) {
  ByteReader r(bytes);
  TraceEnd e;
  e.last = TRY(get_checkpoint(r));
  const u8 reason = r.u8_();
  TRY(all_used(r));
  if (reason > static_cast<u8>(StopReason::kLast)) return fail("ends for a reason that is unknown");
  e.reason = static_cast<StopReason>(reason);
  return e;
}

Or<std::vector<Arrival>> decode_arrivals(std::span<const u8> bytes) {
  ByteReader r(bytes);
  std::vector<Arrival> arrivals;
  Position previous;
  while (!r.at_end()) {
    Arrival a;
    const u64 retired = r.number();
    const u64 now = r.number();
    const u8 kind = r.u8_();
    const auto payload = r.counted();
    if (!r.ok()) return fail("is too short");
    if (kind > static_cast<u8>(InputKind::kLast)) return fail(fmt::format("holds an arrival of unknown kind {}", kind));
    if (now >= kMaxTicks || now >= kMaxTicks - previous.now.value ||
        retired > now + (previous.now.value - previous.retired)) {
      return fail("holds a position that can't be");
    }
    a.at = Position{previous.retired + retired, previous.now + now};
    a.kind = static_cast<InputKind>(kind);
    if (payload.size() > arrival::kMaxPayload) return fail("holds an arrival that is too long");
    a.payload.assign(payload.begin(), payload.end());
    if (!arrival::well_formed(a)) return fail(fmt::format("holds a malformed {}", arrival::name(a.kind)));
    previous = a.at;
    arrivals.push_back(std::move(a));
  }
  return arrivals;
}

}  // namespace paemu
