// A dynamically linked C++ program: threads, exceptions in each, thread-local objects, a destructor at exit.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex mutex;
int counted = 0;
std::atomic<int> caught = 0;
thread_local std::string own;

struct Last {
  ~Last() { std::puts("at exit"); }
} last;

void count(int number) {
  own = std::to_string(number);
  for (int i = 0; i < 10000; ++i) {
    std::lock_guard<std::mutex> guard(mutex);
    ++counted;
  }
  try {
    throw std::runtime_error(own);
  } catch (const std::exception& e) {
    if (e.what() == std::to_string(number)) ++caught;
  }
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(count, i);
  for (std::thread& t : threads) t.join();
  std::printf("%d threads of C++ counted to %d, caught %d exceptions\n", 4, counted, caught.load());
}
