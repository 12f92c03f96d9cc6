#include "policy/engine/lanes.h"

#include <exception>
#include <utility>

#include "base/check.h"

namespace cupel {

Lanes::Lanes(int num_lanes) {
  Check(num_lanes >= 1, "there is a lane for the caller");
  failures_.resize(static_cast<size_t>(num_lanes));
  for (int lane = 1; lane < num_lanes; ++lane) {
    threads_.emplace_back([this, lane] { Loop(lane); });
  }
}

Lanes::~Lanes() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Lanes::Run(int num_active, const std::function<void(int)>& work) {
  Check(num_active >= 1 && num_active <= size(), "there are as many lanes as the work asks for");
  if (num_active > 1) {
    {
      const std::lock_guard lock(mutex_);
      work_ = &work;
      num_active_ = num_active;
      num_running_ = num_active - 1;
      ++round_;
    }
    start_.notify_all();
  }
  try {
    work(0);
  } catch (...) {
    failures_[0] = std::current_exception();
  }
  if (num_active > 1) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return num_running_ == 0; });
  }
  const std::vector<std::exception_ptr> failures = std::exchange(failures_, std::vector<std::exception_ptr>(failures_.size()));
  for (const std::exception_ptr& failure : failures) {
    if (failure != nullptr) {
      std::rethrow_exception(failure);
    }
  }
}

void Lanes::Loop(int lane) {
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    start_.wait(lock, [&] { return is_stopping_ || round_ != seen; });
    if (is_stopping_) {
      return;
    }
    seen = round_;
    if (lane >= num_active_) {
      continue;
    }
    const std::function<void(int)>& work = *work_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      work(lane);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failures_[static_cast<size_t>(lane)] = failure;
    if (--num_running_ == 0) {
      done_.notify_one();
    }
  }
}

Share EvenShare(int64_t count, int lane, int num_lanes) { return {count * lane / num_lanes, count * (lane + 1) / num_lanes}; }

}  // namespace cupel
