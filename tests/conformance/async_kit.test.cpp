// The kit over real requests; what it does by itself is in tests/unit.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

// The first of all tests: some toolchains break it, and then nothing else is worth a look (LLVM
// issue 208409).
TEST_CASE("a catch around a throwing co_await catches, in a loop", "[kit]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    int caught = 0;
    for (int round = 0; round < 20; ++round) {
      try {
        static_cast<void>(co_await session.get(test_server().closed("/")));
      } catch (const RequestError&) {
        ++caught;
      }
    }
    CHECK(caught == 20);
  });
}

TEST_CASE("create_task starts a request at once and gives its response later", "[kit]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    auto handle = create_task(session.get(tagged("/delay/0.05", tag)));
    CHECK_FALSE(handle.done());
    const TagRecord started = co_await wait_started(tag);
    CHECK(started.started == 1);
    const Response response = co_await handle;
    CHECK(response.ok());
    CHECK(handle.done());
  });
}

TEST_CASE("a task goes on while its creator does something else", "[kit]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    auto background = create_task(session.get("/delay/0.05"));
    for (int i = 0; i < 3; ++i) {
      const Response response = co_await session.get("/get");
      CHECK(response.ok());
    }
    while (!background.done()) co_await sleep(5ms);
    const Response response = co_await background;
    CHECK(response.ok());
  });
}

TEST_CASE("a handle gives its task's failure, and only once", "[kit]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    auto handle = create_task(session.get("no scheme"));
    bool failed = false;
    try {
      static_cast<void>(co_await handle);
    } catch (const InvalidUrlError&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(handle.done());
    bool refused = false;
    try {
      static_cast<void>(co_await handle);
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("cancel stops a request, and who awaits it is told", "[kit]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    auto handle = create_task(session.get(tagged("/stall", tag)));
    static_cast<void>(co_await wait_started(tag));
    handle.cancel();
    CHECK(handle.done());
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    std::optional<ErrorCode> code;
    try {
      static_cast<void>(co_await handle);
    } catch (const Error& cancelled) {
      code = cancelled.code();
    }
    CHECK(code == ErrorCode::cancelled);
  });
}

TEST_CASE("a handle that is dropped cancels, one that is detached does not", "[kit]") {
  run_test([]() -> Task<void> {
    const std::string dropped = unique_tag();
    const std::string detached = unique_tag();
    AsyncSession session(test_server().http());
    {
      auto cancelled = create_task(session.get(tagged("/stall", dropped)));
      auto goes_on = create_task(session.get(tagged("/delay/0.1", detached)));
      static_cast<void>(co_await wait_started(dropped));
      static_cast<void>(co_await wait_started(detached));
      goes_on.detach();
    }
    const TagRecord closed = co_await wait_closed(dropped);
    CHECK(closed.closed);
    CHECK(closed.aborted == 1);
    TagRecord finished = co_await tag_record(detached);
    for (int i = 0; i < 1000 && finished.finished == 0; ++i) {
      co_await sleep(5ms);
      finished = co_await tag_record(detached);
    }
    CHECK(finished.finished == 1);
    CHECK(finished.aborted == 0);
  });
}

TEST_CASE("a detached request that fails is reported", "[kit]") {
  run_test([]() -> Task<void> {
    static int reported = 0;
    reported = 0;
    set_unhandled_exception_handler([](std::exception_ptr failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const RequestError&) {
        ++reported;
      }
    });
    AsyncSession session;
    create_task(session.get(test_server().closed("/"))).detach();
    for (int i = 0; i < 1000 && reported == 0; ++i) co_await sleep(5ms);
    set_unhandled_exception_handler({});
    CHECK(reported == 1);
  });
}

TEST_CASE("a sleep below zero is over at once, however far below", "[kit]") {
  run_test([]() -> Task<void> {
    const auto start = std::chrono::steady_clock::now();
    co_await sleep(-1h);
    co_await sleep(-1'000'000h);  // longer than any machine has been up
    co_await sleep(std::chrono::hours::min());
    CHECK(std::chrono::steady_clock::now() - start < 1min);
  });
}

TEST_CASE("wait_for gives the response that comes in time", "[kit]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await wait_for(session.get("/delay/0.02"), 20s);
    CHECK(response.ok());
    const auto failure =
        co_await failure_of<InvalidUrlError>(wait_for(session.get("http://"), 20s));
    CHECK(failure.code() == ErrorCode::invalid_url);
  });
}

TEST_CASE("wait_for cancels the request when time is up", "[kit]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto failure =
        co_await failure_of<WaitTimeoutError>(wait_for(session.get(tagged("/stall", tag)), 1s));
    check_failure(failure, ErrorCode::wait_timeout, Phase::none);
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("wait_for takes a stream, a read, a handle, and another wait_for", "[kit]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await wait_for(session.get("/stall-body?bytes=3").stream(), 20s);
    static_cast<void>(co_await wait_for(stream.read(), 20s));
    const auto read = co_await failure_of<WaitTimeoutError>(wait_for(stream.read(), 50ms));
    CHECK(read.code() == ErrorCode::wait_timeout);
    const auto nested =
        co_await failure_of<WaitTimeoutError>(wait_for(wait_for(session.get("/stall"), 20s), 50ms));
    CHECK(nested.code() == ErrorCode::wait_timeout);
    const auto handle =
        co_await failure_of<WaitTimeoutError>(wait_for(create_task(session.get("/stall")), 50ms));
    CHECK(handle.code() == ErrorCode::wait_timeout);
  });
}
