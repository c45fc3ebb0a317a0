#include <catch2/catch_test_macros.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

TEST_CASE("every verb sends its own method", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo get = co_await echo_of(session.get("/anything"));
    CHECK(get.method() == "GET");
    const Echo options = co_await echo_of(session.options("/anything"));
    CHECK(options.method() == "OPTIONS");
    const Echo post = co_await echo_of(session.post("/anything"));
    CHECK(post.method() == "POST");
    const Echo put = co_await echo_of(session.put("/anything"));
    CHECK(put.method() == "PUT");
    const Echo patch = co_await echo_of(session.patch("/anything"));
    CHECK(patch.method() == "PATCH");
    const Echo deleted = co_await echo_of(session.delete_("/anything"));
    CHECK(deleted.method() == "DELETE");
  });
}

TEST_CASE("HEAD gives the head of GET and no body", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.head("/bytes/1234?seed=1");
    CHECK(response.status_code() == 200);
    CHECK(response.headers().get("Content-Length") == "1234");
    CHECK(response.body().empty());
  });
}

TEST_CASE("what a HEAD tells of its length is no body that is too long", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(4));
    const Response response = co_await session.head("/bytes/1234?seed=1");
    CHECK(response.headers().get("Content-Length") == "1234");
    StreamResponse stream = co_await session.head("/bytes/1234?seed=1").stream();
    const auto piece = co_await stream.read();
    CHECK_FALSE(piece.has_value());
  });
}

TEST_CASE("request sends any other method", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo report = co_await echo_of(session.request("REPORT", "/anything"));
    CHECK(report.method() == "REPORT");
  });
}

TEST_CASE("a method is sent in upper case", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo patch = co_await echo_of(session.request("patch", "/anything"));
    CHECK(patch.method() == "PATCH");
    const Echo report = co_await echo_of(session.request("Report", "/anything"));
    CHECK(report.method() == "REPORT");
  });
}

TEST_CASE("a request that nobody awaits sends nothing", "[verbs]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    {
      const RequestBuilder dropped = session.get(tagged("/get", tag));
      const Task<Response> also_dropped = session.get(tagged("/get", tag));
      const Task<StreamResponse> dropped_too = session.get(tagged("/get", tag)).stream();
    }
    static_cast<void>(co_await session.get("/get"));
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("a builder with a name is awaited like a temporary one, and once only", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    RequestBuilder builder = session.get("/anything");
    builder.header("X-Named", "yes").param("a", "b");
    const Response response = co_await builder;
    const Echo echo(response);
    CHECK(echo.header("X-Named") == "yes");
    CHECK(echo.arg("a") == "b");
    bool refused = false;
    try {
      static_cast<void>(co_await builder);
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("a method that the platform keeps to itself is UnsupportedError", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    if (capabilities().all_methods) {
      const Response response = co_await session.request("trace", "/anything");
      CHECK(response.ok());
    } else {
      const auto failure =
          co_await failure_of<UnsupportedError>(session.request("trace", "/anything"));
      CHECK(std::string(failure.what()).find("TRACE") != std::string::npos);
    }
  });
}

TEST_CASE("a builder is a task", "[verbs]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Task<Response> task = session.get("/anything").param("x", 1);
    const Response response = co_await std::move(task);
    CHECK(Echo(response).arg("x") == "1");
  });
}
