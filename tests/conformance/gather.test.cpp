#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <vector>

#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

TEST_CASE("gather sends several requests at once and keeps their order", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    auto [slow, quick, failed] =
        co_await gather(session.get("/delay/0.1"), session.get("/anything").param("n", 2),
                        session.get("/status/404"));
    CHECK(slow.ok());
    CHECK(Echo(quick).arg("n") == "2");
    CHECK(failed.status_code() == 404);
  });
}

TEST_CASE("requests of one gather are under way at the same time", "[gather]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto watching = [](std::string watched) -> Task<int> {
      const TagRecord record = co_await wait_started(watched, 3);
      co_return record.started - record.finished;
    };
    auto [a, b, c, together] = co_await gather(
        session.get(tagged("/delay/0.4", tag)), session.get(tagged("/delay/0.4", tag)),
        session.get(tagged("/delay/0.4", tag)), watching(tag));
    CHECK(together >= 2);
    CHECK(a.ok());
    CHECK(b.ok());
    CHECK(c.ok());
  });
}

TEST_CASE("gather of a vector gives the responses in the order given", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::vector<Task<Response>> requests;
    for (int i = 0; i < 20; ++i) {
      const std::string delay = std::to_string((20 - i) % 5);
      requests.push_back(session.get("/delay/0.0" + delay).param("n", i));
    }
    const std::vector<Response> responses = co_await gather(std::move(requests));
    REQUIRE(responses.size() == 20);
    for (std::size_t i = 0; i < responses.size(); ++i) {
      CHECK(Echo(responses[i]).arg("n") == std::to_string(i));
    }
  });
}

TEST_CASE("gather of a vector of builders, and of nothing", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::vector<RequestBuilder> builders;
    builders.push_back(session.get("/get"));
    builders.push_back(session.get("/uuid"));
    const std::vector<Response> responses = co_await gather(std::move(builders));
    CHECK(responses.size() == 2);
    std::vector<Task<Response>> none;
    const std::vector<Response> empty = co_await gather(std::move(none));
    CHECK(empty.empty());
  });
}

TEST_CASE("the first failure cancels the other requests and is thrown", "[gather]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto fails = [](std::string after) -> Task<Response> {
      static_cast<void>(co_await wait_started(after, 2));
      AsyncSession other;
      const Response response = co_await other.get("not a url");
      co_return response;
    };
    std::vector<Task<Response>> requests;
    requests.push_back(session.get(tagged("/stall", tag)));
    requests.push_back(fails(tag));
    requests.push_back(session.get(tagged("/stall-body", tag)));
    const auto failure = co_await failure_of<InvalidUrlError>(gather(std::move(requests)));
    CHECK(failure.code() == ErrorCode::invalid_url);
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    CHECK(record.aborted == 2);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("gather of a tuple cancels the rest too", "[gather]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const auto failure = co_await failure_of<ReadTimeout>(
        gather(session.get(tagged("/stall", tag)),
               session.get("/stall").timeout(Timeout().read(200ms)), sleep(20s)));
    CHECK(failure.code() == ErrorCode::read_timeout);
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
  });
}

TEST_CASE("gather with return_exceptions gives every outcome in the order given", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    auto [good, missing, late, unsendable] =
        co_await gather(return_exceptions, session.get("/delay/0.05"), session.get("/status/404"),
                        session.get("/stall").timeout(100ms), session.get("http://exa mple/"));
    REQUIRE(good.has_value());
    CHECK(good.value().ok());
    REQUIRE(missing.has_value());
    CHECK(missing.value().status_code() == 404);
    CHECK_FALSE(late.has_value());
    check_failure(late.error(), ErrorCode::total_timeout, Phase::head, false);
    CHECK_THROWS_AS(late.value(), TotalTimeout);
    CHECK_FALSE(unsendable.has_value());
    CHECK_THROWS_AS(unsendable.value(), InvalidUrlError);
  });
}

TEST_CASE("gather of a vector with return_exceptions never fails", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::vector<Task<Response>> requests;
    requests.push_back(session.get(test_server().closed("/")));
    requests.push_back(session.get("/delay/0.05"));
    requests.push_back(session.get("relative:"));
    const auto results = co_await gather(std::move(requests), return_exceptions);
    REQUIRE(results.size() == 3);
    CHECK_FALSE(results[0].has_value());
    CHECK(results[1].has_value());
    CHECK_FALSE(results[2].has_value());
    CHECK_THROWS_AS(results[0].value(), NetworkError);
    CHECK(results[2].error().code() == ErrorCode::invalid_url);
  });
}

TEST_CASE("a hundred requests at once all get their own answer", "[gather]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::vector<Task<Response>> requests;
    for (int i = 0; i < 100; ++i) requests.push_back(session.get("/anything").param("n", i));
    const std::vector<Response> responses = co_await gather(std::move(requests));
    for (std::size_t i = 0; i < responses.size(); ++i) {
      CHECK(Echo(responses[i]).arg("n") == std::to_string(i));
    }
  });
}
