// Redirects by the Fetch Standard: the pure function, and whole chains over a scripted transport.
#include "redirect.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <reqivo/errors.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "outcomes.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using detail::Failure;
using detail::Outcome;
using detail::RedirectChain;
using detail::RequestBody;
using detail::TransportRequest;
using test::failure_of;
using test::FakeServer;
using test::ManualTime;
using test::Piece;
using test::value_of;

TransportRequest make_request(std::string method, std::string_view url,
                              const char* body = nullptr) {
  TransportRequest request;
  request.method = std::move(method);
  request.url = *detail::parse_url(url);
  if (body != nullptr) request.body = RequestBody(std::make_shared<const std::string>(body));
  return request;
}

Headers location(std::string_view to) {
  Headers headers;
  headers.set("Location", to);
  return headers;
}

bool followed(Outcome<bool> outcome) { return value_of(std::move(outcome)); }

TEST_CASE("method and body after a redirect follow the Fetch Standard") {
  struct Case {
    int status;
    const char* method;
    const char* next;
    bool keeps_body;
  };
  const Case cases[] = {
      {301, "POST", "GET", false},     {302, "POST", "GET", false}, {303, "POST", "GET", false},
      {307, "POST", "POST", true},     {308, "POST", "POST", true}, {301, "PUT", "PUT", true},
      {302, "DELETE", "DELETE", true}, {303, "PUT", "GET", false},  {303, "HEAD", "HEAD", true},
      {303, "GET", "GET", true},       {301, "HEAD", "HEAD", true}, {302, "GET", "GET", true},
      {307, "PATCH", "PATCH", true}};
  for (const Case& c : cases) {
    INFO(c.status << " to " << c.method);
    TransportRequest request = make_request(c.method, "http://h/a", "body");
    request.headers.set("content-TYPE", "text/plain").set("Content-Language", "en");
    request.headers.set("Content-Encoding", "gzip").set("Content-Location", "/x").set("X-Own", "1");
    request.headers.set("Content-Length", "4");
    RedirectChain chain(Redirect::follow, 20);
    CHECK(followed(chain.follow(c.status, location("/b"), request)));
    CHECK(request.method == c.next);
    CHECK(request.url.href() == "http://h/b");
    CHECK(request.body.empty() != c.keeps_body);
    CHECK(request.headers.size() == (c.keeps_body ? 6U : 1U));
    CHECK(request.headers.contains("X-Own"));
  }
}

TEST_CASE(
    "only the five statuses with a Location redirect, and only where redirects are followed") {
  for (const int status : {200, 201, 300, 304, 305, 306, 399, 404}) {
    TransportRequest request = make_request("GET", "http://h/a");
    CHECK_FALSE(
        followed(RedirectChain(Redirect::follow, 20).follow(status, location("/b"), request)));
  }
  TransportRequest request = make_request("GET", "http://h/a");
  CHECK_FALSE(followed(RedirectChain(Redirect::follow, 20).follow(302, Headers(), request)));
  CHECK_FALSE(followed(RedirectChain(Redirect::error, 20).follow(302, Headers(), request)));
  CHECK_FALSE(followed(RedirectChain(Redirect::manual, 20).follow(302, location("/b"), request)));
  CHECK(request.url.href() == "http://h/a");
  CHECK(failure_of(RedirectChain(Redirect::error, 20).follow(302, location("/b"), request)).code ==
        ErrorCode::too_many_redirects);
}

TEST_CASE("locations are relative to the URL that redirects") {
  const std::pair<const char*, const char*> cases[] = {
      {"c", "http://h:8080/a/c"}, {"../c?d", "http://h:8080/c?d"}, {"?e", "http://h:8080/a/b?e"},
      {"//o/x", "http://o/x"},    {"https://o", "https://o/"},     {"/x#frag", "http://h:8080/x"},
      {"", "http://h:8080/a/b?q"}};
  for (const auto& [to, expected] : cases) {
    INFO(to);
    TransportRequest request = make_request("POST", "http://h:8080/a/b?q");
    CHECK(followed(RedirectChain(Redirect::follow, 20).follow(303, location(to), request)));
    CHECK(request.url.href() == expected);
  }
}

