// Sessions over a scripted transport: settings, life and end.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <reqivo/client.hpp>
#include <reqivo/errors.hpp>
#include <string>
#include <type_traits>

#include "support/coroutines.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::ManualTime;

template <class AnySession>
constexpr bool moves_only =
    !std::is_copy_constructible_v<AnySession> && !std::is_copy_assignable_v<AnySession> &&
    std::is_nothrow_move_constructible_v<AnySession> &&
    std::is_nothrow_move_assignable_v<AnySession>;
static_assert(moves_only<AsyncSession> && moves_only<Session>);
static_assert(moves_only<AsyncReqivo> && moves_only<Reqivo>);

TEST_CASE("a builder is awaited, converted to a task, gathered and run alike") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  for (int status = 201; status <= 210; ++status) server.answer(status);

  CHECK(run(session.get("http://h/")).status_code() == 201);
  Task<Response> task = session.get("http://h/");
  CHECK(run(std::move(task)).status_code() == 202);
  std::vector<Task<Response>> tasks;
  tasks.push_back(session.get("http://h/"));
  tasks.push_back(session.get("http://h/"));
  const std::vector<Response> gathered = run(gather(std::move(tasks)));
  CHECK(gathered[1].status_code() == 204);
  const auto pair = run(gather(session.get("http://h/"), session.post("http://h/")));
  CHECK(std::get<1>(pair).status_code() == 206);
  CHECK(run(wait_for(session.get("http://h/"), 1s)).status_code() == 207);
  const auto join = [](AsyncSession& from) -> Task<int> {
    auto handle = create_task(from.get("http://h/"));
    const Response response = co_await handle;
    const Response direct = co_await from.get("http://h/").header("a", "b").timeout(3s);
    auto named = from.get("http://h/");
    const Response last = co_await named;
    co_return response.status_code() + direct.status_code() + last.status_code();
  };
  CHECK(run(join(session)) == 208 + 209 + 210);
}

TEST_CASE("a request that is not awaited sends nothing") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  {
    const auto builder = session.get("http://h/");
    const Task<Response> task = session.get("http://h/");
  }
  CHECK(server.sent().empty());
  CHECK(server.transports_made() == 0);
}

TEST_CASE("every verb sends its method, and the path is joined to the base URL as links are") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session("http://h/api/");
  server.serve(session);
  const auto sent = [&](RequestBuilder builder) {
    run(std::move(builder));
    return server.last().method + " " + server.last().url;
  };
  CHECK(sent(session.get("users")) == "GET http://h/api/users");
  CHECK(sent(session.head("/users")) == "HEAD http://h/users");
  CHECK(sent(session.options("")) == "OPTIONS http://h/api/");
  CHECK(sent(session.post("?q=1")) == "POST http://h/api/?q=1");
  CHECK(sent(session.put("//other/x")) == "PUT http://other/x");
  CHECK(sent(session.patch("https://elsewhere/")) == "PATCH https://elsewhere/");
  session.base_url("http://h/api");
  CHECK(sent(session.delete_("users")) == "DELETE http://h/users");
  CHECK(sent(session.request("report", "")) == "REPORT http://h/api");
}

TEST_CASE("a URL that does not parse, or is not http, is InvalidUrlError and sends nothing") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  CHECK_THROWS_AS(run(session.get("users")), InvalidUrlError);
  CHECK_THROWS_AS(run(session.get("")), InvalidUrlError);
  CHECK_THROWS_AS(run(session.get("http://")), InvalidUrlError);
  CHECK_THROWS_AS(run(session.get("http://h:99999/")), InvalidUrlError);
  CHECK_THROWS_AS(run(session.get("ftp://h/")), InvalidUrlError);
  session.base_url("no url");
  CHECK_THROWS_AS(run(session.get("http://h/")), InvalidUrlError);
  session.base_url("file:///tmp/");
  CHECK_THROWS_AS(run(session.get("x")), InvalidUrlError);
  CHECK(server.transports_made() == 0);
}

