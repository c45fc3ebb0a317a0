// Buffered responses: what they tell, and the ways to their body.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <reqivo/errors.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using test::FakeServer;
using test::ManualTime;
using Strings = std::vector<std::string>;

/// Asks for a member whose name has two lines.
struct BadlyNamed {
  friend void from_json(const nlohmann::json& from, BadlyNamed&) {
    static_cast<void>(from.at("line\r\nbreak"));
  }
};

struct Point {
  int x = 0;
  int y = 0;
  friend void from_json(const nlohmann::json& from, Point& to) {
    from.at("x").get_to(to.x);
    from.at("y").get_to(to.y);
  }
};

class Fixture {
 public:
  Fixture() { server.serve(session); }
  Response get(const std::string& body) {
    server.answer().body(body);
    return run(session.get("http://h/p?q#f"));
  }
  ManualTime time;
  FakeServer server;
  AsyncSession session;
};

template <class Range>
Strings strings(const Range& range) {
  Strings all;
  for (const std::string_view part : range) all.emplace_back(part);
  return all;
}

static_assert(std::is_copy_constructible_v<Response>);
static_assert(std::is_nothrow_move_constructible_v<Response>);
static_assert(std::is_nothrow_move_assignable_v<Response>);
static_assert(!std::is_copy_constructible_v<StreamResponse>);
static_assert(std::is_nothrow_move_constructible_v<StreamResponse> &&
              std::is_nothrow_move_assignable_v<StreamResponse>);

TEST_CASE("a response tells status, reason, version, URL, headers, time and body") {
  Fixture f;
  auto& answer = f.server.answer(299);
  answer.reason = "Fine";
  answer.header("Content-Type", "text/plain").header("Set-Cookie", "a").header("set-cookie", "b");
  answer.before_head(1s).body("bo").body(test::Piece("dy", 2s));
  const Response response = run(f.session.get("http://h/p?q#f"));
  CHECK(response.status_code() == 299);
  CHECK(response.reason() == "Fine");
  CHECK(response.ok());
  CHECK(response.http_version() == "1.1");
  CHECK(response.url() == "http://h/p?q");
  CHECK(response.headers().get("content-type") == "text/plain");
  CHECK(response.headers().get_all("Set-Cookie").size() == 2);
  CHECK(response.history().empty());
  CHECK(response.elapsed() == 3s);
  CHECK(response.body() == "body");
  CHECK(response.text() == "body");
}

TEST_CASE("a response outlives its session, copies and hands its body out") {
  Response response;
  {
    Fixture f;
    response = f.get("body");
  }
  const Response copy = response;
  const std::string taken = std::move(response).body();
  CHECK(taken == "body");
  CHECK(copy.body() == "body");
}

TEST_CASE("what a temporary response tells outlives it") {
  Fixture f;
  const std::string long_value(100, 'v');
  for (int i = 0; i < 5; ++i) {
    auto& answer = f.server.answer(200);
    answer.reason = long_value;
    answer.header("X-Long", long_value).header("X-Long", "second");
  }
  const auto get = [&f] { return run(f.session.get("http://h/p?q")); };
  const auto value = get().headers().get("X-Long");
  CHECK(value == long_value);
  std::vector<std::string> all;
  for (const auto& one : get().headers().get_all("x-long")) all.emplace_back(one);
  CHECK(all == Strings{long_value, "second"});
  const auto& reason = get().reason();
  CHECK(reason == long_value);
  const auto& url = get().url();
  CHECK(url == "http://h/p?q");
  const auto& version = get().http_version();
  CHECK(version == "1.1");
  f.server.answer(302).header("Location", "/" + long_value);
  const auto history = get().history();
  REQUIRE(history.size() == 1);
  CHECK(history.front().status_code() == 302);
  CHECK(history.front().url() == "http://h/p?q");
}

