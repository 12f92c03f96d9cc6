#pragma once

#include <atomic>
#include <cstdint>

namespace cupel {

// Threads that do one piece of work together and meet after each part of it. Whoever waits spins for a moment, since the parts of a forward
// pass are short and even, and then sleeps, so that a busy neighbour gets the core that a late member needs.
class Team {
 public:
  explicit Team(int size) : size_(size) {}
  int size() const { return size_; }

  // Returns when all members have called it as often. What a member wrote before is seen by all after.
  void Meet() {
    const uint32_t round = round_.load(std::memory_order_acquire);
    if (num_here_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      num_here_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      round_.notify_all();
      return;
    }
    for (int spin = 0; spin < kSpins; ++spin) {
      if (round_.load(std::memory_order_acquire) != round) {
        return;
      }
      __builtin_ia32_pause();
    }
    round_.wait(round, std::memory_order_acquire);
  }

 private:
  static constexpr int kSpins = 2000;  // some 30 microseconds
  const int size_;
  std::atomic<int> num_here_ = 0;
  std::atomic<uint32_t> round_ = 0;
};

// One member's place in a team; by default someone who works alone.
struct TeamMember {
  Team* team = nullptr;  // borrowed
  int idx = 0;

  int team_size() const { return team == nullptr ? 1 : team->size(); }
  void Meet() const {
    if (team != nullptr) {
      team->Meet();
    }
  }
};

}  // namespace cupel
