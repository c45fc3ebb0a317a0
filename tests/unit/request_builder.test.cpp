// Request builders over a scripted transport: what is sent, and what is refused before anything is.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <reqivo/errors.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <reqivo/version.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"
#include "upload_length.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::FakeServer;
using test::ManualTime;
using test::Sent;

struct Point {
  int x = 1;
  int y = 2;
  friend void to_json(nlohmann::json& to, const Point& from) {
    to = nlohmann::json{{"x", from.x}, {"y", from.y}};
  }
};

struct Unwritable {
  friend void to_json(nlohmann::json& to, const Unwritable&) { to = nlohmann::json::array().at(1); }
};

Generator<std::string> three_pieces() {
  co_yield "one";
  co_await sleep(1s);
  co_yield "two";
  co_yield "three";
}

class Fixture {
 public:
  Fixture() { server.serve(session); }
  RequestBuilder post() { return session.post("http://h/"); }
  const Sent& send(RequestBuilder builder) {
    run(std::move(builder));
    return server.last();
  }
  /// The failure of a request that must not reach the server, or reaches it `sent` times.
  ErrorCode refused(RequestBuilder builder, std::size_t sent = 0) {
    const std::size_t before = server.sent().size() + sent;
    ErrorCode code = ErrorCode::other;
    try {
      run(std::move(builder));
      FAIL_CHECK("nothing thrown");
    } catch (const Error& error) {
      code = error.code();
      CHECK(std::string(error.what()).find_first_of("\r\n") == std::string::npos);
    }
    CHECK(server.sent().size() == before);
    return code;
  }

  ManualTime time;
  FakeServer server;
  AsyncSession session;
};

TEST_CASE("the version is one text") {
  const std::string version = std::to_string(REQIVO_VERSION_MAJOR) + "." +
                              std::to_string(REQIVO_VERSION_MINOR) + "." +
                              std::to_string(REQIVO_VERSION_PATCH);
  CHECK(version == REQIVO_VERSION);
  Fixture f;
  CHECK(f.send(f.post()).headers.get("User-Agent") == "reqivo/" + version);
  CHECK(f.server.last().headers.get("Accept") == "*/*");
}

TEST_CASE("header sets, add_header repeats, headers replaces by name") {
  Fixture f;
  const Sent& sent = f.send(
      f.post().header("X-A", "1").header("x-a", " 2 ").add_header("X-A", "3").header("X-B", "1"));
  CHECK(sent.headers.get_all("X-A") == std::vector<std::string_view>{"2", "3"});
  Headers fields;
  fields.add("x-a", "8").add("X-A", "9").add("X-C", "7");
  const Sent& replaced = f.send(f.post().header("X-A", "1").header("X-B", "1").headers(fields));
  CHECK(replaced.headers.get_all("X-A") == std::vector<std::string_view>{"8", "9"});
  CHECK(replaced.headers.get("X-B") == "1");
  CHECK(replaced.headers.get("X-C") == "7");
}

TEST_CASE("parameters of every kind go into the query, after what is there") {
  Fixture f;
  const std::optional<std::string> none;
  const std::optional<int> number = 5;
  const std::string url = f.send(f.session.get("http://h/p?a=b#frag")
                                     .param("q", "two words&=+")
                                     .param("int", -3)
                                     .param("big", std::uint64_t{18446744073709551615U})
                                     .param("small", static_cast<short>(7))
                                     .param("yes", true)
                                     .param("half", 0.5)
                                     .param("tenth", 0.1F)
                                     .param("double", 0.1)
                                     .param("long", 1.0L / 3)
                                     .param("longest", -std::numeric_limits<double>::min())
                                     .param("none", none)
                                     .param("some", number)
                                     .param("\xc3\xbc", std::string("\xc3\xa4")))
                              .url;
  CHECK(url ==
        "http://h/"
        "p?a=b&q=two%20words%26%3D%2B&int=-3&big=18446744073709551615&small=7&yes=true&half=0.5&"
        "tenth=0.1&double=0.1&long=0.3333333333333333&longest=-2.2250738585072014e-308&some=5"
        "&%C3%BC=%C3%A4");
  const std::map<std::string, int> numbers = {{"a", 1}, {"b", 2}};
  const std::vector<std::pair<std::string, std::string>> texts = {{"c", "3"}, {"c", "4"}};
  CHECK(f.send(f.session.get("http://h/").params(numbers).params(texts)).url ==
        "http://h/?a=1&b=2&c=3&c=4");
}

