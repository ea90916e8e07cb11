// What the folders below ask of the running process: on whose behalf it acts, where its root is.
#include "proc/task.hpp"

namespace ido {

const Credentials& current_credentials() {
  static constinit Credentials superuser;
  return current() == nullptr ? superuser : current_process().credentials;
}

namespace fs {

Ref<Dentry> current_root() {
  if (current() != nullptr && current_process().root) return current_process().root;
  return root();
}

}  // namespace fs
}  // namespace ido