TEST_CASE("what fails before a request is prepared names its absolute URL, or the bad base URL") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session("http://h/a/");
  server.serve(session);
  const auto url_of = [](RequestBuilder request) -> std::string {
    try {
      run(std::move(request));
    } catch (const RequestError& error) {
      return error.url();
    } catch (const InvalidUrlError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  CHECK(url_of(session.get("b?secret=1").header("X", "\n")) == "http://h/a/b");
  CHECK(url_of(session.get("http://u:p@other/").header("X", "\n")) == "http://other/");
  session.base_url("http://u:secret@bad host/");
  const std::string what = url_of(session.get("/x"));
  CHECK(what.find("bad host") != std::string::npos);
  session.base_url("localhost:8000");  // whose scheme is localhost
  CHECK(url_of(session.get("/x")).find("GET localhost:8000 failed") == 0);
  CHECK(what.find("secret") == std::string::npos);
}

TEST_CASE("a const session sends requests and shows its headers") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session("http://h/");
  server.serve(session);
  session.headers().set("X-A", "1");
  const AsyncSession& constant = session;
  CHECK(run(constant.get("a")).ok());
  CHECK(run(constant.request("REPORT", "b")).ok());
  CHECK(constant.headers().get("X-A") == "1");
  static_assert(std::is_same_v<decltype(constant.headers()), const Headers&>);
  const Reqivo blocking;
  CHECK(blocking.headers().empty());
}

TEST_CASE("a session needs room for a connection") {
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  CHECK_THROWS_AS(session.limits(Limits().connections(0)), RequestError);
  CHECK_THROWS_AS(session.limits(Limits().connections_per_host(0)), RequestError);
  session.limits(Limits().connections(std::nullopt).connections_per_host(std::nullopt));
}

TEST_CASE("session headers go with every request unless it sets its own") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.headers().set("Accept", "application/json").set("X-Session", "1").add("X-Session", "2");
  run(session.get("http://h/"));
  CHECK(server.last().headers.get("accept") == "application/json");
  CHECK(server.last().headers.get_all("x-session").size() == 2);
  CHECK(server.last().headers.get("user-agent")->substr(0, 7) == "reqivo/");
  run(session.get("http://h/")
          .header("ACCEPT", "text/html")
          .header("x-session", "3")
          .header("User-Agent", "mine"));
  CHECK(server.last().headers.get_all("accept") == std::vector<std::string_view>{"text/html"});
  CHECK(server.last().headers.get_all("x-session") == std::vector<std::string_view>{"3"});
  CHECK(server.last().headers.get_all("user-agent") == std::vector<std::string_view>{"mine"});
}

TEST_CASE("credentials come from the request, then its URL, then the session") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  const auto authorization = [&](RequestBuilder builder) {
    run(std::move(builder));
    CHECK(server.last().headers.get_all("Authorization").size() <= 1);
    return std::string(server.last().headers.get("Authorization").value_or("none"));
  };
  CHECK(authorization(session.get("http://h/")) == "none");
  session.bearer_token("session");
  CHECK(authorization(session.get("http://h/")) == "Bearer session");
  session.basic_auth("u", "p:w");
  CHECK(authorization(session.get("http://h/")) == "Basic dTpwOnc=");
  session.headers().set("authorization", "from session header");
  CHECK(authorization(session.get("http://h/")) == "from session header");
  CHECK(authorization(session.get("http://us%65r:p%40w@h/x#f")) == "Basic dXNlcjpwQHc=");
  CHECK(server.last().url == "http://h/x");
  CHECK(authorization(session.get("http://a:b@h/").bearer_token("own")) == "Bearer own");
  CHECK(authorization(
            session.get("http://a:b@h/").bearer_token("own").header("AUTHORIZATION", "x")) == "x");
  CHECK_THROWS_AS(session.basic_auth("a:b", "c"), RequestError);
  CHECK_THROWS_AS(session.bearer_token("a\r\nb: c"), RequestError);
  session.headers().clear();
  session.bearer_token("");
  CHECK(authorization(session.get("http://h/")) == "none");
  CHECK(authorization(session.get("http://h/").bearer_token("own").bearer_token("")) == "none");
}

