#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/client.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

TEST_CASE("a request hook sees the whole request before it is sent", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.bearer_token("token");
    std::string seen;
    session.on_request([&seen](Request& request) {
      seen = request.method() + " " + request.url() + " " +
             std::string(request.headers().get("X-Own").value_or("")) + " " +
             std::string(request.headers().get("Authorization").value_or(""));
    });
    RequestBuilder request = session.put("/anything?a=1#part").param("b", 2).header("X-Own", "yes");
    CHECK(seen.empty());
    const Response response = co_await request;
    CHECK(response.ok());
    CHECK(seen == "PUT " + test_server().http("/anything?a=1&b=2") + " yes Bearer token");
  });
}

TEST_CASE("a request hook changes what is sent", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.on_request([](Request& request) {
      request.headers().set("X-Hook", "was here");
      request.headers().remove("X-Unwanted");
    });
    const Echo echo = co_await echo_of(session.get("/anything").header("X-Unwanted", "1"));
    CHECK(echo.header("X-Hook") == "was here");
    CHECK(echo.header("X-Unwanted") == not_sent);
  });
}

TEST_CASE("hooks run in the order they were added, once for each request", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::string order;
    session.on_request([&order](Request&) { order += "a"; })
        .on_request([&order](Request&) { order += "b"; })
        .on_response([&order](Response&) { order += "c"; })
        .on_response([&order](Response&) { order += "d"; });
    static_cast<void>(co_await session.get("/get"));
    CHECK(order == "abcd");
    static_cast<void>(co_await session.get("/redirect/3"));
    CHECK(order == "abcdabcd");
  });
}

TEST_CASE("a response hook sees the response with its body, and may change it", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::string seen;
    session.on_response([&seen](Response& response) {
      seen = std::to_string(response.status_code()) + " " + response.url() + " " +
             std::to_string(response.body().size());
    });
    const Response response = co_await session.get("/redirect-to?url=/bytes/123");
    CHECK(response.body().size() == 123);
    CHECK(seen == "200 " + test_server().http("/bytes/123") + " 123");
  });
}

TEST_CASE("a response hook sees a stream's head with an empty body", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    int calls = 0;
    std::size_t size = 1;
    session.on_response([&](Response& response) {
      ++calls;
      size = response.body().size();
    });
    StreamResponse stream = co_await session.get("/bytes/1000?seed=1").stream();
    CHECK(calls == 1);
    CHECK(size == 0);
    const std::string body = co_await rest_of(std::move(stream));
    CHECK(body == seeded_bytes(1000, 1));
    CHECK(calls == 1);
  });
}

TEST_CASE("what a request hook throws is thrown to who sends, and nothing is sent", "[hooks]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.on_request([](Request&) { throw std::domain_error("not today"); });
    const auto failure = co_await failure_of<std::domain_error>(session.get(tagged("/get", tag)));
    CHECK(std::string(failure.what()) == "not today");
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("what a response hook throws is thrown to who sends", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.on_response([](Response& response) { response.raise_for_status(); });
    const auto failure = co_await failure_of<HttpStatusError>(session.get("/status/500"));
    CHECK(failure.status_code() == 500);
    const Response good = co_await session.get("/get");
    CHECK(good.ok());
    const auto stream = co_await failure_of<HttpStatusError>(session.get("/status/404").stream());
    CHECK(stream.status_code() == 404);
  });
}

TEST_CASE("no response hook runs for a request that fails", "[hooks]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    int requests = 0;
    int responses = 0;
    session.on_request([&requests](Request&) { ++requests; });
    session.on_response([&responses](Response&) { ++responses; });
    static_cast<void>(co_await failure_of<InvalidUrlError>(session.get("http://")));
    CHECK(requests == 0);
    static_cast<void>(
        co_await network_failure_of<ConnectionClosedError>(session.get("/reset?how=fin")));
    CHECK(responses == 0);
  });
}
