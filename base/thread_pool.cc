#include "base/thread_pool.h"

#include <utility>

#include "base/check.h"

namespace cupel {

ThreadPool::ThreadPool(int num_threads, int queue_capacity) : capacity_(static_cast<size_t>(queue_capacity)) {
  Check(num_threads >= 1 && queue_capacity >= 1, "a thread pool needs a thread and room for one piece of work");
  threads_.reserve(static_cast<size_t>(num_threads));
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  not_empty_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void ThreadPool::Submit(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  not_full_.wait(lock, [this] { return queue_.size() < capacity_; });
  queue_.push_back(std::move(work));
  not_empty_.notify_one();
}

void ThreadPool::Wait() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
}

void ThreadPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    not_empty_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) {
      return;
    }
    {
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      not_full_.notify_one();
      lock.unlock();
      work();
    }  // what the work captured is destroyed here, before Wait returns
    lock.lock();
    --running_;
    if (queue_.empty() && running_ == 0) {
      idle_.notify_all();
    }
  }
}

}  // namespace cupel
