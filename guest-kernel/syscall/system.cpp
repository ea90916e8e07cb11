// The system as a whole: uname, sysinfo, limits, identity, mounts, power.
#include "acpi/acpi.hpp"
#include "arch/time.hpp"
#include "lib/log.hpp"
#include "lib/random.hpp"
#include "lib/string.hpp"
#include "lib/system_names.hpp"
#include "mm/stats.hpp"
#include "proc/scheduler.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kNameSize = kMostHostName + 1;  // of a field of struct new_utsname

Or<u32> set_name(Call& call, Or<> (*set)(StringView name)) {
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  if (call[1] > kMostHostName) return fail(Errno::kInval);
  char name[kMostHostName];
  TRY(copy_from_user(name, call[0], call[1]));
  TRY(set(StringView{name, call[1]}));
  return 0;
}

}  // namespace

Or<u32> sys_uname(Call& call) {
  char fields[6][kNameSize] = {};
  const char* values[6] = {"Linux", host_name(), kRelease, kVersion, "i686", domain_name()};
  for (u32 i = 0; i < 6; ++i) format_to(fields[i], kNameSize, "%s", values[i]);
  TRY(copy_to_user(call[0], fields, sizeof fields));
  return 0;
}

Or<u32> sys_sethostname(Call& call) { return set_name(call, set_host_name); }
Or<u32> sys_setdomainname(Call& call) { return set_name(call, set_domain_name); }

Or<u32> sys_sysinfo(Call& call) {
  struct {
    u32 uptime, loads[3], total, free, shared, buffer, total_swap, free_swap;
    u16 processes, padding;
    u32 total_high, free_high, unit;
    char fill[8];
  } out{};
  static_assert(sizeof out == 64);
  const MemoryInfo memory = memory_info();
  const Load present = load();
  out.uptime = static_cast<u32>(now_ns() / kNsPerSecond);
  for (u32 i = 0; i < 3; ++i) out.loads[i] = present.averages[i];
  // Pages as the unit: 64 GiB of bytes does not fit 32 bits.
  out.total = memory.total_pages, out.free = memory.free_pages, out.shared = memory.cached_pages;
  out.total_high = memory.high_total_pages, out.free_high = memory.high_free_pages;
  out.processes = static_cast<u16>(present.tasks);
  out.unit = kPageSize;
  TRY(copy_to_user(call[0], &out, sizeof out));
  return 0;
}

Or<u32> sys_getrandom(Call& call) {
  u8 chunk[256];
  u32 done = 0;
  while (done < call[1]) {
    const u32 n = call[1] - done < sizeof chunk ? call[1] - done : static_cast<u32>(sizeof chunk);
    random_bytes(chunk, n);
    TRY(copy_to_user(call[0] + done, chunk, n));
    done += n;
  }
  return done;
}

Or<u32> sys_syslog(Call& call) {
  constexpr u32 kReadAll = 3, kReadClear = 4, kConsoleOff = 6, kConsoleOn = 7, kConsoleLevel = 8, kSizeUnread = 9,
                kSizeBuffer = 10;
  constexpr u32 kInformational = 6;  // the level that all our lines have
  if (call[0] == kSizeBuffer) return kLogSize;
  if (call[0] == kSizeUnread) return 0;
  switch (call[0]) {
    case kConsoleOff: show_log_on_console(false); return 0;
    case kConsoleOn: show_log_on_console(true); return 0;
    case kConsoleLevel:
      if (call[2] < 1 || call[2] > 8) return fail(Errno::kInval);
      show_log_on_console(call[2] > kInformational);
      return 0;
    default: break;
  }
  if (call[0] != kReadAll && call[0] != kReadClear) return 0;
  u32 size = call[2] < kLogSize ? call[2] : kLogSize;
  u64 from = log_end() > size ? log_end() - size : 0;
  u32 done = 0;
  char chunk[256];
  while (done < size) {
    const u32 n = read_log(from, chunk, size - done < sizeof chunk ? size - done : static_cast<u32>(sizeof chunk));
    if (n == 0) break;
    TRY(copy_to_user(call[1] + done, chunk, n));
    done += n;
  }
  return done;
}