TEST_CASE("a client certificate is shown to the first origin only") {
  TransportRequest request = make_request("GET", "https://h/a");
  RedirectChain chain(Redirect::follow, 20);
  CHECK(followed(chain.follow(302, location("https://h/b"), request)));
  CHECK(request.show_client_certificate);
  CHECK(followed(chain.follow(302, location("https://other/"), request)));
  CHECK_FALSE(request.show_client_certificate);
  CHECK(followed(chain.follow(302, location("https://h/c"), request)));
  CHECK_FALSE(request.show_client_certificate);
}

TEST_CASE("a Location that is no http URL is an invalid response") {
  for (const char* const to : {"http://", "http://h:99999/", "ftp://h/", "data:,x", "javascript:1",
                               "file:///etc/passwd", "mailto:a@b"}) {
    INFO(to);
    TransportRequest request = make_request("GET", "http://h/a");
    CHECK(failure_of(RedirectChain(Redirect::follow, 20).follow(302, location(to), request)).code ==
          ErrorCode::invalid_response);
    CHECK(request.url.href() == "http://h/a");
  }
}

TEST_CASE("several Locations have to be the same") {
  TransportRequest request = make_request("GET", "http://h/a");
  Headers answer = location("/b");
  answer.add("LOCATION", "/b");
  RedirectChain same(Redirect::follow, 20);
  CHECK(followed(same.follow(302, answer, request)));
  CHECK(request.url.href() == "http://h/b");
  answer.add("location", "/c");
  RedirectChain differing(Redirect::follow, 20);
  CHECK(failure_of(differing.follow(302, answer, request)).code == ErrorCode::invalid_response);
  CHECK(request.url.href() == "http://h/b");
}

TEST_CASE("across origins no credential goes along, however it is spelled") {
  for (const char* const to :
       {"https://h/b", "http://other/b", "http://h:81/b", "http://sub.h/b"}) {
    INFO(to);
    TransportRequest request = make_request("GET", "http://h/a");
    request.headers.set("aUTHORIZATION", "s").set("proxy-authorization", "s").set("COOKIE", "s");
    request.headers.set("hOsT", "h").add("Authorization", "t").set("X-Own", "1");
    CHECK(followed(RedirectChain(Redirect::follow, 20).follow(302, location(to), request)));
    CHECK(request.headers.size() == 1);
    CHECK(request.headers.contains("X-Own"));
  }
  TransportRequest request = make_request("GET", "http://h/a");
  request.headers.set("Authorization", "s").set("Cookie", "s");
  CHECK(followed(
      RedirectChain(Redirect::follow, 20).follow(302, location("http://H:80/b"), request)));
  CHECK(request.headers.size() == 2);
}

TEST_CASE("user info in a Location is used on the same origin only, and never stays in the URL") {
  TransportRequest request = make_request("GET", "http://h/a");
  RedirectChain chain(Redirect::follow, 20);
  CHECK(followed(chain.follow(302, location("http://u:p@other/b"), request)));
  CHECK(request.headers.empty());
  CHECK(request.url.href() == "http://other/b");
  CHECK(followed(chain.follow(302, location("http://u:p@other/c"), request)));
  CHECK(request.headers.get("Authorization") == "Basic dTpw");
  CHECK(request.url.href() == "http://other/c");
}

TEST_CASE("the limit of redirects is exact") {
  for (const std::size_t limit : {0U, 1U, 20U}) {
    TransportRequest request = make_request("GET", "http://h/0");
    RedirectChain chain(Redirect::follow, limit);
    for (std::size_t i = 1; i <= limit; ++i) {
      REQUIRE(chain.follow(302, location("/" + std::to_string(i)), request).ok());
    }
    CHECK(failure_of(chain.follow(302, location("/more"), request)).code ==
          ErrorCode::too_many_redirects);
  }
}

TEST_CASE("the same request again is a loop") {
  TransportRequest request = make_request("GET", "http://h/a");
  RedirectChain chain(Redirect::follow, 20);
  CHECK(followed(chain.follow(302, location("/b"), request)));
  CHECK(failure_of(chain.follow(302, location("/a#other"), request)).code ==
        ErrorCode::redirect_loop);

  TransportRequest itself = make_request("GET", "http://h/a");
  CHECK(failure_of(RedirectChain(Redirect::follow, 20).follow(302, location(""), itself)).code ==
        ErrorCode::redirect_loop);
}

