#include "lib/system_names.hpp"

namespace ido {

namespace {

struct Name {
  char text[kMostHostName + 1];
  Or<> set(StringView name) {
    if (name.size > kMostHostName) return fail(Errno::kInval);
    memset(text, 0, sizeof text);
    memcpy(text, name.data, name.size);
    return {};
  }
};
Name g_host{"ido"}, g_domain{"(none)"};

}  // namespace

const char* host_name() { return g_host.text; }
Or<> set_host_name(StringView name) { return g_host.set(name); }
const char* domain_name() { return g_domain.text; }
Or<> set_domain_name(StringView name) { return g_domain.set(name); }

}  // namespace ido
