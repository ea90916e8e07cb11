// What the translator tells of itself.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/size_text.hpp"
#include "monitor/handlers.hpp"
#include "monitor/monitor.hpp"

namespace paemu::monitor {
namespace {

constexpr u32 kListed = 10, kWithCode = 3, kMostWithCode = 1000;  // of the hottest blocks
constexpr u32 kHandlersListed = 12;

template <class... Values>
void line(std::string& text, const char* name, fmt::format_string<Values...> format, Values&&... values) {
  text += fmt::format("{:<19} ", name) + fmt::format(format, std::forward<Values>(values)...) + "\n";
}

double share(u64 part, u64 whole) { return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }
double average(u64 sum, u64 count) { return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count); }

// Which instructions are not copied, or miss the TLB, most often.
std::string handlers(const TranslatorInfo& i) {
  std::vector<HandlerCalls> rows = i.handler_calls;
  std::ranges::stable_sort(rows, std::greater{}, &HandlerCalls::calls);
  u64 all = 0;
  for (const HandlerCalls& h : rows) all += h.calls;
  std::string text;
  line(text, "handler calls", "{} instructions run by the interpreter's handlers, most of them", all);
  for (usize n = 0; n < std::min<usize>(rows.size(), kHandlersListed) && rows[n].calls != 0; ++n)
    line(text, ("  " + rows[n].row).c_str(), "{} ({:.1f}%)", rows[n].calls, share(rows[n].calls, all));
  return text;
}

std::string totals(const TranslatorInfo& i) {
  std::string text;
  line(text, "cache size", "{}", base::size_text(i.cache_size));
  line(text, "cache used", "{} bytes ({:.1f}%)", i.cache_used, share(i.cache_used, i.cache_size));
  line(text, "decoded code", "{} bytes of {} ({:.1f}%)", i.decoded_used, base::size_text(i.decoded_size),
       share(i.decoded_used, i.decoded_size));
  line(text, "flushes", "{} ({} as there was no room left, the others as a state was loaded or taken)", i.flushes,
       i.flushes_when_full);
  line(text, "blocks", "{} ({} translated since the start, {} dropped as their code was written)", i.blocks,
       i.translated, i.dropped);
  line(text, "guest code", "{} bytes, {:.1f} a block", i.guest_bytes, average(i.guest_bytes, i.blocks));
  line(text, "host code", "{} bytes, {:.1f} a block, {:.1f} a byte of the guest's", i.host_bytes,
       average(i.host_bytes, i.blocks), average(i.host_bytes, i.guest_bytes));
  line(text, "links", "{} of {} jumps are linked, {} of them across pages", i.links, i.links_all,
       i.links_across_pages);
  line(text, "paths", "{} blocks go on as the guest was seen to, over jumps, calls and returns", i.paths);
  line(text, "window", "{} blocks of programs reach memory by it; {} pages were shown, {} times the host faulted",
       i.window_blocks, i.window_pages, i.window_faults);
  text += handlers(i);
  if (i.compared + i.not_compared != 0)
    line(text, "compared", "{} instructions in both engines, {} only interpreted", i.compared, i.not_compared);
  const auto& e = i.exits;
  line(text, "exits", "{}", e.unlinked + e.indirect + e.budget + e.apart + e.faults + e.attention + e.continued + e.other);
  line(text, "  unlinked", "{}", e.unlinked);
  line(text, "  indirect", "{}", e.indirect);
  line(text, "  time is up", "{}", e.budget);
  line(text, "  apart", "{}", e.apart);
  line(text, "  fault", "{}", e.faults);
  line(text, "  attention", "{}", e.attention);
  line(text, "  to a block", "{}", e.continued);
  line(text, "  other", "{}", e.other);
  return text;
}

std::string name_of(const HotBlock& b, u32 processors) {
  std::string name = fmt::format("{:08x} {}", b.eip, b.user ? "user" : "kernel");
  if (processors > 1) name += fmt::format(", CPU {}", b.processor);
  return name;
}

std::string hottest(const TranslatorInfo& i, usize with_code, u32 processors) {
  std::string text = fmt::format("hottest blocks, by the share of instructions ({} samples):\n", i.samples);
  for (usize n = 0; n < std::min<usize>(i.hottest.size(), std::max<usize>(with_code, kListed)); ++n) {
    const HotBlock& b = i.hottest[n];
    const std::string of_path = b.joined > 1 ? fmt::format(" of {} blocks", b.joined) : "";
    text += fmt::format("{:6.2f}%  {:<20}  {} instructions{}, {} bytes; {} bytes of host code\n",
                        share(b.samples, i.samples), name_of(b, processors), b.instructions, of_path, b.guest_bytes,
                        b.host_bytes);
  }
  for (usize n = 0; n < std::min(i.hottest.size(), with_code); ++n) {
    const HotBlock& b = i.hottest[n];
    text += fmt::format("\nblock {}, {:.2f}%: guest code\n", name_of(b, processors), share(b.samples, i.samples));
    for (const std::string& insn : b.guest_code) text += "  " + insn + "\n";
    text += "host code\n";
    for (const std::string& insn : b.host_code) text += "  " + insn + "\n";
  }
  return text;
}

}  // namespace

Reply handle::info_jit(Monitor& m, const Json& arguments) {
  const u64 with_code = arguments.value("blocks", u64{kWithCode});
  if (with_code > kMostWithCode)
    return base::fail("the code of " + std::to_string(with_code) + " blocks is more than anybody reads; ask for up to " +
                      std::to_string(kMostWithCode));
  const auto info = m.machine().translator_info(std::max(kListed, static_cast<u32>(with_code)));
  if (!info) return base::fail("the guest is interpreted; there is a translator with -engine jit or -engine verify");
  const u32 processors = m.machine().processor_count();
  return Json{{"human-readable-text", totals(*info) + hottest(*info, with_code, processors)}};
}

std::string show::human_text(const Json& result) { return text(result["human-readable-text"]); }

}  // namespace paemu::monitor