TEST_CASE("the response's URL has no user info and no fragment") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  CHECK(run(session.get("http://user:secret@h/p?q=1#part")).url() == "http://h/p?q=1");
}

TEST_CASE("settings chain on named and temporary sessions of every kind") {
  const ManualTime time;
  FakeServer server;
  auto client = AsyncReqivo().base_url("http://h/a/").default_timeout(5s).bearer_token("t");
  server.serve(client);
  client.decode(false)
      .limits(Limits().connections(3))
      .tls(TlsOptions().verify(false))
      .max_redirects(1);
  run(client.get("b"));
  CHECK(server.last().url == "http://h/a/b");
  CHECK_FALSE(server.last().decode);
  run(client.session().get("c").decode(true));
  CHECK(server.last().decode);

  Reqivo facade("http://h/");
  server.serve(facade);
  facade.headers().set("X-Facade", "1");
  facade.get("x").send();
  CHECK(server.last().headers.get("X-Facade") == "1");
  facade.session().get("y").send();
  CHECK(server.last().url == "http://h/y");
  facade.close();
  CHECK_THROWS_AS(facade.get("x").send(), ClosedError);
}

TEST_CASE("what is not set is what the documentation says") {
  const Limits limits;
  CHECK(limits.connections() == 100U);
  CHECK_FALSE(limits.connections_per_host());
  CHECK(limits.idle_timeout() == Duration(30s));
  CHECK(limits.head_size() == 64U * 1024U);
  CHECK(limits.header_count() == 256U);
  CHECK_FALSE(limits.body_size());
  CHECK(limits.upload_buffer() == 16U * 1024U * 1024U);
  CHECK(limits.transport_limit().empty());
  const TlsOptions tls;
  CHECK(tls.verify());
  CHECK(tls.min_version() == TlsVersion::tls1_2);
  CHECK_FALSE(tls.has_own_trust());
  const Timeout timeout;
  for (const Timeout::Limit* const limit :
       {&timeout.connect(), &timeout.read(), &timeout.total(), &timeout.pool()}) {
    CHECK_FALSE(limit->is_set());
  }
}

TEST_CASE("each option is kept under its own name") {
  const Limits limits = Limits()
                            .connections(1)
                            .connections_per_host(2)
                            .idle_timeout(3s)
                            .head_size(4)
                            .header_count(5)
                            .body_size(6)
                            .upload_buffer(7);
  CHECK(limits.connections() == 1U);
  CHECK(limits.connections_per_host() == 2U);
  CHECK(limits.idle_timeout() == Duration(3s));
  CHECK(limits.head_size() == 4U);
  CHECK(limits.header_count() == 5U);
  CHECK(limits.body_size() == 6U);
  CHECK(limits.upload_buffer() == 7U);
  const TlsOptions tls =
      TlsOptions().ca_file("ca").client_certificate("certificate", "key").verify(false);
  CHECK(tls.ca_file() == "ca");
  CHECK(tls.certificate_file() == "certificate");
  CHECK(tls.key_file() == "key");
  CHECK_FALSE(tls.verify());
  CHECK(tls.has_own_trust());
  CHECK(TlsOptions().ca_pem("").has_own_trust());  // of nobody
  FetchOptions fetch = FetchOptions()
                           .credentials(Credentials::include)
                           .referrer_policy(ReferrerPolicy::origin)
                           .integrity("sha256-x")
                           .priority(RequestPriority::low);
  fetch.apply(FetchOptions().keepalive(true).priority(RequestPriority::high));
  CHECK(fetch.credentials() == Credentials::include);
  CHECK(fetch.referrer_policy() == ReferrerPolicy::origin);
  CHECK(fetch.integrity() == "sha256-x");
  CHECK(fetch.keepalive() == true);
  CHECK(fetch.priority() == RequestPriority::high);
  CHECK_FALSE(fetch.mode());
  CHECK_FALSE(fetch.cache());
}

