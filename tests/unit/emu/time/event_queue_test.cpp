#include "time/event_queue.hpp"

#include <catch2/catch.hpp>
#include <functional>

using namespace paemu;

namespace {

struct Recorder : EventSink {
  std::vector<u32> seen;
  std::function<void(u32, Ticks)> then;
  void on_event(u32 event, Ticks now) override {
    seen.push_back(event);
    if (then) then(event, now);
  }
};

// The least that a snapshot does: all integers in order.
struct Saver {
  std::vector<u64>& words;
  void operator()(const char*, u64& v) { words.push_back(v); }
  void operator()(const char*, Ticks& v) { words.push_back(v.value); }
  template <class S>
  void operator()(const char*, S& s) {
    s.visit_fields(*this);
  }
};
struct Loader {
  const std::vector<u64>& words;
  usize& at;
  void operator()(const char*, u64& v) { v = words[at++]; }
  void operator()(const char*, Ticks& v) { v.value = words[at++]; }
  template <class S>
  void operator()(const char*, S& s) {
    s.visit_fields(*this);
  }
};

}  // namespace

TEST_CASE("events run by deadline, and by the order of arming when deadlines are equal") {
  EventQueue queue;
  Recorder r;
  const auto a = queue.add("a", r, 1), b = queue.add("b", r, 2), c = queue.add("c", r, 3);
  queue.arm(c, Ticks{20});
  queue.arm(b, Ticks{10});
  queue.arm(a, Ticks{10});
  CHECK(queue.next_deadline() == Ticks{10});
  queue.run_due(Ticks{15});
  CHECK(r.seen == std::vector<u32>{2, 1});
  CHECK(queue.next_deadline() == Ticks{20});
  queue.run_due(Ticks{20});
  CHECK(r.seen == std::vector<u32>{2, 1, 3});
  CHECK(queue.next_deadline() == kNever);
}

TEST_CASE("re-arming replaces the deadline, and disarming leaves no trace") {
  EventQueue queue;
  Recorder r;
  const auto a = queue.add("a", r), b = queue.add("b", r, 1);
  queue.arm(a, Ticks{10});
  queue.arm(b, Ticks{30});
  queue.arm(a, Ticks{50});
  CHECK(queue.next_deadline() == Ticks{30});
  queue.disarm(b);
  CHECK_FALSE(queue.armed(b));
  CHECK(queue.next_deadline() == Ticks{50});
  queue.disarm(a);
  queue.run_due(Ticks{100});
  CHECK(r.seen.empty());
}

TEST_CASE("an event that re-arms itself for the same tick runs at the next tick") {
  EventQueue queue;
  Recorder r;
  const auto a = queue.add("a", r);
  r.then = [&](u32, Ticks now) { queue.arm(a, now); };
  queue.arm(a, Ticks{5});
  queue.run_due(Ticks{5});
  CHECK(r.seen.size() == 1);
  CHECK(queue.next_deadline() == Ticks{6});
}

TEST_CASE("an event may arm another that is due at once") {
  EventQueue queue;
  Recorder r;
  const auto a = queue.add("a", r, 0), b = queue.add("b", r, 1);
  r.then = [&](u32 event, Ticks now) {
    if (event == 0) queue.arm(b, now - 3);
  };
  queue.arm(a, Ticks{5});
  queue.run_due(Ticks{5});
  queue.run_due(Ticks{6});
  CHECK(r.seen == std::vector<u32>{0, 1});
}

TEST_CASE("the state of the queue carries over to a queue of the same events") {
  EventQueue from, to;
  Recorder r;
  for (EventQueue* q : {&from, &to}) {
    q->add("a", r, 0);
    q->add("b", r, 1);
  }
  EventQueue::Handle a = from.add("c", r, 2);
  to.add("c", r, 2);
  from.arm(a, Ticks{7});

  std::vector<u64> words;
  from.visit_fields(Saver{words});
  usize at = 0;
  to.visit_fields(Loader{words, at});
  CHECK(to.next_deadline() == Ticks{7});
  to.run_due(Ticks{7});
  CHECK(r.seen == std::vector<u32>{2});
}