TEST_CASE("raise_for_status throws for 400 to 599 only, without the URL's secrets") {
  Fixture f;
  for (const int status : {200, 304, 399, 600, 999}) {
    f.server.answer(status);
    run(f.session.get("http://h/")).raise_for_status();
  }
  for (const int status : {199, 200, 299, 300}) {
    f.server.answer(status);
    CHECK(run(f.session.get("http://h/")).ok() == (status >= 200 && status <= 299));
  }
  for (const int status : {400, 404, 599}) {
    f.server.answer(status).reason = "Why";
    const Response response = run(f.session.put("http://u:p@h/path?token=1"));
    CHECK_FALSE(response.ok());
    try {
      response.raise_for_status();
      FAIL("nothing thrown");
    } catch (const HttpStatusError& error) {
      CHECK(error.status_code() == status);
      CHECK(error.code() == ErrorCode::http_status);
      CHECK(error.phase() == Phase::head);
      CHECK_FALSE(error.retryable());  // the server has acted on it
      CHECK(error.method() == "PUT");
      CHECK(error.url() == "http://h/path");
      CHECK(std::string(error.what()) ==
            "PUT http://h/path answered " + std::to_string(status) + " Why");
    }
  }
}

TEST_CASE("iter_content slices what is buffered") {
  Fixture f;
  const Response response = f.get("abcdefg");
  CHECK(strings(response.iter_content(3)) == Strings{"abc", "def", "g"});
  CHECK(strings(response.iter_content(7)) == Strings{"abcdefg"});
  CHECK(strings(response.iter_content(100)) == Strings{"abcdefg"});
  CHECK(strings(f.get("ab").iter_content(1)) == Strings{"a", "b"});  // a temporary one
  CHECK(strings(Response().iter_content(1)).empty());
  CHECK_THROWS_AS(response.iter_content(0), std::invalid_argument);
}

TEST_CASE("a range over a body is a forward range: a copy of an iterator stays where it is") {
  Fixture f;
  const Response response = f.get("abcdefg");
  const auto slices = response.iter_content(3);
  auto at = slices.begin();
  const auto first = at++;
  CHECK(*first == "abc");
  CHECK(*at == "def");
  CHECK(at->size() == 3);
  CHECK(first == slices.begin());
  CHECK(first != at);
}

TEST_CASE("a range over the body of a temporary response outlives it") {
  Fixture f;
  const std::string part(100, 'p');  // more than a string holds in itself
  Strings slices;
  for (const std::string_view slice : f.get(part + part).iter_content(100)) {
    slices.emplace_back(slice);
  }
  CHECK(slices == Strings{part, part});
  Strings lines;
  for (const std::string_view line : f.get(part + '\n' + part).iter_lines()) {
    lines.emplace_back(line);
  }
  CHECK(lines == Strings{part, part});
}

TEST_CASE("iter_lines gives the lines of what is buffered") {
  Fixture f;
  const Response response = f.get("a\nb\r\n\rc");
  CHECK(strings(response.iter_lines()) == Strings{"a", "b", "", "c"});
  CHECK(strings(f.get("a\n").iter_lines()) == Strings{"a"});
  CHECK(strings(f.get("a\r\n").iter_lines()) == Strings{"a"});
  CHECK(strings(f.get("a\n\n\nb\r\rc\r\n\r\nd").iter_lines()) ==
        Strings{"a", "", "", "b", "", "c", "", "d"});
  CHECK(strings(Response().iter_lines()).empty());
}

TEST_CASE("json parses the body, and json<T> converts it") {
  Fixture f;
  const Response response = f.get(R"({"x": 1, "y": 2})");
  CHECK(response.json().at("y") == 2);
  CHECK(response.json<Point>().x == 1);
  CHECK(f.get("[1,2]").json<std::vector<int>>() == std::vector<int>{1, 2});
}

TEST_CASE("json of a kind that keeps the order of keys keeps it") {
  Fixture f;
  const std::string text = R"({"z":{"y":1,"b":[{"d":null,"c":0.5}]},"a":"\u00fc"})";
  const auto document = f.get(text).json<nlohmann::ordered_json>();
  CHECK(document.dump(-1, ' ', true) == text);
  CHECK(f.get(R"({"b":1,"a":2,"b":3})").json<nlohmann::ordered_json>().dump() ==
        R"({"b":3,"a":2})");
  CHECK_THROWS_AS(f.get("{").json<nlohmann::ordered_json>(), JsonError);
}