TEST_CASE("every setting works on a temporary session, which is given on") {
  const ManualTime time;
  FakeServer server;
  int requests = 0;
  int responses = 0;
  AsyncReqivo client;
  server.serve(client);  // over a backend that has every setting
  auto given = std::move(client)
                   .base_url("http://h/a/")
                   .default_timeout(Timeout().read(3s))
                   .basic_auth("u", "p")
                   .tls(TlsOptions().min_version(TlsVersion::tls1_3))
                   .limits(Limits().header_count(7))
                   .redirect(Redirect::manual)
                   .max_redirects(3)
                   .decode(false)
                   .fetch(FetchOptions().keepalive(true))
                   .on_request([&requests](Request&) { ++requests; })
                   .on_response([&responses](Response&) { ++responses; });
  run(given.get("b"));
  CHECK(server.last().url == "http://h/a/b");
  CHECK(server.last().headers.get("Authorization") == "Basic dTpw");
  CHECK_FALSE(server.last().decode);
  CHECK(server.last().redirect == Redirect::manual);
  CHECK(requests == 1);
  CHECK(responses == 1);
  const detail::SessionState& state = detail::SessionAccess::core(given).state();
  CHECK(state.timeout.read().value() == Duration(3s));
  CHECK(state.tls.min_version() == TlsVersion::tls1_3);
  CHECK(state.limits.header_count() == 7U);
  CHECK(state.max_redirects == 3);
  CHECK(state.fetch.keepalive() == true);
  auto again = std::move(given).default_timeout(4s).bearer_token("t");
  run(again.get("b"));
  CHECK(server.last().headers.get("Authorization") == "Bearer t");
  const Timeout& timeout = detail::SessionAccess::core(again).state().timeout;
  CHECK(timeout.total().value() == Duration(4s));
  CHECK_FALSE(timeout.read().is_set());  // replaced, and not added to
}

TEST_CASE("new limits and TLS options make a new transport, the limit of bodies alone does not") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  run(session.get("http://h/"));
  session.limits(Limits().body_size(10));
  run(session.get("http://h/"));
  CHECK(server.transports_made() == 1);
  server.answer().body("a").body("b");
  StreamResponse stream = run(session.get("http://h/").stream());
  session.tls(TlsOptions().verify(false));
  session.limits(Limits().connections(1));
  CHECK(server.transports_alive() == 1);  // the stream's
  CHECK(run(stream.read()) == "a");
  run(session.get("http://h/"));
  CHECK(server.transports_made() == 2);
  stream = StreamResponse();
  CHECK(server.transports_alive() == 1);
  session.limits(Limits());  // no bound on connections, unlike the transport there is
  run(session.get("http://h/"));
  CHECK(server.transports_made() == 3);
}

TEST_CASE("a moved-from session throws ClosedError and the new one goes on") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  auto builder = session.get("http://h/");
  AsyncSession moved(std::move(session));
  CHECK_THROWS_AS(session.get("http://h/"), ClosedError);
  CHECK_THROWS_AS(session.base_url("http://h/"), ClosedError);
  CHECK_THROWS_AS(session.headers(), ClosedError);
  CHECK_THROWS_AS(session.close(), ClosedError);
  CHECK(run(std::move(builder)).ok());
  moved = AsyncSession();
  CHECK_THROWS_AS(session.get("http://h/"), ClosedError);
}