TEST_CASE("json sends a document, a type of one's own or a container as application/json") {
  Fixture f;
  const nlohmann::json document = {{"k", "v\xc3\xa4"}};
  CHECK(f.send(f.post().json(document)).body == "{\"k\":\"v\xc3\xa4\"}");
  CHECK(f.server.last().headers.get("Content-Type") == "application/json");
  CHECK(f.send(f.post().json(Point())).body == R"({"x":1,"y":2})");
  CHECK(f.send(f.post().json(std::vector<int>(2, 7))).body == "[7,7]");
  CHECK(f.send(f.post().json("text")).body == "\"text\"");
  CHECK(f.send(f.post().json(document).content_type("application/vnd.api+json"))
            .headers.get_all("content-type") ==
        std::vector<std::string_view>{"application/vnd.api+json"});
}

TEST_CASE("JSON whose keys have an order keeps it") {
  Fixture f;
  nlohmann::ordered_json document;
  document["z"] = 1;
  document["a"] = 2;
  CHECK(f.send(f.post().json(document)).body == R"({"z":1,"a":2})");
  CHECK(f.server.last().headers.get("Content-Type") == "application/json");
  document["a"] = "\xff";
  CHECK(f.refused(f.post().json(document)) == ErrorCode::json);
}

TEST_CASE("what cannot be written as JSON is JsonError without the text, and nothing is sent") {
  Fixture f;
  const nlohmann::json bad = "secret \xff";
  CHECK(f.refused(f.post().json(bad)) == ErrorCode::json);
  CHECK_THROWS_AS(run(f.post().json(bad)), JsonError);
  CHECK_THROWS_AS(run(f.post().json(std::string("\xff"))), JsonError);
  CHECK_THROWS_AS(run(f.post().json(Unwritable())), JsonError);
  try {
    run(f.post().json(bad));
  } catch (const JsonError& error) {
    CHECK(std::string(error.what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("bytes are sent as they are, with a Content-Type only where one is set") {
  Fixture f;
  const std::string bytes("a\0b\xff", 4);
  CHECK(f.send(f.post().body(bytes)).body == bytes);
  CHECK(f.server.last().length == 4U);
  CHECK_FALSE(f.server.last().headers.contains("Content-Type"));
  CHECK(f.send(f.post().body("x").content_type("text/plain")).headers.get("Content-Type") ==
        "text/plain");
  CHECK(f.send(f.post().content_type("a/b").body("x").content_type("c/d"))
            .headers.get_all("Content-Type") == std::vector<std::string_view>{"c/d"});
  CHECK(f.send(f.post().body("")).has_body);
  CHECK_FALSE(f.send(f.post()).has_body);
  CHECK(f.send(f.session.get("http://h/").body("on GET")).body == "on GET");
}

TEST_CASE("forms are encoded and add up") {
  Fixture f;
  CHECK(f.send(f.post().form("k y", "v &=+\xc3\xa4").form("", "").form("k y", "2")).body ==
        "k+y=v+%26%3D%2B%C3%A4&=&k+y=2");
  CHECK(f.server.last().headers.get("Content-Type") == "application/x-www-form-urlencoded");
}

TEST_CASE("a generator is streamed, with a length where it is told") {
  Fixture f;
  CHECK(f.send(f.post().body(three_pieces())).body == "onetwothree");
  CHECK(f.server.last().streamed);
  CHECK_FALSE(f.server.last().length);
  CHECK(f.send(f.post().body(three_pieces(), 11)).length == 11U);
  const auto failing = []() -> Generator<std::string> {
    co_yield "x";
    throw std::out_of_range("mine");
  };
  CHECK_THROWS_AS(run(f.post().body(failing())), std::out_of_range);
  CHECK_THROWS_AS(run(wait_for(f.post().body(three_pieces()), 500ms)), WaitTimeoutError);
  CHECK(f.server.open() == 0);
}

TEST_CASE("a streamed body is held against its length to the byte, and an answer against 300") {
  detail::UploadLength exact(5);
  CHECK_FALSE(exact.take(3));
  CHECK(exact.end());
  CHECK_FALSE(exact.take(2));
  CHECK_FALSE(exact.end());
  CHECK_FALSE(exact.take(0));
  CHECK(exact.take(1));
  detail::UploadLength any(std::nullopt);
  CHECK_FALSE(any.take(1000));
  CHECK_FALSE(any.end());
  CHECK_FALSE(detail::refuses_upload(299));
  CHECK(detail::refuses_upload(300));
}

TEST_CASE("a request has one body") {
  Fixture f;
  const nlohmann::json document = 1;
  CHECK(f.refused(f.post().body("a").body("b")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().json(document).json(document)) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().json(document).form("k", "v")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().form("k", "v").json(document)) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().form("k", "v").body("")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().body("").body(three_pieces())) == ErrorCode::invalid_request);
  CHECK_THROWS_AS(run(f.post().body("a").body("b")), RequestError);
}

TEST_CASE("headers and methods that would break the message are RequestError") {
  Fixture f;
  const std::string_view bad_texts[] = {"a\r\nb: c", "a\nb", std::string_view("a\0b", 3), "a\rb"};
  for (const std::string_view bad : bad_texts) {
    CHECK(f.refused(f.post().header("X-A", bad)) == ErrorCode::invalid_request);
    CHECK(f.refused(f.post().add_header(bad, "x")) == ErrorCode::invalid_request);
    CHECK(f.refused(f.post().content_type(bad)) == ErrorCode::invalid_request);
    CHECK(f.refused(f.post().bearer_token(bad)) == ErrorCode::invalid_request);
    CHECK(f.refused(f.session.request(bad, "http://h/")) == ErrorCode::invalid_request);
  }
  CHECK(f.refused(f.post().header("", "x")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().header("X A", "x")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.session.request("", "http://h/")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.session.request("GE T", "http://h/")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.session.request("connect", "http://h/")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.post().basic_auth("a:b", "c")) == ErrorCode::invalid_request);
  CHECK(f.send(f.post().basic_auth("a", "b:\r\n")).headers.get("Authorization") ==
        "Basic YTpiOg0K");
}

TEST_CASE("the first refusal wins, names method and URL, and comes before a bad URL") {
  Fixture f;
  try {
    run(f.session.put("http://u:p@h/a?b").body("1").body("2").header("a b", "c"));
    FAIL("nothing thrown");
  } catch (const RequestError& error) {
    CHECK(error.method() == "PUT");
    CHECK(error.url() == "http://h/a");
    CHECK(std::string(error.what()).find("more than one body") != std::string::npos);
  }
  CHECK_THROWS_AS(run(f.session.get("no url").header("a b", "c")), RequestError);
}

TEST_CASE("what the backend cannot do is refused when the request is sent") {
  Fixture f;
  Capabilities capabilities = FakeServer::able();
  capabilities.backend = "weak";
  capabilities.manual_redirects = false;
  capabilities.raw_body = false;
  capabilities.connection_limits = false;
  capabilities.stored_credentials = false;
  capabilities.body_on_get = false;
  capabilities.all_headers = false;
  f.server.serve(f.session, capabilities);
  CHECK(f.refused(f.post().redirect(Redirect::manual)) == ErrorCode::unsupported);
  CHECK(f.refused(f.post().max_redirects(1)) == ErrorCode::unsupported);
  CHECK(f.refused(f.post().decode(false)) == ErrorCode::unsupported);
  CHECK(f.refused(f.post().timeout(Timeout().pool(1s))) == ErrorCode::unsupported);
  CHECK(f.refused(f.post().fetch(FetchOptions().credentials(Credentials::include))) ==
        ErrorCode::unsupported);
  CHECK(f.refused(f.session.get("http://h/").body("x")) == ErrorCode::invalid_request);
  CHECK(f.refused(f.session.head("http://h/").form("a", "b")) == ErrorCode::invalid_request);
  try {
    run(f.post().decode(false));
  } catch (const UnsupportedError& error) {
    CHECK(std::string(error.what()).find("decode(false)") != std::string::npos);
    CHECK(std::string(error.what()).find("weak") != std::string::npos);
  }
  const Sent& sent = f.send(f.post().redirect(Redirect::error).decode(true).body("x"));
  CHECK(sent.headers.empty());  // the platform has its own
}

TEST_CASE("fetch settings that the backend lacks are refused by their names") {
  Fixture f;
  Capabilities capabilities = FakeServer::able();
  capabilities.stored_credentials = false;
  capabilities.http_cache = false;
  capabilities.integrity = false;
  f.server.serve(f.session, capabilities);
  const auto refusal = [&f](const FetchOptions& options) -> std::string {
    try {
      run(f.post().fetch(options));
    } catch (const UnsupportedError& error) {
      return error.what();
    }
    return "sent";
  };
  CHECK_THAT(refusal(FetchOptions().integrity("sha256-x")), ContainsSubstring("integrity is not"));
  CHECK_THAT(refusal(FetchOptions().cache(CacheMode::only_if_cached)),
             ContainsSubstring("cache(only_if_cached)"));
  CHECK_THAT(refusal(FetchOptions().credentials(Credentials::same_origin)),
             ContainsSubstring("credentials(same_origin)"));
}

TEST_CASE("decode is handed to the transport, and a request's own comes first") {
  Fixture f;
  CHECK(f.send(f.post()).decode);
  CHECK_FALSE(f.send(f.post().decode(false)).decode);
  f.session.decode(false);
  CHECK_FALSE(f.send(f.post()).decode);
  CHECK(f.send(f.post().decode(true)).decode);
}

TEST_CASE("a generator with a name is taken over") {
  Fixture f;
  Generator<std::string> pieces = three_pieces();
  CHECK(f.send(f.post().body(pieces)).body == "onetwothree");
  Generator<std::string> sized = three_pieces();
  RequestBuilder builder = f.post();
  builder.body(sized, 11);
  CHECK(f.send(std::move(builder)).length == 11);
  Generator<std::string> chained = three_pieces();
  CHECK(f.send(f.post().body(chained, 11)).length == 11);
}

TEST_CASE("a generator that was given away before is refused as a body") {
  Fixture f;
  Generator<std::string> pieces = three_pieces();
  f.send(f.post().body(pieces));
  CHECK_THROWS_AS(f.send(f.post().body(pieces)), RequestError);
  CHECK_THROWS_AS(f.send(f.post().body(pieces, 11)), RequestError);
  CHECK_THROWS_AS(f.send(f.post().body(Generator<std::string>())), RequestError);
}

TEST_CASE("a body may be a view") {
  Fixture f;
  const std::string text = "a longer text";
  CHECK(f.send(f.post().body(std::string_view(text).substr(2, 6))).body == "longer");
  RequestBuilder builder = f.post();
  builder.body(std::string_view("named"));
  CHECK(f.send(std::move(builder)).body == "named");
}

TEST_CASE("a later timeout replaces what it sets of an earlier one, and no more") {
  Fixture f;
  f.server.answer().before_head(1h);
  const auto both = Timeout().connect(3s).read(30s);
  CHECK(f.refused(f.post().timeout(100ms).timeout(both), 1) == ErrorCode::total_timeout);
  f.server.answer().before_head(1h);
  const auto reading = Timeout().read(100ms);
  CHECK(f.refused(f.post().timeout(reading).timeout(10s), 1) == ErrorCode::read_timeout);
  CHECK(f.time.passed() == 200ms);
}

// Copies would share what can be sent once only.
static_assert(!std::is_copy_constructible_v<RequestBuilder>);
static_assert(!std::is_copy_assignable_v<RequestBuilder>);
static_assert(!std::is_copy_constructible_v<BlockingRequestBuilder>);

// A literal 0 would be taken for a null pointer, of which no text can be made.
template <class Builder>
concept TakesZero = requires(Builder builder) {
  builder.header("X-A", 0);
}
|| requires(Builder builder) { builder.add_header("X-A", 0); }
|| requires(Builder builder) { builder.form("a", 0); };
// Nobody knows whether a character is meant as text or as a number.
template <class Builder>
concept TakesCharacters = requires(Builder builder) {
  builder.param("a", 'c');
}
|| requires(Builder builder) { builder.param("a", u8'c'); }
|| requires(Builder builder) { builder.param("a", L'c'); };
static_assert(!TakesZero<RequestBuilder> && !TakesZero<BlockingRequestBuilder>);
template <class Builder>
concept TakesNull = requires(Builder builder) {
  builder.param("a", nullptr);
};
static_assert(!TakesNull<RequestBuilder> && !TakesNull<BlockingRequestBuilder>);
static_assert(!TakesCharacters<RequestBuilder> && !TakesCharacters<BlockingRequestBuilder>);

TEST_CASE("a named builder is sent once, by whatever takes it") {
  Fixture f;
  RequestBuilder twice = f.post().header("X-A", "1").body("all of it");
  const auto both = [](RequestBuilder& named) -> Task<void> {
    auto [first, second] = co_await gather(return_exceptions, named, named);
    CHECK(first.has_value());
    CHECK_FALSE(second.has_value());
    CHECK_THROWS_AS(second.value(), std::logic_error);
  };
  run(both(twice));
  CHECK(f.server.sent().size() == 1);
  CHECK(f.server.last().body == "all of it");

  RequestBuilder waited = f.post();
  const auto wait = [](RequestBuilder& named) -> Task<void> {
    static_cast<void>(co_await wait_for(named, 2s));
    CHECK_THROWS_AS(co_await wait_for(named, 2s), std::logic_error);
  };
  run(wait(waited));
  RequestBuilder started = f.post();
  const auto start = [](RequestBuilder& named) -> Task<void> {
    auto handle = create_task(named);
    static_cast<void>(co_await handle);
    CHECK_THROWS_AS(co_await named, std::logic_error);
  };
  run(start(started));
  CHECK(f.server.sent().size() == 3);
}

TEST_CASE("a named builder need not outlive what awaits it") {
  Fixture f;
  const auto send = [](Fixture& fixture) {
    RequestBuilder named = fixture.post().body("waited for");
    return wait_for(named, 2s);
  };
  static_cast<void>(run(send(f)));
  CHECK(f.server.last().body == "waited for");
  const auto send_two = [](Fixture& fixture) {
    RequestBuilder one = fixture.post();
    RequestBuilder other = fixture.post().body("gathered");
    return gather(one, other);
  };
  static_cast<void>(run(send_two(f)));
  CHECK(f.server.last().body == "gathered");
}

TEST_CASE("every member works on a named builder, which is sent once") {
  Fixture f;
  const nlohmann::json document = 1;
  RequestBuilder builder = f.session.request("put", "http://h/");
  builder.header("X-A", "1").add_header("X-A", "2");
  builder.headers(Headers()).param("a", "b").param("c", 1).param("d", false);
  builder.param("e", std::optional<int>()).params(std::map<std::string, std::string>());
  builder.json(document);
  builder.content_type("text/x").timeout(3s).timeout(Timeout().read(1s));
  builder.redirect(Redirect::follow).max_redirects(1).decode(true);
  builder.basic_auth("u", "p").bearer_token("t");
  const auto await = [](RequestBuilder& named) -> Task<int> {
    const Response response = co_await named;
    co_return response.status_code();
  };
  CHECK(run(await(builder)) == 200);
  CHECK(f.server.last().method == "PUT");
  CHECK(f.server.last().url == "http://h/?a=b&c=1&d=false");
  CHECK(f.server.last().headers.get("Authorization") == "Bearer t");
  CHECK(f.server.last().headers.get("Content-Type") == "text/x");
  CHECK_THROWS_AS(run(await(builder)), std::logic_error);
  CHECK_THROWS_AS(builder.header("a", "b"), std::logic_error);
  CHECK_THROWS_AS(builder.stream(), std::logic_error);
}

}  // namespace
}  // namespace reqivo
