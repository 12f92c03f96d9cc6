#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cupel {

// A fixed team of threads that start a piece of work together and meet at its end; inside, they do not wait for each other. Idle threads
// sleep, so that verifiers and other processes get the cores. The caller is lane 0.
class Lanes {
 public:
  explicit Lanes(int num_lanes);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(lane) for lanes [0, num_active) at once, lane 0 on the calling thread, and returns when all are done. An exception of a lane
  // is thrown again here (the first one, by lane). One caller at a time.
  void Run(int num_active, const std::function<void(int)>& work);

 private:
  void Loop(int lane);

  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int)>* work_ = nullptr;  // borrowed for the duration of Run
  uint64_t round_ = 0;                              // counts calls of Run that woke the threads
  int num_active_ = 0;
  int num_running_ = 0;
  bool is_stopping_ = false;
  std::vector<std::exception_ptr> failures_;  // [lanes]
  std::vector<std::thread> threads_;          // of lanes 1 and up
};

// The part of `count` items that lane `lane` of `num_lanes` takes when all take even, contiguous shares.
struct Share {
  int64_t begin;
  int64_t end;
};
Share EvenShare(int64_t count, int lane, int num_lanes);

}  // namespace cupel
