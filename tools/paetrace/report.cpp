#include "report.hpp"

#include <fmt/format.h>

#include <map>

#include "replay/arrival.hpp"
#include "replay/disk_log.hpp"

namespace paetrace {

using namespace paemu;

namespace {

void row(std::FILE* out, const char* title, const std::string& text) { fmt::print(out, "{:<13} {}\n", title, text); }

std::string position(const Position& p) {
  return fmt::format("{} ns, {} instructions retired", p.now.value, p.retired);
}

std::string image(const char* name, const ImageDigest& d) {
  return d.size == 0 ? fmt::format("no {}", name) : fmt::format("{} {} bytes {:016x}", name, d.size, d.hash);
}

// Command lines and ids are a stranger's bytes: nothing of them may steer the terminal.
std::string printable(const std::string& s) {
  std::string text;
  for (const char c : s)
    text += c >= 0x20 && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<u8>(c));
  return text;
}

const char* kind_name(DriveKind kind) {
  switch (kind) {
    case DriveKind::kDisk: return "disk";
    case DriveKind::kCdrom: return "cdrom";
    case DriveKind::kFloppy: return "floppy";
  }
  return "";
}

std::string medium(const DriveSpec& drive) {
  const MediumSpec& m = drive.medium;
  if (m.number == 0) return "empty";
  return fmt::format("{} sectors{} \"{}\"", m.sectors, m.read_only ? ", read-only," : "", printable(m.name));
}

Or<> count_blocks(std::span<const u8> payload, u64& blocks, u64& failures) {
  return decode_disk_entries(payload, [&](const DiskEntry& e) -> Or<> {
    ++(e.kind == DiskEntry::Kind::kFailure ? failures : blocks);
    return {};
  });
}

struct Counts {
  std::map<InputKind, u64> arrivals;
  u64 total = 0;
  u64 checkpoints = 0;
  u64 blocks = 0, failures = 0;  // of disks
  std::string end = "nothing: the file was cut off";
};

Or<Counts> count(TraceReader& reader) {
  Counts counts;
  for (usize i = reader.first_of_run(); i < reader.chunks().size(); ++i) {
    const TraceReader::Chunk& chunk = reader.chunks()[i];
    if (chunk.type == abi::trace::kCheckpoint) {
      ++counts.checkpoints;
      continue;
    }
    const std::vector<u8> plain = TRY(reader.payload(chunk));
    if (chunk.type == abi::trace::kArrivals) {
      for (const Arrival& a : TRY(decode_arrivals(plain))) {
        ++counts.arrivals[a.kind];
        ++counts.total;
      }
    }
    if (chunk.type == abi::trace::kBlocks) TRY(count_blocks(plain, counts.blocks, counts.failures));
    if (chunk.type == abi::trace::kEnd) counts.end = name(TRY(decode_end(plain)).reason);
  }
  return counts;
}

}  // namespace