TEST_CASE("a request that changed on its way is no loop") {
  TransportRequest post = make_request("POST", "http://h/a", "body");
  RedirectChain chain(Redirect::follow, 20);
  CHECK(followed(chain.follow(303, location("/a"), post)));  // POST, redirect, GET
  CHECK(failure_of(chain.follow(303, location("/a"), post)).code == ErrorCode::redirect_loop);

  TransportRequest empty = make_request("POST", "http://h/a");
  RedirectChain without_body(Redirect::follow, 20);
  CHECK(followed(without_body.follow(303, location("/a"), empty)));
  CHECK(empty.method == "GET");

  TransportRequest secret = make_request("GET", "http://h/a");
  secret.headers.set("Authorization", "s");
  RedirectChain away(Redirect::follow, 20);
  CHECK(followed(away.follow(302, location("http://o/"), secret)));
  CHECK(followed(away.follow(302, location("http://h/a"), secret)));  // now without credentials
  CHECK(failure_of(away.follow(302, location("http://o/"), secret)).code ==
        ErrorCode::redirect_loop);

  TransportRequest named = make_request("GET", "http://h/a");
  RedirectChain with_user(Redirect::follow, 20);
  const Outcome<bool> now_with_user = with_user.follow(302, location("http://u:p@h/a"), named);
  REQUIRE(now_with_user.ok());
  CHECK(named.headers.get("Authorization") == "Basic dTpw");
  CHECK(failure_of(with_user.follow(302, location("http://u:p@h/a"), named)).code ==
        ErrorCode::redirect_loop);

  TransportRequest again = make_request("POST", "http://h/a", "body");
  RedirectChain repeated(Redirect::follow, 20);
  CHECK(followed(repeated.follow(307, location("/a"), again)));  // the server may have changed
}

TotalTimeout thrown_by(RequestBuilder request) {
  try {
    run(std::move(request));
  } catch (const TotalTimeout& failure) {
    return failure;
  }
  throw std::logic_error("no failure");
}

TEST_CASE("a chain gives the last response, its URL and its history") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  server.answer(301)
      .header("Location", "/b?x#f")
      .header("Content-Length", "7")
      .body("moved")
      .body(Piece("on", 50ms));
  server.answer(307).header("Location", "https://o/c");
  server.answer(200).body("end");
  const Response response =
      run(session.post("http://u:p@h/a").form("k", "v").header("Cookie", "c"));
  CHECK(response.body() == "end");
  CHECK(response.url() == "https://o/c");
  REQUIRE(response.history().size() == 2);
  CHECK(response.history()[0].status_code() == 301);
  CHECK(response.history()[0].url() == "http://h/a");
  CHECK(response.history()[1].status_code() == 307);
  CHECK(response.history()[1].url() == "http://h/b?x");
  REQUIRE(server.sent().size() == 3);
  CHECK(server.sent()[1].method == "GET");
  CHECK_FALSE(server.sent()[1].has_body);
  CHECK(server.sent()[1].headers.contains("Cookie"));
  CHECK(server.sent()[1].headers.contains("Authorization"));
  CHECK_FALSE(server.sent()[1].headers.contains("Content-Type"));
  CHECK_FALSE(server.sent()[2].headers.contains("Cookie"));
  CHECK_FALSE(server.sent()[2].headers.contains("Authorization"));
  CHECK(server.aborted() == 0);  // read to its end, so that the connection can be used again
}

TEST_CASE("a redirect's large body is dropped instead of read") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  auto& answer = server.answer(302).header("Location", "/b").header("Transfer-Encoding", "chunked");
  for (int i = 0; i < 100; ++i) answer.body(std::string(10'000, 'x'));
  CHECK(run(session.get("http://h/a")).url() == "http://h/b");
  CHECK(server.aborted() == 1);
  CHECK(server.reads() == 7);
  server.answer(302).header("Location", "/b").header("Content-Length", "65537").body("x");
  CHECK(run(session.get("http://h/a")).url() == "http://h/b");
  CHECK(server.aborted() == 2);
  CHECK(server.reads() == 7);
}

TEST_CASE("a redirect's body that ends with its connection is not waited for") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  server.answer(303).header("Location", "/b").body(Piece("never", 1h));
  CHECK(run(session.get("http://h/a")).url() == "http://h/b");
  CHECK(time.passed() == 0ms);
  CHECK(server.aborted() == 1);
}

