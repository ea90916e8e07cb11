// RangeSet: a set of numbers (sectors, blocks) kept as ranges, so that a whole disk costs no more than one sector.
#pragma once

#include <algorithm>
#include <map>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class RangeSet {
 public:
  bool contains(u64 number) const { return run(number, 1).in; }

  // The run of numbers from `first` on, at most `most`, that are all in the set, or all not.
  struct Run {
    bool in;
    u64 count;
  };
  Run run(u64 first, u64 most) const {
    auto next = ranges_.upper_bound(first);
    if (next != ranges_.begin()) {
      const auto before = std::prev(next);
      if (before->second > first) return {true, std::min(most, before->second - first)};
    }
    return {false, next == ranges_.end() ? most : std::min(most, next->first - first)};
  }

  void add(u64 first, u64 count) {
    if (count == 0) return;
    u64 end = first + count;
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin() && std::prev(at)->second >= first) {
      --at;
      first = at->first;
    }
    // What overlaps or touches becomes one range.
    while (at != ranges_.end() && at->first <= end) {
      end = std::max(end, at->second);
      at = ranges_.erase(at);
    }
    ranges_[first] = end;
  }

  void remove(u64 first, u64 count) {
    if (count == 0) return;
    const u64 end = first + count;
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin() && std::prev(at)->second > first) --at;
    while (at != ranges_.end() && at->first < end) {
      const u64 from = at->first, to = at->second;
      at = ranges_.erase(at);
      if (from < first) ranges_[from] = first;
      if (to > end) ranges_[end] = to;
    }
  }

  template <class Visit>  // visit(first, count), ascending
  void for_each(Visit&& visit) const {
    for (const auto& [first, end] : ranges_) visit(first, end - first);
  }

 private:
  std::map<u64, u64> ranges_;  // first -> one past the last; they neither overlap nor touch
};

}  // namespace paemu
