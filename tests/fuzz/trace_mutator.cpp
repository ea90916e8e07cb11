// Mutations of a trace, chunk by chunk: bytes of chance never get past its checksums. An input that is no trace is
// replaced by one that was recorded; then a payload is changed, or a chunk is dropped, doubled, moved or given another
// type, and all headers are made right again. A fourth of the inputs are changed as plain bytes.
#include <xxhash.h>
#include <zstd.h>

#include <cstring>

#include "../unit/emu/replay/fake_machine.hpp"
#include "abi/trace.hpp"
#include "replay/arrival.hpp"
#include "replay/disk_log.hpp"
#include "replay/recorder.hpp"

extern "C" size_t LLVMFuzzerMutate(paemu::u8* data, size_t size, size_t max_size);

namespace {

using namespace paemu;
namespace trace = abi::trace;

constexpr usize kPayloadRoom = 4096;

struct Random {
  u32 state;
  u32 operator()() { return (state = state * 1664525 + 1013904223) >> 8; }
};

struct Chunk {
  u32 type;
  u32 plain_size;
  std::vector<u8> stored;
};

template <class T>
T number(const u8* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void append(std::vector<u8>& out, T value) {
  const u8* const bytes = reinterpret_cast<const u8*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

// As far as they are whole.
std::vector<Chunk> parse(const u8* data, usize size) {
  std::vector<Chunk> chunks;
  for (usize at = trace::kFileHeaderSize; at <= size && size - at >= trace::kChunkHeaderSize;) {
    const u32 stored = number<u32>(data + at + 8);
    const u8* const payload = data + at + trace::kChunkHeaderSize;
    if (stored > size - at - trace::kChunkHeaderSize) break;
    chunks.push_back({number<u32>(data + at), number<u32>(data + at + 12), {payload, payload + stored}});
    at += trace::kChunkHeaderSize + stored;
  }
  return chunks;
}

std::vector<u8> write(const std::vector<Chunk>& chunks) {
  std::vector<u8> out(trace::kMagic, trace::kMagic + sizeof trace::kMagic);
  append<u32>(out, trace::kVersion), append<u32>(out, 0), append<u64>(out, XXH3_64bits(out.data(), 16));
  for (u32 index = 0; index < chunks.size(); ++index) {
    const Chunk& c = chunks[index];
    const usize header = out.size();
    append<u32>(out, c.type), append<u32>(out, index);
    append<u32>(out, static_cast<u32>(c.stored.size())), append<u32>(out, c.plain_size);
    append<u64>(out, XXH3_64bits(c.stored.data(), c.stored.size()));
    append<u64>(out, XXH3_64bits(out.data() + header, 24));
    out.insert(out.end(), c.stored.begin(), c.stored.end());
  }
  return out;
}

// A recording that begins in mid-run, so that every type of chunk is there.
const std::vector<Chunk>& recorded() {
  static const std::vector<Chunk> chunks = [] {
    MemoryTrace file;
    FakeMachine machine;
    ScriptedInput live;
    machine.run(live, 3000);
    auto recorder = Recorder::start(machine, live, file);
    if (!recorder) std::abort();
    machine.run(**recorder, 5000);
    if (!(*recorder)->finish(StopReason::Paused)) std::abort();
    std::vector<Chunk> all = parse(file.bytes().data(), file.bytes().size());
    std::vector<u8> blocks;
    encode(blocks, {.kind = DiskEntry::Kind::kZeroes, .medium = 1, .operation = 1, .block = 7});
    encode(blocks, {.kind = DiskEntry::Kind::kFailure, .medium = 1, .operation = 2, .block = 9});
    all.insert(all.end() - 1, {trace::kBlocks, static_cast<u32>(blocks.size()), blocks});
    return all;
  }();
  return chunks;
}

// The payload as it is without compression; large ones stay as they are.
void expand(Chunk& c) {
  if (c.plain_size == c.stored.size() || c.plain_size > kPayloadRoom) return;
  std::vector<u8> plain(c.plain_size);
  if (ZSTD_decompress(plain.data(), plain.size(), c.stored.data(), c.stored.size()) == plain.size()) c.stored = plain;
}

void change_payload(Chunk& c) {
  expand(c);
  const bool plain = c.plain_size == c.stored.size();
  const usize size = c.stored.size();
  c.stored.resize(std::max(size, kPayloadRoom));
  c.stored.resize(LLVMFuzzerMutate(c.stored.data(), size, c.stored.size()));
  if (plain) c.plain_size = static_cast<u32>(c.stored.size());
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t max_size, unsigned seed) {
  Random random{seed};
  std::vector<Chunk> chunks = parse(data, size);
  if (chunks.empty())
    chunks = recorded();
  else if (random() % 4 == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  for (u32 count = 1 + random() % 3; count > 0 && !chunks.empty(); --count) {
    const usize which = random() % chunks.size(), other = random() % chunks.size();
    switch (random() % 8) {
      case 0: chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(which)); break;
      case 1: {
        const Chunk twin = chunks[which];
        chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(other), twin);
        break;
      }
      case 2: std::swap(chunks[which], chunks[other]); break;
      case 3: chunks[which].type = random() % (trace::kBlocks + 2); break;
      default: change_payload(chunks[which]); break;
    }
  }
  const std::vector<u8> out = write(chunks);
  if (out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(out.begin(), out.end(), data);
  return out.size();
}