TEST_CASE("a redirect's body neither holds the request up nor fails it") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  auto& answer = server.answer(303).header("Location", "/b").header("Content-Length", "1000");
  SECTION("it does not come") {
    answer.body(Piece("never", 1h));
    const Timeout short_ones = Timeout().read(20ms).connect(20ms);
    CHECK(run(session.get("http://h/a").timeout(short_ones)).url() == "http://h/b");
    CHECK(time.passed() == 100ms);
    CHECK(server.aborted() == 1);
  }
  SECTION("it drips") {
    for (int i = 0; i < 1000; ++i) answer.body(Piece("x", 30ms));
    CHECK(run(session.get("http://h/a")).url() == "http://h/b");
    CHECK(time.passed() == 100ms);
  }
  SECTION("it breaks off") {
    answer.body("some").body(Failure(ErrorCode::connection_closed, Phase::body, "cut"));
    CHECK(run(session.get("http://h/a")).url() == "http://h/b");
    CHECK(time.passed() == 0ms);
  }
  SECTION("the time for all of it runs out meanwhile") {
    answer.body(Piece("never", 1h));
    const auto failure = thrown_by(session.post("http://h/a").timeout(50ms));
    CHECK(time.passed() == 50ms);
    CHECK(failure.url() == "http://h/a");
    CHECK_FALSE(failure.retryable());
    CHECK(server.sent().size() == 1);
  }
  CHECK(server.open() == 0);
}

TEST_CASE("the session's redirect settings hold, and a request's own come first") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.redirect(Redirect::manual);
  server.answer(302).header("Location", "/b").body("moved");
  const Response manual = run(session.get("http://h/a"));
  CHECK(manual.status_code() == 302);
  CHECK(manual.body() == "moved");
  CHECK(manual.history().empty());
  server.answer(302).header("Location", "/b");
  CHECK_THROWS_AS(run(session.get("http://h/a").redirect(Redirect::error)), TooManyRedirects);
  session.redirect(Redirect::follow).max_redirects(1);
  server.answer(302).header("Location", "/b");
  CHECK(run(session.get("http://h/a")).url() == "http://h/b");
  server.answer(302).header("Location", "/b");
  CHECK_THROWS_AS(run(session.get("http://h/a").max_redirects(0)), TooManyRedirects);
  server.answer(302).header("Location", "/a");
  CHECK_THROWS_AS(run(session.get("http://h/a")), RedirectLoopError);
  server.answer(302).header("Location", "gopher://h/");
  CHECK_THROWS_AS(run(session.get("http://h/a")), InvalidResponseError);
  CHECK(server.open() == 0);
}

TEST_CASE("a redirect does not send a streamed body twice") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  const auto pieces = []() -> Generator<std::string> { co_yield "x"; };
  server.answer(307).header("Location", "/b");
  CHECK_THROWS_AS(run(session.post("http://h/a").body(pieces())), RequestError);
  server.answer(303).header("Location", "/b");
  CHECK(run(session.post("http://h/a").body(pieces())).url() == "http://h/b");
  server.answer(308).header("Location", "/b");
  run(session.post("http://h/a").body("bytes"));
  CHECK(server.last().body == "bytes");
}

TEST_CASE("where the platform follows redirects itself, it is told how and says where it ended") {
  const ManualTime time;
  FakeServer server;
  Capabilities capabilities = FakeServer::able();
  capabilities.manual_redirects = false;
  AsyncSession session;
  server.serve(session, capabilities);
  server.answer(302).header("Location", "/b").final_url = "http://h/final";
  const Response response = run(session.get("http://h/a").redirect(Redirect::error));
  CHECK(response.status_code() == 302);
  CHECK(response.url() == "http://h/final");
  CHECK(server.sent().size() == 1);
  CHECK(server.last().redirect == Redirect::error);
}

}  // namespace
}  // namespace reqivo