Or<> info(TraceReader& reader, u64 file_size, std::FILE* out) {
  const TraceConfig& c = reader.config();
  const MachineConfig& m = c.machine;
  const Counts counts = TRY(count(reader));
  row(out, "file",
      fmt::format("{}, {} bytes, format {}, {} chunks", reader.name(), file_size, abi::trace::kVersion,
                  reader.chunks().size()));
  row(out, "recorded by", fmt::format("{}, state layout {:016x}", printable(c.program), c.schema));
  row(out, "machine",
      fmt::format("cpu {} x {}, {}M RAM, {} slots, maxmem {}M, {} physical bits, {} nodes, reboot {}",
                  m.topology.count(), printable(m.cpu_model), m.ram_size / kMiB, m.slots, m.maxmem / kMiB, m.physical_bits, m.numa_nodes,
                  m.reboot ? "on" : "off"));
  for (const DimmSpec& d : m.dimms)
    row(out, "dimm", fmt::format("{} slot {} {}M node {}", printable(d.id), d.slot, d.size / kMiB, d.node));
  for (const DriveSpec& d : m.drives)
    row(out, "drive", fmt::format("{} {} {}", printable(d.id), kind_name(d.kind), medium(d)));
  row(out, "command line", "\"" + printable(m.append) + "\"");
  row(out, "images",
      image("firmware", c.images[0]) + ", " + image("kernel", c.images[1]) + ", " + image("initrd", c.images[2]) + ", " +
          image("VGA BIOS", c.images[3]));
  const TraceStart& start = reader.start();
  row(out, "begins at",
      position(start.at) +
          (start.snapshot ? fmt::format(", from a snapshot of {} pages", start.pages) : ", at power-on"));
  row(out, "ends at", position(reader.end()));
  row(out, "ended by", counts.end);
  const u64 ticks = reader.end().now - start.at.now;
  const u64 retired = reader.end().retired - start.at.retired;
  row(out, "duration",
      fmt::format("{}.{:09} s of virtual time, {} instructions", ticks / 1'000'000'000, ticks % 1'000'000'000,
                  retired));
  row(out, "checkpoints", fmt::format("{}, at least {} instructions apart", counts.checkpoints, m.checkpoint_interval));
  std::string kinds;
  for (const auto& [kind, number] : counts.arrivals)
    kinds += fmt::format("{}{} {}", kinds.empty() ? ": " : ", ", arrival::name(kind), number);
  row(out, "arrivals", fmt::format("{}{}", counts.total, kinds));
  if (!m.drives.empty())
    row(out, "blocks", fmt::format("{} of disks, {} errors of the host", counts.blocks, counts.failures));
  if (reader.first_of_run() < reader.chunks().size() && retired >= 1'000'000) {
    const u64 run_bytes = file_size - reader.chunks()[reader.first_of_run()].offset;
    row(out, "size",
        fmt::format("{} bytes of run, {} a million instructions", run_bytes, run_bytes / (retired / 1'000'000)));
  }
  return {};
}

Or<> dump(TraceReader& reader, std::FILE* out) {
  const auto line = [out](const Position& at, const std::string& text) {
    fmt::print(out, "{:>14} ns  {:>14} retired  {}\n", at.now.value, at.retired, text);
  };
  const TraceStart& start = reader.start();
  line(start.at,
       fmt::format("Start state {:016x}{}", start.hash, start.snapshot ? fmt::format(", {} pages", start.pages) : ""));
  for (usize i = reader.first_of_run(); i < reader.chunks().size(); ++i) {
    const TraceReader::Chunk& chunk = reader.chunks()[i];
    const std::vector<u8> plain = TRY(reader.payload(chunk));
    if (chunk.type == abi::trace::kArrivals) {
      for (const Arrival& a : TRY(decode_arrivals(plain))) fmt::print(out, "{}\n", arrival::to_string(a));
    } else if (chunk.type == abi::trace::kCheckpoint) {
      const Checkpoint c = TRY(decode_checkpoint(plain));
      line(c.at, fmt::format("Checkpoint state {:016x} eip {:08x}, {} pages written", c.hash, c.registers.cpu.eip,
                             c.written.size()));
    } else if (chunk.type == abi::trace::kBlocks) {
      u64 blocks = 0, failures = 0;
      TRY(count_blocks(plain, blocks, failures));
      fmt::print(out, "{:>47}Blocks {} of disks, {} errors of the host\n", "", blocks, failures);
    } else {
      const TraceEnd e = TRY(decode_end(plain));
      line(e.last.at, fmt::format("End state {:016x} by {}", e.last.hash, name(e.reason)));
    }
  }
  if (reader.cut_off()) line(reader.end(), "the file was cut off");
  return {};
}

Or<> verify(TraceReader& reader, std::FILE* out) {
  TRY(reader.images());
  TRY(count(reader));
  fmt::print(out, "{}: {} chunks, all whole; {} {}\n", reader.name(), reader.chunks().size(),
             reader.cut_off() ? "then it was cut off: it replays up to" : "it ends at", position(reader.end()));
  return {};
}

}  // namespace paetrace
