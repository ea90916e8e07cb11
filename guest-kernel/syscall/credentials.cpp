// Who the process is: user and group identifiers (credentials(7)). The 16-bit calls, of before Linux 2.4, stand beside
// the 32-bit ones: 0xffff means "no change" to them, and identifiers that do not fit are told as 65534.
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kKeep = Credentials::kNoChange;

Credentials& self(Call& call) { return call.task.process->credentials; }

u32 narrow(u32 id) { return id > 0xffff ? 65534 : id; }
u32 widen(u32 id) { return (id & 0xffff) == 0xffff ? kKeep : id & 0xffff; }

bool among(const Identity& id, u32 value) { return value == id.real || value == id.effective || value == id.saved; }

// setuid(2): the superuser sets all, others choose among their own.
Or<u32> set_one(Call& call, Identity& id, u32 value) {
  if (value == kKeep) return fail(Errno::kInval);
  if (self(call).privileged()) {
    id.real = id.saved = value;
  } else if (value != id.real && value != id.saved) {
    return fail(Errno::kPerm);
  }
  id.effective = id.file_system = value;
  return 0;
}

// setreuid(2).
Or<u32> set_two(Call& call, Identity& id, u32 real, u32 effective) {
  const Identity old = id;
  if (!self(call).privileged()) {
    if (real != kKeep && real != old.real && real != old.effective) return fail(Errno::kPerm);
    if (effective != kKeep && !among(old, effective)) return fail(Errno::kPerm);
  }
  if (real != kKeep) id.real = real;
  if (effective != kKeep) id.effective = effective;
  if (real != kKeep || (effective != kKeep && effective != old.real)) id.saved = id.effective;
  id.file_system = id.effective;
  return 0;
}

// setresuid(2).
Or<u32> set_three(Call& call, Identity& id, u32 real, u32 effective, u32 saved) {
  if (!self(call).privileged())
    for (u32 wanted : {real, effective, saved})
      if (wanted != kKeep && !among(id, wanted)) return fail(Errno::kPerm);
  if (real != kKeep) id.real = real;
  if (effective != kKeep) id.effective = effective;
  if (saved != kKeep) id.saved = saved;
  id.file_system = id.effective;
  return 0;
}

// setfsuid(2) returns the old one, whether it changed or not.
u32 set_file_system(Call& call, Identity& id, u32 value) {
  const u32 old = id.file_system;
  if (value != kKeep && (self(call).privileged() || among(id, value) || value == old)) id.file_system = value;
  return old;
}

template <class T>
Or<u32> put_three(Call& call, const Identity& id) {
  const u32 values[3] = {id.real, id.effective, id.saved};
  for (u32 i = 0; i < 3; ++i) TRY(put_user(call[i], static_cast<T>(sizeof(T) == 2 ? narrow(values[i]) : values[i])));
  return 0;
}

template <class T>
Or<u32> get_groups(Call& call) {
  const Credentials& c = self(call);
  if (static_cast<i32>(call[0]) < 0) return fail(Errno::kInval);
  if (call[0] == 0) return c.group_count;
  if (call[0] < c.group_count) return fail(Errno::kInval);
  for (u32 i = 0; i < c.group_count; ++i)
    TRY(put_user(call[1] + i * static_cast<u32>(sizeof(T)),
                 static_cast<T>(sizeof(T) == 2 ? narrow(c.groups[i]) : c.groups[i])));
  return c.group_count;
}

template <class T>
Or<u32> set_groups(Call& call) {
  Credentials& c = self(call);
  if (!c.privileged()) return fail(Errno::kPerm);
  if (call[0] > Credentials::kMostGroups) return fail(Errno::kInval);
  T groups[Credentials::kMostGroups];
  TRY(copy_from_user(groups, call[1], call[0] * static_cast<u32>(sizeof(T))));
  for (u32 i = 0; i < call[0]; ++i) c.groups[i] = groups[i];
  c.group_count = call[0];
  return 0;
}

}  // namespace

Or<u32> sys_getuid(Call& call) { return self(call).user.real; }
Or<u32> sys_getgid(Call& call) { return self(call).group.real; }
Or<u32> sys_geteuid(Call& call) { return self(call).user.effective; }
Or<u32> sys_getegid(Call& call) { return self(call).group.effective; }
Or<u32> sys_getuid16(Call& call) { return narrow(self(call).user.real); }
Or<u32> sys_getgid16(Call& call) { return narrow(self(call).group.real); }
Or<u32> sys_geteuid16(Call& call) { return narrow(self(call).user.effective); }
Or<u32> sys_getegid16(Call& call) { return narrow(self(call).group.effective); }

Or<u32> sys_setuid(Call& call) { return set_one(call, self(call).user, call[0]); }
Or<u32> sys_setgid(Call& call) { return set_one(call, self(call).group, call[0]); }
Or<u32> sys_setuid16(Call& call) { return set_one(call, self(call).user, widen(call[0])); }
Or<u32> sys_setgid16(Call& call) { return set_one(call, self(call).group, widen(call[0])); }

Or<u32> sys_setreuid(Call& call) { return set_two(call, self(call).user, call[0], call[1]); }
Or<u32> sys_setregid(Call& call) { return set_two(call, self(call).group, call[0], call[1]); }
Or<u32> sys_setreuid16(Call& call) { return set_two(call, self(call).user, widen(call[0]), widen(call[1])); }
Or<u32> sys_setregid16(Call& call) { return set_two(call, self(call).group, widen(call[0]), widen(call[1])); }

Or<u32> sys_setresuid(Call& call) { return set_three(call, self(call).user, call[0], call[1], call[2]); }
Or<u32> sys_setresgid(Call& call) { return set_three(call, self(call).group, call[0], call[1], call[2]); }
Or<u32> sys_setresuid16(Call& call) {
  return set_three(call, self(call).user, widen(call[0]), widen(call[1]), widen(call[2]));
}
Or<u32> sys_setresgid16(Call& call) {
  return set_three(call, self(call).group, widen(call[0]), widen(call[1]), widen(call[2]));
}

Or<u32> sys_setfsuid(Call& call) { return set_file_system(call, self(call).user, call[0]); }
Or<u32> sys_setfsgid(Call& call) { return set_file_system(call, self(call).group, call[0]); }
Or<u32> sys_setfsuid16(Call& call) { return narrow(set_file_system(call, self(call).user, widen(call[0]))); }
Or<u32> sys_setfsgid16(Call& call) { return narrow(set_file_system(call, self(call).group, widen(call[0]))); }

Or<u32> sys_getresuid(Call& call) { return put_three<u32>(call, self(call).user); }
Or<u32> sys_getresgid(Call& call) { return put_three<u32>(call, self(call).group); }
Or<u32> sys_getresuid16(Call& call) { return put_three<u16>(call, self(call).user); }
Or<u32> sys_getresgid16(Call& call) { return put_three<u16>(call, self(call).group); }

Or<u32> sys_getgroups(Call& call) { return get_groups<u32>(call); }
Or<u32> sys_setgroups(Call& call) { return set_groups<u32>(call); }
Or<u32> sys_getgroups16(Call& call) { return get_groups<u16>(call); }
Or<u32> sys_setgroups16(Call& call) { return set_groups<u16>(call); }

}  // namespace ido
