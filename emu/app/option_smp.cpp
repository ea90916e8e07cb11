// -smp: how many processors, and how they lie in sockets, cores and threads. What is left out follows as in QEMU.
#include "app/option_parser.hpp"
#include "base/key_values.hpp"
#include "base/size_text.hpp"

namespace paemu::app::option {
namespace {

// 0: not given.
Or<u32> take_count(KeyValues& settings, const char* name) {
  const std::string text = settings.take(name);
  if (text.empty()) return 0u;
  const Or<u64> number = parse_number(text);
  if (!number || number.value() == 0 || number.value() > kMaxProcessors)
    return fail(std::string(name) + "=" + text + " is not a number from 1 to " + std::to_string(kMaxProcessors));
  return static_cast<u32>(number.value());
}

// Cores are preferred to sockets, and both to threads.
Topology complete(u32 count, u32 sockets, u32 cores, u32 threads) {
  const auto or_one = [](u32 given) { return given != 0 ? given : 1; };
  if (count == 0) return {or_one(sockets), or_one(cores), or_one(threads)};
  const auto share = [&](u32 others) { return or_one(count / others); };
  if (cores == 0) return {or_one(sockets), share(or_one(sockets) * or_one(threads)), or_one(threads)};
  if (sockets == 0) return {share(cores * or_one(threads)), cores, or_one(threads)};
  return {sockets, cores, threads != 0 ? threads : share(sockets * cores)};
}

}  // namespace

Or<> smp(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "cpus"));
  const u32 count = TRY(take_count(settings, "cpus"));
  const u32 most = TRY(take_count(settings, "maxcpus"));
  const u32 sockets = TRY(take_count(settings, "sockets"));
  const u32 cores = TRY(take_count(settings, "cores"));
  const u32 threads = TRY(take_count(settings, "threads"));
  for (const char* level : {"dies", "clusters"}) {
    if (TRY(take_count(settings, level)) > 1) return fail(std::string(level) + " can only be 1 here");
  }
  if (!settings.items().empty()) return fail("has no setting \"" + settings.items()[0].first + "\"");
  if (value.empty()) return fail("needs the number of processors, as -smp 2");

  const Topology topology = complete(count != 0 ? count : most, sockets, cores, threads);
  const u32 wanted = count != 0 ? count : most != 0 ? most : topology.count();
  if (most != 0 && most != wanted)
    return fail("maxcpus=" + std::to_string(most) + " must be the number of processors, " + std::to_string(wanted) +
                ": none can be added later");
  if (topology.count() != wanted)
    return fail("sockets=" + std::to_string(topology.sockets) + " times cores=" + std::to_string(topology.cores) +
                " times threads=" + std::to_string(topology.threads) + " makes " + std::to_string(topology.count()) +
                " processors, not " + std::to_string(wanted));
  if (wanted > kMaxProcessors)
    return fail("there can be 1 to " + std::to_string(kMaxProcessors) + " processors, not " + std::to_string(wanted));
  p.options.machine.topology = topology;
  return {};
}

}  // namespace paemu::app::option
