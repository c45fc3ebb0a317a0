#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <reqivo/session.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// Measures from when it is made.
class Stopwatch {
 public:
  [[nodiscard]] std::chrono::nanoseconds passed() const {
    return std::chrono::steady_clock::now() - start_;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TEST_CASE("connect bounds how long connecting takes", "[timeouts]") {
  require(capabilities().connect_timeout, "connect_timeout");
  run_test([]() -> Task<void> {
    AsyncSession session;
    const Stopwatch watch;
    const auto failure = co_await failure_of<ConnectTimeout>(
        session.get(test_server().silent_https("/")).timeout(Timeout().connect(100ms)));
    check_failure(failure, ErrorCode::connect_timeout, Phase::tls, true);
    CHECK(watch.passed() >= 100ms);
    CHECK(watch.passed() < 10s);
  });
}

TEST_CASE("read bounds the wait for the head", "[timeouts]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const Stopwatch watch;
    const auto failure = co_await failure_of<ReadTimeout>(
        session.get(tagged("/stall", tag)).timeout(Timeout().connect(10s).read(100ms)));
    check_failure(failure, ErrorCode::read_timeout, Phase::head, false);
    CHECK(failure.method() == "GET");
    CHECK(watch.passed() >= 100ms);
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("read bounds each wait within the body", "[timeouts]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto buffered = co_await failure_of<ReadTimeout>(
        session.get(tagged("/stall-body", tag)).timeout(Timeout().read(100ms)));
    check_failure(buffered, ErrorCode::read_timeout, Phase::body, false);
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    StreamResponse stream =
        co_await session.get("/stall-body").timeout(Timeout().read(100ms)).stream();
    const auto streamed = co_await failure_of<ReadTimeout>(all_of(stream.chunks()));
    check_failure(streamed, ErrorCode::read_timeout, Phase::body, false);
  });
}

TEST_CASE("read counts from the last byte, so a long answer is not cut", "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Stopwatch watch;
    const auto limits = Timeout().read(1s);
    auto [body, head] =
        co_await gather(session.get("/drip?numbytes=16&duration=1.6").timeout(limits),
                        session.get("/slow-head?interval=5").timeout(limits));
    CHECK(body.body() == std::string(16, '*'));
    CHECK(head.body() == "slow");
    CHECK(watch.passed() > 1s);
  });
}

TEST_CASE("the time in which nobody reads a stream does not count", "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream =
        co_await session.get("/bytes/3000000?seed=1").timeout(Timeout().read(200ms)).stream();
    static_cast<void>(co_await stream.read());
    co_await sleep(500ms);
    const std::uint64_t rest = co_await length_of_rest(std::move(stream));
    CHECK(rest > 0);
  });
}

TEST_CASE("a server that reads nothing runs into read as well", "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string large(32 * 1024 * 1024, 'x');
    const auto failure = co_await failure_of<ReadTimeout>(
        session.post("/upload?stall").body(large).timeout(Timeout().read(200ms)));
    CHECK(failure.code() == ErrorCode::read_timeout);
    CHECK(failure.method() == "POST");
  });
}

TEST_CASE("total bounds the whole exchange", "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Stopwatch watch;
    const auto head = co_await failure_of<TotalTimeout>(session.get("/stall").timeout(500ms));
    check_failure(head, ErrorCode::total_timeout, Phase::head, false);
    CHECK(watch.passed() >= 500ms);
    // A busy browser has taken 200 ms until it told of the head.
    const auto body = co_await failure_of<TotalTimeout>(
        session.get("/drip?numbytes=1000&duration=20").timeout(Timeout().total(2s).read(5s)));
    check_failure(body, ErrorCode::total_timeout, Phase::body, false);
    const auto redirected =
        co_await failure_of<TotalTimeout>(session.get("/redirect-to?url=/delay/20").timeout(500ms));
    check_failure(redirected, ErrorCode::total_timeout, Phase::head, false);
    CHECK(watch.passed() < 15s);
  });
}

TEST_CASE("total goes on while a stream is read", "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/drip?numbytes=1000&duration=20")
                                .timeout(Timeout().total(2s))
                                .stream();
    const auto failure = co_await failure_of<TotalTimeout>(all_of(stream.chunks()));
    check_failure(failure, ErrorCode::total_timeout, Phase::body, false);
  });
}

TEST_CASE("a total of zero fails before anything is sent", "[timeouts]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto failure =
        co_await failure_of<TotalTimeout>(session.get(tagged("/delay/5", tag)).timeout(0s));
    CHECK(failure.code() == ErrorCode::total_timeout);
  });
}

TEST_CASE("default_timeout is the session's, and a request's own limit comes before it",
          "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.default_timeout(150ms);
    const auto total = co_await failure_of<TotalTimeout>(session.get("/stall"));
    CHECK(total.code() == ErrorCode::total_timeout);
    const Response longer = co_await session.get("/delay/0.3").timeout(20s);
    CHECK(longer.ok());
    session.default_timeout(Timeout().read(100ms));
    const auto read = co_await failure_of<ReadTimeout>(session.get("/stall"));
    CHECK(read.code() == ErrorCode::read_timeout);
    const Response unlimited =
        co_await session.get("/delay/0.3").timeout(Timeout().read(std::nullopt));
    CHECK(unlimited.ok());
  });
}

TEST_CASE("without any setting five seconds without a byte are too long, and a total widens that",
          "[timeouts]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    // Where connecting is not seen, its five seconds are part of the wait.
    const std::string path = capabilities().connect_timeout ? "/delay/5.7" : "/delay/10.7";
    const Stopwatch watch;
    auto [by_default, widened, unlimited] =
        co_await gather(return_exceptions, session.get(path), session.get(path).timeout(30s),
                        session.get(path).timeout(Timeout().read(std::nullopt)));
    CHECK(watch.passed() >= 5s);
    REQUIRE_FALSE(by_default.has_value());
    check_failure(by_default.error(), ErrorCode::read_timeout, Phase::head, false);
    CHECK(widened.has_value());
    CHECK(unlimited.has_value());
  });
}

TEST_CASE("pool bounds the wait for a free connection", "[timeouts]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(Limits().connections_per_host(1));
    auto holding = create_task(session.get(tagged("/stall", tag)));
    static_cast<void>(co_await wait_started(tag));
    const auto failure =
        co_await failure_of<PoolTimeout>(session.get("/get").timeout(Timeout().pool(100ms)));
    check_failure(failure, ErrorCode::pool_timeout, Phase::pool, true);
    const auto total = co_await failure_of<TotalTimeout>(session.get("/get").timeout(100ms));
    check_failure(total, ErrorCode::total_timeout, Phase::pool, true);
    auto waiting = create_task(session.get("/get"));
    co_await sleep(20ms);
    CHECK_FALSE(waiting.done());
    holding.cancel();
    const Response after = co_await waiting;
    CHECK(after.ok());
  });
}