Or<u32> sys_personality(Call&) { return 0; }
Or<u32> sys_rseq(Call&) { return fail(Errno::kNoSys); }  // glibc asks, and does without

// capget(2), capset(2): all for the superuser, none for others.
namespace {
struct CapabilityHeader {
  u32 version;
  i32 pid;
};
// How many words a set has in that version; an unknown one is answered with the newest.
Or<u32> capability_words(u32 address, const CapabilityHeader& header) {
  constexpr u32 kFirst = 0x19980330, kSecond = 0x20071026, kThird = 0x20080522;
  if (header.version == kFirst) return 1;
  if (header.version == kSecond || header.version == kThird) return 2;
  TRY(put_user(address, kThird));
  return fail(Errno::kInval);
}
}  // namespace
Or<u32> sys_capget(Call& call) {
  const auto header = TRY(get_user<CapabilityHeader>(call[0]));
  const u32 words = TRY(capability_words(call[0], header));
  if (call[1] == 0) return 0;
  const Process* process = header.pid == 0 ? call.task.process : find_process(header.pid);
  if (process == nullptr) return fail(Errno::kSrch);
  constexpr u32 kAll[2] = {~0u, 0x1ff};
  u32 sets[2][3] = {};  // effective, permitted, inheritable
  for (u32 i = 0; i < words && process->credentials.privileged(); ++i) sets[i][0] = sets[i][1] = kAll[i];
  TRY(copy_to_user(call[1], sets, words * sizeof sets[0]));
  return 0;
}
Or<u32> sys_capset(Call& call) {
  const auto header = TRY(get_user<CapabilityHeader>(call[0]));
  TRY(capability_words(call[0], header));
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  return 0;
}

Or<u32> sys_prctl(Call& call) {
  constexpr u32 kSetDeathSignal = 1, kGetDeathSignal = 2, kGetDumpable = 3, kSetDumpable = 4, kSetName = 15,
                kGetName = 16, kReadBound = 23, kSetSlack = 29, kGetSlack = 30, kSetNoNewRights = 38,
                kGetNoNewRights = 39;
  constexpr u32 kMostCapability = 40, kSlackNs = 50'000;
  i32& death_signal = call.task.process->parent_death_signal;
  switch (call[0]) {
    case kSetDeathSignal:
      if (call[1] > static_cast<u32>(sig::kCount)) return fail(Errno::kInval);
      death_signal = static_cast<i32>(call[1]);
      return 0;
    case kGetDeathSignal: TRY(put_user(call[1], death_signal)); return 0;
    case kGetDumpable: return 1;
    case kSetDumpable: return call[1] <= 1 ? Or<u32>(0) : fail(Errno::kInval);
    case kReadBound: return call[1] <= kMostCapability ? Or<u32>(1) : fail(Errno::kInval);
    case kSetSlack: return 0;
    case kGetSlack: return kSlackNs;
    case kSetNoNewRights: return call[1] == 1 ? Or<u32>(0) : fail(Errno::kInval);
    case kGetNoNewRights: return 0;
    case kSetName: {
      char name[sizeof call.task.name] = {};
      auto copied = string_from_user(name, call[1], sizeof name);
      if (!copied.ok() && copied.error() != Errno::kNameTooLong) return fail(copied.error());
      memcpy(call.task.name, name, sizeof name - 1);
      return 0;
    }
    case kGetName: TRY(copy_to_user(call[1], call.task.name, sizeof call.task.name)); return 0;
    default: return fail(Errno::kInval);
  }
}

// --- Power (reboot(2)).
Or<u32> sys_reboot(Call& call) {
  constexpr u32 kMagic1 = 0xfee1dead, kRestart = 0x01234567, kHalt = 0xcdef0123, kPowerOff = 0x4321fedc,
                kCadOn = 0x89abcdef, kCadOff = 0;
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  if (call[0] != kMagic1) return fail(Errno::kInval);
  switch (call[2]) {
    case kRestart: acpi::reset();
    case kHalt:
    case kPowerOff: acpi::power_off();
    case kCadOn:
    case kCadOff: return 0;
    default: return fail(Errno::kInval);
  }
}

}  // namespace ido
