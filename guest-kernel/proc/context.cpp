// What the folders below ask of processes: on whose behalf the running one acts, where its root is, groups and
// sessions.
#include "lib/process.hpp"
#include "proc/task.hpp"

namespace ido {

const Credentials& current_credentials() {
  static constinit Credentials superuser;
  return current() == nullptr ? superuser : current_process().credentials;
}

void signal_process(i32 pid, i32 signal) {
  if (Process* process = find_process(pid)) send_signal(*process, {.number = signal});
}

i32 session_of_group(i32 group) {
  for (const Process& p : all_processes())
    if (p.group == group) return p.session;
  return 0;
}

bool signal_is_ignored_or_blocked(i32 signal) {
  const Task& task = *current();
  return (task.blocked & signal_bit(signal)) || task.process->actions[signal - 1].handler == SignalAction::kIgnore;
}

bool current_group_is_orphaned() {
  const Process& self = current_process();
  for (const Process& p : all_processes()) {
    if (p.group != self.group || p.zombie || p.parent == nullptr) continue;
    if (p.parent->session == self.session && p.parent->group != self.group) return false;
  }
  return true;
}

namespace fs {

Ref<Dentry> current_root() {
  if (current() != nullptr && current_process().root) return current_process().root;
  return root();
}

}  // namespace fs
}  // namespace ido
