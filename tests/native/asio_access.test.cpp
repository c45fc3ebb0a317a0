#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <reqivo/asio.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/coroutines.hpp"
#include "support/test_server.hpp"

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;

Task<void> store_status(int* status) {
  AsyncSession session(test_server().http());
  const Response response = co_await session.get("/get");
  *status = response.status_code();
}

Task<void> sleep_and_note(bool* done) {
  co_await sleep(5ms);
  *done = true;
}

Task<void> return_at_once() { co_return; }

}  // namespace

TEST_CASE("a program that drives the io_context itself moves tasks and requests along", "[asio]") {
  int status = 0;
  bool slept = false;
  bool own_timer = false;
  const JoinHandle<void> request = create_task(store_status(&status));
  const JoinHandle<void> sleeper = create_task(sleep_and_note(&slept));
  asio::steady_timer timer(this_thread_io_context(), 1ms);
  timer.async_wait([&](const std::error_code&) { own_timer = true; });
  this_thread_io_context().restart();
  while (!request.done() || !sleeper.done()) this_thread_io_context().run_one();
  CHECK(status == 200);
  CHECK(slept);
  CHECK(own_timer);
}

TEST_CASE("every task that is started outside of the io_context's handlers moves along", "[asio]") {
  AsyncSession session(test_server().http());
  const std::optional<Duration> unlimited;
  session.default_timeout(Timeout().connect(unlimited).read(unlimited));  // no timer wakes anybody
  run([](AsyncSession& two_at_once) -> Task<void> {
    co_await gather(two_at_once.get("/delay/0.05"), two_at_once.get("/delay/0.05"));
  }(session));
  // Both have a connection, and so begin without the loop's doing. When the second waits for room
  // to send, the context waits for nothing but the answer of the first, which takes long.
  this_thread_io_context().restart();
  const JoinHandle<Response> late = create_task(session.get("/delay/5"));
  this_thread_io_context().run_for(20ms);
  const JoinHandle<Response> soon =
      create_task(session.post("/upload").body(std::string(32 << 20, 'x')));
  const auto start = std::chrono::steady_clock::now();
  while (!soon.done()) this_thread_io_context().run_one();
  CHECK(std::chrono::steady_clock::now() - start < 3s);
  CHECK_FALSE(late.done());
}

TEST_CASE("what run leaves ready goes on when the program drives the io_context", "[asio]") {
  bool slept = false;
  const JoinHandle<void> sleeper = create_task(sleep_and_note(&slept));
  run(return_at_once());
  while (!sleeper.done()) this_thread_io_context().run_one();
  CHECK(slept);

  run(sleep(1ms));
  const JoinHandle<void> later = create_task(sleep(1ms));
  CHECK_FALSE(this_thread_io_context().stopped());
  this_thread_io_context().run();
  CHECK(later.done());
}

TEST_CASE("what was put off before the program drives the io_context is done there", "[asio]") {
  constexpr int many = 2000;
  int destroyed = 0;
  int at_once = 0;
  // A thread of its own, whose io_context nobody has asked for yet.
  std::thread([&destroyed, &at_once] {
    const auto after = [](JoinHandle<void>, Witness) -> Task<void> { co_return; };
    JoinHandle<void> last;
    for (int number = 0; number < many; ++number) {
      last = create_task(after(std::move(last), Witness(&destroyed)));
    }
    last = JoinHandle<void>();  // each has the handle of the one before
    at_once = destroyed;
    this_thread_io_context().run();
    CHECK(destroyed == many);
  }).join();
  CHECK(at_once < many);
}

TEST_CASE("an exception of a handler of the program leaves run, and run works again", "[asio]") {
  asio::post(this_thread_io_context(), [] { throw std::runtime_error("the program's own"); });
  CHECK_THROWS_AS(run(sleep(1s)), std::runtime_error);
  CHECK_NOTHROW(run(sleep(1ms)));
}

}  // namespace reqivo::test
