// What keeps the native loop waiting, and what does not.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <reqivo/asio.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <thread>

#include "support/test_server.hpp"

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;

/// Far less than a connection lies idle, and far more than a request takes.
constexpr std::chrono::seconds at_once(15);

class Stopwatch {
 public:
  [[nodiscard]] bool still_at_once() const {
    return std::chrono::steady_clock::now() - start_ < at_once;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Task<void> get_and_wait_for_nothing(AsyncSession* session) {
  static_cast<void>(co_await session->get("/get"));
  Semaphore nobody_releases(0);
  static_cast<void>(co_await nobody_releases.acquire());
}

bool reported_at_once(bool lent) {
  if (lent) static_cast<void>(this_thread_io_context());
  AsyncSession session(test_server().http());
  for (int i = 0; i < 2; ++i) {
    const Stopwatch watch;
    try {
      run(get_and_wait_for_nothing(&session));
      return false;
    } catch (const std::logic_error&) {
      if (!watch.still_at_once()) return false;
    }
  }
  return true;
}

/// The number of answers, each of which was there when the program's `run` returned, at once.
int answered_at_once(const Timeout& limits) {
  AsyncSession session(test_server().http());
  int answered = 0;
  for (int i = 0; i < 3; ++i) {
    const Stopwatch watch;
    // All but the first go out on a kept connection, before the loop is driven again.
    JoinHandle<Response> request = create_task(session.get("/get").timeout(limits));
    this_thread_io_context().restart();
    this_thread_io_context().run();
    if (request.done() && watch.still_at_once()) ++answered;
  }
  return answered;
}

/// In a thread of its own, whose loop nobody has used before.
template <class Body>
void on_new_loop(Body body) {
  std::thread thread(body);
  thread.join();
}

}  // namespace

TEST_CASE("run reports a task that nothing can finish at once, idle connections or not", "[loop]") {
  const bool lent = GENERATE(false, true);
  CAPTURE(lent);
  bool reported = false;
  on_new_loop([&reported, lent] { reported = reported_at_once(lent); });
  CHECK(reported);
}

TEST_CASE("a program's io_context has nothing left to do once all requests are answered",
          "[loop][asio]") {
  int by_default = 0;
  on_new_loop([&by_default] { by_default = answered_at_once(Timeout()); });
  CHECK(by_default == 3);
  int without_limits = 0;
  on_new_loop([&without_limits] {
    const Timeout none =
        Timeout().pool(std::nullopt).connect(std::nullopt).read(std::nullopt).total(std::nullopt);
    without_limits = answered_at_once(none);
  });
  CHECK(without_limits == 3);
}

}  // namespace reqivo::test