TEST_CASE("destroying a session ends its requests with ClosedError and what they hold at once") {
  const ManualTime time;
  FakeServer server;
  const auto scenario = [](FakeServer& from) -> Task<void> {
    std::optional<AsyncSession> session(std::in_place);
    from.serve(*session);
    from.answer().before_head(1h);
    from.answer().body(test::Piece("x", 1h));
    auto waiting = create_task(session->get("http://h/"));
    auto buffering = create_task(session->get("http://h/"));
    auto not_started = session->get("http://h/");
    CHECK(from.open() == 2);
    session.reset();
    CHECK(from.open() == 0);
    CHECK(from.transports_alive() == 0);
    CHECK_THROWS_AS(co_await waiting, ClosedError);
    CHECK_THROWS_AS(co_await buffering, ClosedError);
    CHECK_THROWS_AS(co_await not_started, ClosedError);
  };
  run(scenario(server));
  CHECK(time.passed() == 0ms);
  CHECK(server.sent().size() == 2);
}

TEST_CASE("a request may be cancelled by the generator of its own body") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  int destroyed = 0;
  const auto pieces = [](JoinHandle<Response>& request, int& count) -> Generator<std::string> {
    const test::Witness witness(&count);
    co_await sleep(1s);
    request.cancel();
    CHECK(count == 0);  // what runs is not destroyed
    co_yield "x";
    co_await sleep(1h);
  };
  JoinHandle<Response> request;
  request = create_task(session.post("http://h/").body(pieces(request, destroyed)));
  run(sleep(2s));
  CHECK(request.done());
  CHECK(destroyed == 1);
  CHECK(server.open() == 0);
}

TEST_CASE("a session may be destroyed from inside a request of its own") {
  const ManualTime time;
  FakeServer server;
  std::optional<AsyncSession> session(std::in_place);
  server.serve(*session);
  SECTION("while the request is being started") {
    server.answer().then([&] { session.reset(); }).before_head(1h);
    CHECK_THROWS_AS(run(session->get("http://h/")), ClosedError);
  }
  SECTION("while it runs") {
    server.answer().spend(Phase::connect, 1s).then([] {});
    const auto pieces = [](std::optional<AsyncSession>& from) -> Generator<std::string> {
      co_await sleep(1s);
      from.reset();
      co_yield "x";
      co_await sleep(1h);
    };
    CHECK_THROWS_AS(run(session->post("http://h/").body(pieces(session))), ClosedError);
    CHECK(time.passed() < 1h);
  }
  SECTION("by a request hook") {
    session->on_request([&](Request&) { session.reset(); });
    CHECK_THROWS_AS(run(session->get("http://h/")), ClosedError);
    CHECK(server.sent().empty());
  }
  CHECK(server.open() == 0);
  CHECK(server.transports_alive() == 0);
}

TEST_CASE("close takes no new requests, waits for running ones, and leaves streams readable") {
  const ManualTime time;
  FakeServer server;
  const auto scenario = [](FakeServer& from, const ManualTime& clock) -> Task<void> {
    AsyncSession session;
    from.serve(session);
    from.answer().body("one").body("two");
    StreamResponse stream = co_await session.get("http://h/").stream();
    from.answer().before_head(2s).body("late");
    auto running = create_task(session.get("http://h/"));
    auto closing = create_task(session.close());
    auto closing_too = create_task(session.close());
    CHECK_THROWS_AS(co_await session.get("http://h/"), ClosedError);
    CHECK_FALSE(closing.done());
    co_await closing;
    co_await closing_too;
    CHECK(clock.passed() == 2000ms);
    CHECK(from.idle_closed() >= 1);
    const Response late = co_await running;
    CHECK(late.body() == "late");
    auto piece = co_await stream.read();
    CHECK(piece == "one");
    co_await session.close();
    piece = co_await stream.read();
    CHECK(piece == "two");
    piece = co_await stream.read();
    CHECK_FALSE(piece);
    CHECK(from.transports_alive() == 0);  // although the session lives
  };
  run(scenario(server, time));
  CHECK(server.transports_alive() == 0);
}

