#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/client.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// A client of the user's own: it owns a session, and nothing has to be closed by hand.
class ApiClient {
 public:
  explicit ApiClient(const std::string& token) : session_(test_server().http("/anything/")) {
    session_.bearer_token(token).default_timeout(20s);
  }
  Task<Response> user(int id) { return session_.get("users/" + std::to_string(id)); }

 private:
  AsyncSession session_;
};

}  // namespace

TEST_CASE("AsyncReqivo has the verbs of a session", "[facade]") {
  run_test([]() -> Task<void> {
    AsyncReqivo client(test_server().http());
    const Echo get = co_await echo_of(client.get("/anything"));
    CHECK(get.method() == "GET");
    const Response head = co_await client.head("/get");
    CHECK(head.ok());
    const Echo options = co_await echo_of(client.options("/anything"));
    CHECK(options.method() == "OPTIONS");
    const Echo post = co_await echo_of(client.post("/anything").body("a"));
    CHECK(post.data() == "a");
    const Echo put = co_await echo_of(client.put("/anything"));
    CHECK(put.method() == "PUT");
    const Echo patch = co_await echo_of(client.patch("/anything"));
    CHECK(patch.method() == "PATCH");
    const Echo deleted = co_await echo_of(client.delete_("/anything"));
    CHECK(deleted.method() == "DELETE");
    const Echo report = co_await echo_of(client.request("REPORT", "/anything"));
    CHECK(report.method() == "REPORT");
  });
}

TEST_CASE("AsyncReqivo is set up in one expression", "[facade]") {
  run_test([]() -> Task<void> {
    int hooks = 0;
    AsyncReqivo client;
    client.base_url(test_server().http())
        .default_timeout(20s)
        .basic_auth("user", "word")
        .redirect(Redirect::follow)
        .decode(true)
        .on_request([&hooks](Request&) { ++hooks; })
        .on_response([&hooks](Response&) { ++hooks; });
    client.headers().set("X-Default", "yes");
    const Echo echo = co_await echo_of(client.get("/anything"));
    CHECK(echo.header("Authorization") == "Basic " + base64("user:word"));
    CHECK(echo.header("X-Default") == "yes");
    CHECK(hooks == 2);
    StreamResponse stream = co_await client.get("/bytes/1000?seed=1").stream();
    const std::string body = co_await rest_of(std::move(stream));
    CHECK(body == seeded_bytes(1000, 1));
  });
}

TEST_CASE("AsyncReqivo closes, and destroying it stops its requests", "[facade]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    JoinHandle<Response> running;
    {
      AsyncReqivo client(test_server().http());
      running = create_task(client.get(tagged("/stall", tag)));
      static_cast<void>(co_await wait_started(tag));
    }
    static_cast<void>(co_await failure_of<ClosedError>(std::move(running)));
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    AsyncReqivo closed(test_server().http());
    co_await closed.close();
    static_cast<void>(co_await failure_of<ClosedError>(closed.get("/get")));
  });
}

TEST_CASE("the session behind a facade is the one it uses", "[facade]") {
  run_test([]() -> Task<void> {
    AsyncReqivo client(test_server().http());
    client.session().bearer_token("by session");
    const Echo echo = co_await echo_of(client.get("/anything"));
    CHECK(echo.header("Authorization") == "Bearer by session");
  });
}

TEST_CASE("a class of the user's own holds a session by value", "[facade]") {
  run_test([]() -> Task<void> {
    ApiClient api("token");
    const Response response = co_await api.user(7);
    CHECK(response.url() == test_server().http("/anything/users/7"));
    CHECK(Echo(response).header("Authorization") == "Bearer token");
  });
}

TEST_CASE("Reqivo is the blocking facade", "[facade]") {
  require(capabilities().blocking, "blocking");
  Reqivo client(test_server().http());
  client.default_timeout(20s).bearer_token("token");
  client.session().headers().set("X-Default", "yes");
  const Echo echo(client.post("/anything").body("a").send());
  CHECK(echo.method() == "POST");
  CHECK(echo.header("Authorization") == "Bearer token");
  CHECK(echo.header("X-Default") == "yes");
  std::string body;
  for (auto& chunk : client.get("/bytes/600?seed=1").stream().iter_content(256)) body += chunk;
  CHECK(body == seeded_bytes(600, 1));
  client.close();
  CHECK_THROWS_AS(client.get("/get").send(), ClosedError);
}
