#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

TEST_CASE("a blocking session needs no coroutine", "[blocking]") {
  require(capabilities().blocking, "blocking");
  Session session(test_server().http());
  const Response response = session.get("/get").timeout(20s).send();
  CHECK(response.status_code() == 200);
  CHECK(session.head("/get").send().ok());
  CHECK(session.options("/get").send().ok());
  CHECK(Echo(session.post("/anything").body("a").send()).data() == "a");
  CHECK(Echo(session.put("/anything").form("a", "b").send()).form("a") == "b");
  CHECK(Echo(session.patch("/anything").param("a", 1).send()).arg("a") == "1");
  CHECK(Echo(session.delete_("/anything").header("X-A", "b").send()).header("X-A") == "b");
  CHECK(Echo(session.request("report", "/anything").send()).method() == "REPORT");
  session.close();
}

TEST_CASE("a blocking session has the settings of an asynchronous one", "[blocking]") {
  require(capabilities().blocking, "blocking");
  int hooks = 0;
  Session session = Session()
                        .base_url(test_server().http("/anything/"))
                        .default_timeout(20s)
                        .bearer_token("token")
                        .on_request([&hooks](Request&) { ++hooks; })
                        .on_response([&hooks](Response&) { ++hooks; });
  session.headers().set("X-Default", "yes");
  nlohmann::json value;
  value["a"] = 1;
  const Echo echo(session.post("sub").json(value).send());
  CHECK(echo.header("Authorization") == "Bearer token");
  CHECK(echo.header("X-Default") == "yes");
  CHECK(echo.json().at("json") == value);
  CHECK(hooks == 2);
}

TEST_CASE("a blocking request fails with the same errors", "[blocking]") {
  require(capabilities().blocking, "blocking");
  Session session(test_server().http());
  CHECK_THROWS_AS(session.get("http://").send(), InvalidUrlError);
  CHECK_THROWS_AS(session.get(test_server().closed("/")).send(), NetworkError);
  CHECK_THROWS_AS(session.get("/stall").timeout(100ms).send(), TotalTimeout);
  CHECK_THROWS_AS(session.get("/get").header("a b", "c").send(), RequestError);
  session.close();
  CHECK_THROWS_AS(session.get("/get").send(), ClosedError);
}

TEST_CASE("a blocking stream is gone through by a for loop", "[blocking]") {
  require(capabilities().blocking, "blocking");
  Session session(test_server().http());
  std::string body;
  std::size_t chunks = 0;
  for (auto& chunk : session.get("/bytes/1000?seed=3").stream().iter_content(256)) {
    ++chunks;
    CHECK(chunk.size() == (chunks < 4 ? 256u : 232u));
    body += chunk;
  }
  CHECK(chunks == 4);
  CHECK(body == seeded_bytes(1000, 3));
}

TEST_CASE("a blocking stream has the other ways of reading too", "[blocking]") {
  require(capabilities().blocking, "blocking");
  Session session(test_server().http());
  std::size_t lines = 0;
  for (auto& line : session.get("/stream/5").stream().iter_lines()) {
    CHECK(line.front() == '{');
    CHECK(line.back() == '}');
    ++lines;
  }
  CHECK(lines == 5);
  BlockingStreamResponse by_read = session.get("/bytes/5000?seed=1").stream();
  CHECK(by_read.status_code() == 200);
  CHECK(by_read.headers().get("Content-Length") == "5000");
  std::string body;
  while (auto piece = by_read.read()) body += *piece;
  CHECK(body == seeded_bytes(5000, 1));
  CHECK_FALSE(by_read.read().has_value());
  std::string in_chunks;
  for (auto& piece : session.get("/bytes/5000?seed=2").stream().chunks()) in_chunks += piece;
  CHECK(in_chunks == seeded_bytes(5000, 2));
  CHECK(session.get("/bytes/5000?seed=3").stream().buffer().body() == seeded_bytes(5000, 3));
}

TEST_CASE("a blocking loop that is left early drops the stream", "[blocking]") {
  require(capabilities().blocking, "blocking");
  const std::string tag = unique_tag();
  Session session(test_server().http());
  for (auto& chunk : session.get(tagged("/big/4294967296", tag)).stream().iter_content(256)) {
    CHECK(chunk.size() == 256);
    break;
  }
  CHECK(session.get("/get").send().ok());
  CHECK(run(wait_closed(tag)).closed);
}

TEST_CASE("a blocking call inside a running loop is refused", "[blocking]") {
  require(capabilities().blocking, "blocking");
  run_test([]() -> Task<void> {
    Session session(test_server().http());
    CHECK_THROWS_AS(session.get("/get").send(), std::logic_error);
    CHECK_THROWS_AS(session.get("/get").stream(), std::logic_error);
    CHECK_THROWS_AS(run(sleep(0s)), std::logic_error);
    co_return;
  });
}

TEST_CASE("blocking and asynchronous sessions of one thread work side by side", "[blocking]") {
  require(capabilities().blocking, "blocking");
  AsyncSession asynchronous(test_server().http());
  Session blocking(test_server().http());
  CHECK(run(asynchronous.get("/get")).ok());
  CHECK(blocking.get("/get").send().ok());
  const auto [first, second] = run(gather(asynchronous.get("/get"), asynchronous.get("/uuid")));
  CHECK(first.ok());
  CHECK(second.ok());
}