TEST_CASE("a session that ends in the turn in which an answer came fails the request") {
  const ManualTime time;
  const auto body_of = [](AsyncSession& session, bool streamed) -> Task<std::string> {
    if (!streamed) co_return (co_await session.get("http://h/")).body();
    StreamResponse stream = co_await session.get("http://h/").stream();
    co_return (co_await stream.buffer()).body();
  };
  const auto end = [](std::unique_ptr<AsyncSession>& session) -> Task<void> {
    co_await sleep(1s);
    session.reset();
  };
  const auto wait = [](JoinHandle<std::string> body) -> Task<void> {
    CHECK_THROWS_AS(co_await body, ClosedError);
  };
  for (const bool streamed : {false, true}) {
    INFO("streamed: " << streamed);
    FakeServer server;
    auto session = std::make_unique<AsyncSession>();
    server.serve(*session);
    server.answer().before_head(1s).body("some").body("more");
    auto body = create_task(body_of(*session, streamed));
    const auto ending = create_task(end(session));
    run(wait(std::move(body)));
    CHECK(server.aborted() == 1);
    CHECK(server.open() == 0);
  }
}

TEST_CASE("a close that is given up does no harm") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  server.answer().before_head(2s);
  auto running = create_task(session.get("http://h/"));
  CHECK_THROWS_AS(run(wait_for(session.close(), 1s)), WaitTimeoutError);
  run(session.close());
  CHECK(running.done());
}

TEST_CASE(
    "dropping a request at any of its suspensions ends its exchange and leaves the session "
    "usable") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  for (const auto limit : {500ms, 1500ms, 2500ms, 3500ms, 4500ms, 5500ms}) {
    INFO(limit.count());
    server.answer()
        .spend(Phase::resolve, 1s)
        .spend(Phase::connect, 1s)
        .spend(Phase::head, 1s)
        .body(test::Piece("a", 1s))
        .body(test::Piece("b", 1s))
        .body(test::Piece("c", 1s));
    CHECK_THROWS_AS(run(wait_for(session.get("http://h/"), limit)), WaitTimeoutError);
    CHECK(server.open() == 0);
  }
  CHECK(run(session.get("http://h/")).ok());
  run(session.close());
}

TEST_CASE(
    "what the backend cannot do is UnsupportedError at the setting, naming option and backend") {
  const ManualTime time;
  FakeServer server;
  Capabilities capabilities = FakeServer::able();
  capabilities.backend = "weak";
  capabilities.manual_redirects = false;
  capabilities.tls_options = false;
  capabilities.connection_limits = false;
  capabilities.raw_body = false;
  capabilities.stored_credentials = false;
  AsyncSession session;
  server.serve(session, capabilities);
  const auto message = [](auto&& set) -> std::string {
    try {
      set();
    } catch (const UnsupportedError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  CHECK(message([&] { session.tls(TlsOptions()); }) == "tls is not supported by the weak backend");
  CHECK(message([&] { session.redirect(Redirect::manual); }).find("redirect(manual)") == 0);
  CHECK(message([&] { session.max_redirects(1); }).find("max_redirects") == 0);
  CHECK(message([&] { session.decode(false); }).find("decode(false)") == 0);
  CHECK(message([&] { session.limits(Limits().connections(1)); }).find("limits(connections)") == 0);
  CHECK(message([&] {
          session.limits(Limits().idle_timeout(1s).body_size(1));
        }).find("limits(idle_timeout)") == 0);
  CHECK(message([&] {
          session.limits(Limits().connections_per_host(1));
        }).find("limits(connections_per_host)") == 0);
  CHECK(message([&] { session.limits(Limits().head_size(1)); }).find("limits(head_size)") == 0);
  CHECK(message([&] { session.limits(Limits().header_count(1)); }).find("limits(header_count)") ==
        0);
  CHECK(message([&] {
          session.fetch(FetchOptions().credentials(Credentials::include));
        }).find("credentials(include)") == 0);
  CHECK(message([&] { session.default_timeout(Timeout().pool(1s)); }).find("timeout(pool)") == 0);
  session.default_timeout(Timeout().pool(std::nullopt).read(1s));
  session.limits(Limits().body_size(1).upload_buffer(1)).redirect(Redirect::error).decode(true);
}

}  // namespace
}  // namespace reqivo
