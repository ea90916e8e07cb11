// Resource limits: getrlimit, setrlimit, prlimit64.
#include "lib/limits.hpp"

#include "syscall/helpers.hpp"

namespace ido {

namespace {

struct Limit32 {
  u32 soft, hard;
};

constexpr u32 kUnlimited32 = 0xffffffff;
u32 narrow(u64 v) { return v >= kUnlimited32 ? kUnlimited32 : static_cast<u32>(v); }
u64 widen(u32 v) { return v == kUnlimited32 ? kUnlimited : v; }

Or<Limits::Pair*> pair_of(Process& process, u32 resource) {
  if (resource >= kResourceCount) return fail(Errno::kInval);
  return &process.limits.of[resource];
}

Or<> set(Call& call, Process& process, u32 resource, Limits::Pair wanted) {
  Limits::Pair& pair = *TRY(pair_of(process, resource));
  if (wanted.soft > wanted.hard) return fail(Errno::kInval);
  if (wanted.hard > pair.hard && !call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  if (resource == static_cast<u32>(Resource::kFiles) && wanted.hard > 1048576) return fail(Errno::kPerm);  // fs.nr_open
  pair = wanted;
  return {};
}

}  // namespace

u64 resource_limit(Resource resource) {
  Process& process = current_process();
  if (process.mm == nullptr) return kUnlimited;
  if (resource == Resource::kLockedMemory && process.credentials.privileged()) return kUnlimited;
  return process.limits.at(resource).soft;
}

// 191: limits above 4 GiB - 1 show as unlimited. 76, the older: above 2 GiB - 1.
Or<u32> sys_getrlimit(Call& call) {
  constexpr u32 kUnsignedCall = 191, kMostSigned = 0x7fffffff;
  const Limits::Pair pair = *TRY(pair_of(*call.task.process, call[0]));
  Limit32 out{narrow(pair.soft), narrow(pair.hard)};
  if (call.number != kUnsignedCall) {
    if (out.soft > kMostSigned) out.soft = kMostSigned;
    if (out.hard > kMostSigned) out.hard = kMostSigned;
  }
  TRY(put_user(call[1], out));
  return 0;
}

Or<u32> sys_setrlimit(Call& call) {
  TRY(pair_of(*call.task.process, call[0]));
  const auto in = TRY(get_user<Limit32>(call[1]));
  TRY(set(call, *call.task.process, call[0], {widen(in.soft), widen(in.hard)}));
  return 0;
}

Or<u32> sys_prlimit64(Call& call) {
  Process* process = call[0] == 0 ? call.task.process : find_process(static_cast<i32>(call[0]));
  if (process == nullptr) return fail(Errno::kSrch);
  const Limits::Pair old = *TRY(pair_of(*process, call[1]));
  if (call[2] != 0) {
    const auto wanted = TRY(get_user<Limits::Pair>(call[2]));
    TRY(set(call, *process, call[1], wanted));
  }
  if (call[3] != 0) TRY(put_user(call[3], old));
  return 0;
}

}  // namespace ido
