#include "host/entropy.hpp"

#include <sys/random.h>

#include <cassert>

namespace paemu::host {

std::array<u8, 32> random_key() {
  std::array<u8, 32> key;
  // getrandom(2): so few bytes come whole, or not at all before the kernel has any.
  const ssize_t got = getrandom(key.data(), key.size(), 0);
  assert(got == static_cast<ssize_t>(key.size()));
  (void)got;
  return key;
}

}  // namespace paemu::host
