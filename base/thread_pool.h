#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cupel {

// A fixed number of threads and a bounded queue. Submit blocks while the queue is full, so producers cannot outrun the workers.
class ThreadPool {
 public:
  ThreadPool(int num_threads, int queue_capacity);
  ~ThreadPool();  // runs what is queued, then joins
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void Submit(std::function<void()> work);  // `work` must not throw
  void Wait();                              // until nothing is queued or running; then all work is done and destroyed

 private:
  void Run();
  std::mutex mutex_;
  std::condition_variable not_empty_, not_full_, idle_;
  std::deque<std::function<void()>> queue_;
  size_t capacity_;
  int running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cupel
