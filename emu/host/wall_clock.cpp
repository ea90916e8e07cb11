#include "host/wall_clock.hpp"

#include <ctime>

namespace paemu::host {

i64 wall_clock_us() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return i64{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

std::optional<i64> parse_utc(const std::string& text) {
  tm date{};
  const char* end = strptime(text.c_str(), "%Y-%m-%d", &date);
  if (end != nullptr && *end == 'T') end = strptime(end, "T%H:%M:%S", &date);
  if (end == nullptr || *end != '\0') return {};
  // timegm() takes 30 February for 2 March.
  const tm given = date;
  const time_t seconds = timegm(&date);
  if (date.tm_mday != given.tm_mday || date.tm_mon != given.tm_mon || date.tm_sec != given.tm_sec) return {};
  return seconds;
}

}  // namespace paemu::host
