// Covers base/thread_pool.h. Alone: build/release/tests/base_test "[thread_pool]"

#include "base/thread_pool.h"

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

TEST_CASE("everything submitted has run when Wait returns", "[thread_pool]") {
  ThreadPool pool(4, 8);
  std::atomic<int> done = 0;
  for (int round = 1; round <= 20; ++round) {
    for (int i = 0; i < 50; ++i) {
      pool.Submit([&done] { ++done; });
    }
    pool.Wait();
    CHECK(done == round * 50);
  }
}

TEST_CASE("Wait returns at once when nothing was submitted", "[thread_pool]") {
  ThreadPool pool(2, 1);
  pool.Wait();
  SUCCEED();
}

TEST_CASE("the destructor runs what is queued", "[thread_pool]") {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(1, 100);
    for (int i = 0; i < 100; ++i) {
      pool.Submit([&done] { ++done; });
    }
  }
  CHECK(done == 100);
}

TEST_CASE("work is destroyed before Wait returns", "[thread_pool]") {
  ThreadPool pool(2, 4);
  const auto shared = std::make_shared<int>(1);
  for (int i = 0; i < 100; ++i) {
    pool.Submit([shared] {});
  }
  pool.Wait();
  CHECK(shared.use_count() == 1);
}

TEST_CASE("Submit waits while the queue is full", "[thread_pool]") {
  ThreadPool pool(1, 2);
  std::atomic<bool> may_go = false;
  std::atomic<bool> started = false;
  pool.Submit([&] {
    started = true;
    started.notify_one();
    may_go.wait(false);
  });
  started.wait(false);
  std::atomic<int> submitted = 0;
  std::thread producer([&] {
    for (int i = 0; i < 3; ++i) {
      pool.Submit([] {});
      ++submitted;
      submitted.notify_one();
    }
  });
  for (int seen = 0; seen < 2; seen = submitted) {
    submitted.wait(seen);
  }
  // The worker is busy and two pieces are queued: the third cannot have been accepted, however long the producer has had.
  CHECK(submitted == 2);
  may_go = true;
  may_go.notify_all();
  producer.join();
  pool.Wait();
  CHECK(submitted == 3);
}

TEST_CASE("several producers may submit at once", "[thread_pool]") {
  ThreadPool pool(3, 2);
  std::atomic<int> done = 0;
  std::vector<std::thread> producers;
  for (int p = 0; p < 4; ++p) {
    producers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        pool.Submit([&done] { ++done; });
      }
    });
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  pool.Wait();
  CHECK(done == 800);
}

}  // namespace
}  // namespace cupel