TEST_CASE("json gives what nlohmann::json::parse gives, and knows where it fails") {
  Fixture f;
  for (const std::string text :
       {R"(null)", R"(true)", R"(-1)", R"(18446744073709551615)", R"(-2.5e-3)", R"("")",
        R"("\u00fc\ud83d\ude00\"")", R"([])", R"({})",
        R"([[],[{}],{"a":[]},"x",[1,[2,[3]]],null,false])",
        R"({"a":{"b":{"c":[1,{"d":2}]},"e":3},"f":[],"g":{}})", R"({"a":[1,2],"b":1,"a":{"c":2}})",
        R"({"a":1,"a":2})", R"( [ 1 , 2 ] )", "\xEF\xBB\xBF[1]"}) {
    INFO(text);
    const nlohmann::json value = f.get(text).json();
    CHECK(value == nlohmann::json::parse(text));
    CHECK(value.dump() == nlohmann::json::parse(text).dump());
  }
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(f.get(nested(128)).json().dump() == nested(128));
  CHECK_THROWS_WITH(f.get(nested(129)).json(), ContainsSubstring("nested deeper than 128"));
  CHECK_THROWS_WITH(f.get(nested(100'000)).json(), ContainsSubstring("nested deeper"));
  for (const std::string text : {"", "[1,]", "{", R"({"a")", R"({"a":})", R"([1,2)", R"(["a)",
                                 "nul", "[1] 2", R"({"a":[1,{"b":]}})", "\"\xff\""}) {
    INFO(text);
    std::size_t at = 0;
    try {
      const nlohmann::json none = nlohmann::json::parse(text);
      FAIL_CHECK(none.dump());
    } catch (const nlohmann::json::parse_error& error) {
      at = error.byte;
    }
    CHECK_THROWS_WITH(f.get(text).json(), ContainsSubstring("wrong at byte " + std::to_string(at)));
  }
  // To nlohmann's parser a NUL is the end of the text.
  for (const std::string& text : {"[1]\0[2]"s, "[1]\0"s, "[1\0]"s, "\0"s}) {
    CHECK_THROWS_AS(f.get(text).json(), JsonError);
  }
  CHECK_THROWS_WITH(f.get("[1]\0[2]"s).json(), ContainsSubstring("wrong at byte 4"));
  CHECK_THROWS_WITH(f.get("[1e999]").json(), ContainsSubstring("a number is too large"));
}

TEST_CASE("JSON that does not parse or fit is JsonError, which repeats nothing of the text") {
  Fixture f;
  const std::string beginning = "http://h/p gave";  // and not the query
  for (const char* const text : {"", "{secret", "[1,]", "\"\xff secret\"", "{} secret", "1e999"}) {
    INFO(text);
    try {
      static_cast<void>(f.get(text).json());
      FAIL_CHECK("nothing thrown");
    } catch (const JsonError& error) {
      const std::string what = error.what();
      CHECK(what.find("secret") == std::string::npos);
      CHECK(what.find('\n') == std::string::npos);
      CHECK(what.find(beginning) != std::string::npos);
      CHECK(error.code() == ErrorCode::json);
    }
  }
  try {
    static_cast<void>(f.get("[]").json<int>());
    FAIL_CHECK("nothing thrown");
  } catch (const JsonError& error) {
    CHECK(std::string(error.what()).find(beginning) != std::string::npos);
  }
  try {
    static_cast<void>(f.get("{}").json<BadlyNamed>());
    FAIL_CHECK("nothing thrown");
  } catch (const JsonError& error) {
    CHECK(std::string_view(error.what()).find_first_of("\r\n") == std::string_view::npos);
  }
  CHECK_THROWS_AS(f.get(R"({"x": 1})").json<Point>(), JsonError);
  CHECK_THROWS_AS(f.get(R"({"x": "1", "y": 2})").json<Point>(), JsonError);
  CHECK_THROWS_AS(f.get("[]").json<int>(), JsonError);
}

TEST_CASE("a limit on buffered bodies is exact, and an honest Content-Length is refused unread") {
  Fixture f;
  f.session.limits(Limits().body_size(4));
  CHECK(f.get("1234").body() == "1234");
  CHECK_THROWS_AS(f.get("12345"), InvalidResponseError);
  f.server.answer().body("12").body("34");
  CHECK(run(f.session.get("http://h/")).body() == "1234");
  f.server.answer().header("Content-Length", "4").body("12").body("34");
  CHECK(run(f.session.get("http://h/")).body() == "1234");
  f.server.answer().body("12").body("345");
  try {
    run(f.session.get("http://h/"));
    FAIL("nothing thrown");
  } catch (const InvalidResponseError& error) {
    CHECK(error.code() == ErrorCode::limit_exceeded);
    CHECK(error.phase() == Phase::body);
  }
  const std::size_t reads = f.server.reads();
  f.server.answer().header("Content-Length", "5").body("12345");
  CHECK_THROWS_AS(run(f.session.get("http://h/")), InvalidResponseError);
  CHECK(f.server.reads() == reads);
  f.server.answer().header("Content-Length", "5").header("Content-Encoding", "gzip").body("1234");
  CHECK(run(f.session.get("http://h/")).body() == "1234");
  f.server.answer().header("Content-Length", "5");  // as to HEAD
  CHECK(run(f.session.head("http://h/")).body().empty());
  CHECK(f.server.open() == 0);
}

TEST_CASE("a limit on buffered bodies may be that of one request") {
  Fixture f;
  f.session.limits(Limits().body_size(4));
  f.server.answer().body("12345");
  CHECK(run(f.session.get("http://h/").limits(Limits().body_size(5))).body() == "12345");
  f.server.answer().body("12345");
  CHECK(run(f.session.get("http://h/").limits(Limits())).body() == "12345");
  f.server.answer().body("123");
  CHECK_THROWS_AS(run(f.session.get("http://h/").limits(Limits().body_size(2))),
                  InvalidResponseError);
  const auto refused = [&f](const Limits& limits) {
    CHECK_THROWS_WITH(run(f.session.get("http://h/").limits(limits)),
                      ContainsSubstring("only body_size"));
  };
  refused(Limits().body_size(9).connections(1));
  refused(Limits().upload_buffer(1));
}

TEST_CASE("a request that failed holds nothing open, though nobody has asked how it ended") {
  Fixture f;
  f.session.limits(Limits().body_size(4));
  f.server.answer().body("12345").body("6");
  auto failed = create_task(f.session.get("http://h/"));
  f.time.settle();
  REQUIRE(failed.done());
  CHECK(f.server.open() == 0);
  CHECK(f.server.aborted() == 1);
  CHECK_THROWS_AS(run(wait_for(std::move(failed), 1s)), InvalidResponseError);
}

TEST_CASE("a Content-Length that lies costs no memory") {
  Fixture f;
  f.server.answer().header("Content-Length", "999999999999").body("a").body("b");
  const Response response = run(f.session.get("http://h/"));
  CHECK(response.body() == "ab");
  CHECK(response.body().capacity() <= 2 * 1024 * 1024);
  f.server.answer().header("Content-Length", "many").body("a").body("b");
  CHECK(run(f.session.get("http://h/")).body() == "ab");
}

TEST_CASE("a body that is one piece is not copied") {
  Fixture f;
  const std::string large(100'000, 'x');
  f.server.answer().header("Content-Length", "100000").body(large);
  const Response response = run(f.session.get("http://h/"));
  CHECK(response.body() == large);
  CHECK(response.body().capacity() < 110'000);
}

TEST_CASE("failures of the transport come out as their types, with method and redacted URL") {
  Fixture f;
  f.server.fail(ErrorCode::dns, Phase::resolve);
  CHECK_THROWS_AS(run(f.session.get("http://h/")), DnsError);
  f.server.fail(ErrorCode::tls, Phase::tls);
  CHECK_THROWS_AS(run(f.session.get("http://h/").stream()), TlsError);
  f.server.answer().body("x").body(detail::Failure(ErrorCode::decoding, Phase::body, "cut"));
  try {
    run(f.session.post("http://u:p@h/a?b#c"));
    FAIL("nothing thrown");
  } catch (const DecodingError& error) {
    CHECK(error.method() == "POST");
    CHECK(error.url() == "http://h/a");
  }
  CHECK(f.server.open() == 0);
}

}  // namespace
}  // namespace reqivo
