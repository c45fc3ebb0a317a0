// Many requests at once, of which the server answers some well, some badly and some not at all:
// each gets its own answer, whole, or an error, and none gets another's.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <reqivo/async.hpp>
#include <reqivo/capabilities.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t requests = 160;
constexpr std::size_t at_once = 24;

/// Numbers without a pattern, the same in every run and on every platform.
class Numbers {
 public:
  std::uint32_t below(std::uint32_t limit) noexcept {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8U) % limit;
  }

 private:
  std::uint32_t state_ = 7;
};

/// How many requests ended in each way.
struct Tally {
  Tally() = default;
  std::uint32_t answered = 0;
  std::uint32_t failed = 0;
  std::uint32_t timed_out = 0;
  std::uint32_t given_up = 0;
};

Task<void> expect_own_answer(AsyncSession& session, std::uint32_t number, std::uint32_t way) {
  const std::size_t size = number % 10 == 0 ? 200'000 : number * 7919U % 20'000;
  const std::string url = "/bytes/" + std::to_string(size) + "?seed=" + std::to_string(number);
  std::string body;
  if (way == 0) {
    const Response response = co_await session.get(url);
    body = response.body();
  } else {
    StreamResponse stream = co_await session.get(url).stream();
    auto pieces = way == 1 ? stream.chunks() : stream.iter_content(1000);
    for (const std::string& piece : co_await all_of(std::move(pieces))) body += piece;
  }
  CAPTURE(number, way, size, body.size());
  const bool own = body == seeded_bytes(size, number);
  CHECK(own);
}

/// Long before its time is up.
Task<void> expect_failure(AsyncSession& session, std::uint32_t which) {
  constexpr std::array<std::string_view, 5> broken_off = {
      "/reset", "/reset?how=fin", "/reset-after-head", "/reset-after/500",
      "/reset-after/500?framing=chunked&how=fin"};
  constexpr std::array<std::string_view, 5> malformed = {
      "/garbage", "/bad-chunk", "/truncated-chunked", "/truncated-length", "/conflicting-lengths"};
  const std::string url = which < broken_off.size()
                              ? std::string(broken_off[which])
                              : test_server().raw(malformed[which - broken_off.size()]);
  std::string told = "no failure";
  try {
    static_cast<void>(co_await session.get(url));
  } catch (const NetworkError&) {
    co_return;
  } catch (const InvalidResponseError&) {
    co_return;
  } catch (const Error& failure) {
    told = failure.what();
  }
  CAPTURE(url);
  FAIL_CHECK(told);
}

Task<void> expect_timeout(AsyncSession& session, std::uint32_t which) {
  auto request = session.get(which == 0 ? "/stall" : "/stall-body?bytes=10").timeout(300ms);
  static_cast<void>(co_await failure_of<TotalTimeout>(std::move(request)));
}

/// The connection cannot be used again after this, or is busy with what nobody wants.
Task<void> give_up(AsyncSession& session, std::uint32_t way) {
  if (way == 0) {
    auto slow = wait_for(session.get("/delay/5"), 30ms);
    static_cast<void>(co_await failure_of<WaitTimeoutError>(std::move(slow)));
  } else if (way == 1) {
    StreamResponse stream = co_await session.get("/big/50000000").stream();
    static_cast<void>(co_await stream.read());
  } else {
    // What follows the answer belongs to nobody. (It comes in the same packet: nobody could tell it
    // from the answer to the next request if it came later.)
    const std::string surplus = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    RawScript script;
    script.answer("HTTP/1.1 200 OK", "Content-Length: 5\r\n", "hello" + surplus);
    const Response response = co_await session.get(script.url());
    CHECK(response.body() == "hello");
  }
}

Task<void> one_of_many(AsyncSession& session, Semaphore& room, Tally& tally, Numbers& numbers,
                       std::uint32_t number) {
  auto permit = co_await room.acquire();
  const std::uint32_t kind = numbers.below(8);
  if (kind < 4) {
    co_await expect_own_answer(session, number, numbers.below(3));
    ++tally.answered;
  } else if (kind < 6) {
    co_await expect_failure(session, numbers.below(10));
    ++tally.failed;
  } else if (kind < 7) {
    co_await expect_timeout(session, numbers.below(2));
    ++tally.timed_out;
  } else {
    co_await give_up(session, numbers.below(3));
    ++tally.given_up;
  }
}

Task<void> mixed_load(std::string origin) {
  AsyncSession session(origin);
  session.default_timeout(20s);
  if (capabilities().tls_options) session.tls(TlsOptions().ca_file(test_server().ca_file()));
  Semaphore room(at_once);
  Tally tally;
  Numbers numbers;
  std::vector<Task<void>> all;
  for (std::uint32_t number = 0; number < requests; ++number) {
    all.push_back(one_of_many(session, room, tally, numbers, number));
  }
  co_await gather(std::move(all));
  CHECK(tally.answered + tally.failed + tally.timed_out + tally.given_up == requests);
  CHECK(tally.answered > requests / 4);
  CHECK(tally.failed > 0);
  CHECK(tally.timed_out > 0);
  CHECK(tally.given_up > 0);
  co_await expect_own_answer(session, requests, 0);
  co_await session.close();
}

}  // namespace

TEST_CASE("among bad answers each request gets its own answer or an error", "[mixed load]") {
  run_test([]() -> Task<void> { co_await mixed_load(test_server().http()); });
}

TEST_CASE("over TLS, too, each request gets its own answer or an error", "[mixed load]") {
  require(capabilities().tls_options, "tls_options");
  run_test([]() -> Task<void> { co_await mixed_load(test_server().https()); });
}
