// What only the Fetch API has, and what must hold of the bridge to it.
#include <emscripten/heap.h>

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"
#include "wasm/settled.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

Generator<std::string> mebibytes(int count) {
  for (int i = 0; i < count; ++i) co_yield std::string(mebibyte, 'm');
}

Task<std::size_t> uploaded(RequestBuilder request) {
  const Response response = co_await std::move(request);
  response.raise_for_status();
  const nlohmann::json seen = response.json();
  co_return seen.at("bytes").get<std::size_t>();
}

}  // namespace

TEST_CASE("a User-Agent is sent, or refused where the browser would drop it", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    try {
      const Echo echo = co_await echo_of(session.get("/headers").header("User-Agent", "mine/1"));
      CHECK(echo.header("User-Agent") == "mine/1");
    } catch (const UnsupportedError& refused) {
      CHECK(std::string(refused.what()).find("User-Agent") != std::string::npos);
    }
  });
}

TEST_CASE("10,000 aborted requests leave no handle and no memory behind", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::size_t after_warm_up = 0;
    for (int round = 0; round < 100; ++round) {
      std::vector<JoinHandle<Response>> requests;
      for (int i = 0; i < 100; ++i) requests.push_back(create_task(session.get("/stall")));
      CHECK(fetches_held() == 100);
      co_await sleep(0ms);  // only now are they sent
      requests.clear();
      CHECK(fetches_held() == 0);
      // And it lets the browser catch up: Chromium refuses what comes while thousands of requests
      // are on their way to be cancelled.
      const Response after = co_await session.get("/get");
      CHECK(after.ok());
      if (round == 20) after_warm_up = emscripten_get_heap_size();
    }
    CHECK(emscripten_get_heap_size() == after_warm_up);
  });
  CHECK(fetches_held() == 0);
}

TEST_CASE("256 MiB are streamed through a few MiB of wasm memory", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::size_t before = emscripten_get_heap_size();
    StreamResponse stream = co_await session.get("/big/268435456").stream();
    std::size_t size = 0;
    while (auto chunk = co_await stream.read()) size += chunk->size();
    CHECK(size == 256 * mebibyte);
    CHECK(emscripten_get_heap_size() - before < 8 * mebibyte);
  });
}

TEST_CASE("memory may grow while a body arrives", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/big/67108864").stream();
    // What is kept are the arriving chunks: it is their memory that makes the whole grow.
    std::vector<std::string> kept;
    std::size_t size = 0;
    const std::size_t before = emscripten_get_heap_size();
    while (auto chunk = co_await stream.read()) {
      size += chunk->size();
      kept.push_back(std::move(*chunk));
    }
    CHECK(size == 64 * mebibyte);
    CHECK(emscripten_get_heap_size() > before);
    StreamResponse seeded = co_await session.get("/bytes/8388608?seed=5").stream();
    std::string body;
    while (auto chunk = co_await seeded.read()) body += *chunk;
    CHECK(body == seeded_bytes(8388608, 5));
  });
}

TEST_CASE("a header that the platform keeps to itself is UnsupportedError", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* name : {"Host", "connection", "Content-Length", "Transfer-Encoding"}) {
      CAPTURE(name);
      const auto failure =
          co_await failure_of<UnsupportedError>(session.get("/get").header(name, "1"));
      CHECK(std::string(failure.what()).find(name) != std::string::npos);
    }
    for (const char* name : {"Cookie", "Origin", "Sec-Fetch-Mode", "Proxy-Authorization"}) {
      CAPTURE(name);
      if (test_target() == "node") break;
      static_cast<void>(
          co_await failure_of<UnsupportedError>(session.get("/get").header(name, "1")));
    }
    session.on_request([](Request& request) { request.headers().set("Date", "now"); });
    if (test_target() != "node") {
      static_cast<void>(co_await failure_of<UnsupportedError>(session.get("/get")));
    }
  });
}

TEST_CASE("the method may not be smuggled in a header", "[fetch]") {
  if (test_target() == "node") SKIP("node has no forbidden methods");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const smuggled : {"TRACE", "track, PUT", "PUT ,\tconnect ", ",TRACE"}) {
      CAPTURE(smuggled);
      static_cast<void>(co_await failure_of<UnsupportedError>(
          session.get("/get").header("X-HTTP-Method-Override", smuggled)));
    }
    for (const char* const harmless : {"PATCH", "PUT, PATCH", "TRACE PUT", ""}) {
      CAPTURE(harmless);
      const Echo echo =
          co_await echo_of(session.get("/get").header("X-HTTP-Method-Override", harmless));
      CHECK(echo.header("X-Http-Method-Override") == harmless);
    }
  });
}

TEST_CASE("integrity accepts the digest's body and no other", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    // SHA-256 of "hello"
    const FetchOptions hello =
        FetchOptions().integrity("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    const Response good = co_await session.get("/encoded?coding=identity&body=hello").fetch(hello);
    CHECK(good.body() == "hello");
    static_cast<void>(co_await failure_of<NetworkError>(
        session.get("/encoded?coding=identity&body=other").fetch(hello)));
    // It is of what a redirect leads to.
    const std::string there = "/redirect-to?url=/encoded%3Fcoding%3Didentity%26body%3D";
    const Response moved = co_await session.get(there + "hello").fetch(hello);
    CHECK(moved.body() == "hello");
    CHECK(moved.url().find("/encoded?") != std::string::npos);
    CHECK(moved.headers().contains("Content-Length"));
    static_cast<void>(co_await failure_of<NetworkError>(session.get(there + "other").fetch(hello)));
  });
}

TEST_CASE("integrity is of every answer that is handed out, whatever its status", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const FetchOptions hello =
        FetchOptions().integrity("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    for (const char* const status : {"404 Not Found", "305 Use Proxy", "306 Old"}) {
      CAPTURE(status);
      const std::string line = "HTTP/1.1 " + std::string(status);
      const std::string fields = "Location: /get\r\nContent-Length: 5\r\n";
      RawScript right;
      right.answer(line, fields, "hello");
      const Response good = co_await session.get(right.url()).fetch(hello);
      CHECK(good.body() == "hello");
      RawScript wrong;
      wrong.answer(line, fields, "other");
      static_cast<void>(co_await failure_of<NetworkError>(session.get(wrong.url()).fetch(hello)));
    }
    if (test_target() != "node") co_return;  // browsers show no answer that redirects
    static_cast<void>(co_await failure_of<NetworkError>(
        session.get("/redirect-to?url=/get").redirect(Redirect::manual).fetch(hello)));
    RawScript odd;
    odd.answer("HTTP/1.1 999 \xE2\x82\xAC", "Content-Length: 5\r\n", "hello");
    const Response answer = co_await session.get(odd.url()).fetch(hello);
    CHECK(answer.status_code() == 999);
    CHECK(answer.reason() == "\xE2\x82\xAC");
  });
}

TEST_CASE("what Node says of a failure is what the native platform says", "[fetch]") {
  if (test_target() != "node") SKIP("only Node tells causes");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const code :
         {"INVALID_CA", "INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED", "HOSTNAME_MISMATCH",
          "CERT_HAS_EXPIRED", "CRL_HAS_EXPIRED", "ERROR_IN_CERT_NOT_AFTER_FIELD"}) {
      CAPTURE(code);
      fail_next_fetch(code, "the certificate is not good");
      const auto failure = co_await failure_of<TlsError>(session.get("/get"));
      check_failure(failure, ErrorCode::tls, Phase::tls, true);
    }
    fail_next_fetch(
        "ECONNRESET",
        "Client network socket disconnected before secure TLS connection was established");
    const auto broken_off = co_await failure_of<TlsError>(session.get("/get"));
    check_failure(broken_off, ErrorCode::tls, Phase::tls, true);
    fail_next_fetch("ERR_ASSERTION", "false == true");
    static_cast<void>(co_await failure_of<InvalidResponseError>(session.get("/get")));
    RawScript folded;
    folded.send("HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 2\r\n\r\nok");
    const auto malformed = co_await failure_of<InvalidResponseError>(session.get(folded.url()));
    check_failure(malformed, ErrorCode::invalid_response, Phase::head, false);
    static_cast<void>(
        co_await failure_of<UnsupportedError>(session.get("/get").header("X-A", "a\x01")));
    static_cast<void>(
        co_await failure_of<UnsupportedError>(session.get("/get").header("__proto__", "a")));
    fail_next_fetch("", "too many content-encodings in response: 6, maximum allowed is 5");
    const auto coded = co_await failure_of<DecodingError>(session.get("/get"));
    check_failure(coded, ErrorCode::decoding, Phase::body, false);
    fail_next_fetch("ZSTD_error_prefix_unknown", "Unknown frame descriptor");
    const auto no_zstd = co_await failure_of<DecodingError>(session.get("/get"));
    check_failure(no_zstd, ErrorCode::decoding, Phase::body, false);
    fail_next_fetch("UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
                    "Response body length does not match content-length header");
    const auto refused = co_await failure_of<InvalidResponseError>(session.get("/get"));
    check_failure(refused, ErrorCode::invalid_response, Phase::head, false);
    fail_next_fetch("", "Response does not match the HTTP/1.1 protocol (Invalid EOF state)");
    const auto ended = co_await failure_of<ConnectionClosedError>(session.post("/post"));
    check_failure(ended, ErrorCode::connection_closed, Phase::head, false);
  });
}

TEST_CASE("a port that fetch blocks is a failure of the network", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const auto blocked = co_await failure_of<NetworkError>(session.get("http://127.0.0.1:1/"));
    check_failure(blocked, ErrorCode::network, Phase::head, false);
  });
}

TEST_CASE("what Node was asked twice is not called retryable, and a stream is sent once",
          "[fetch]") {
  if (test_target() != "node") SKIP("browsers have none");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response first = co_await session.get("/get");  // its connection may have been kept
    CHECK(first.ok());
    fail_next_fetch("ECONNREFUSED", "connect ECONNREFUSED");
    const auto once = co_await failure_of<ConnectError>(session.get("/get"));
    check_failure(once, ErrorCode::connect, Phase::connect, true);
    fail_next_fetch("ECONNREFUSED", "connect ECONNREFUSED");
    fail_next_fetch("UND_ERR_SOCKET", "other side closed");  // before that
    const auto twice = co_await failure_of<ConnectError>(session.get("/get"));
    check_failure(twice, ErrorCode::connect, Phase::connect, false);
    fail_next_fetch("UND_ERR_SOCKET", "other side closed");
    const auto streamed = co_await failure_of<ConnectionClosedError>(
        session.put("/upload").body(mebibytes(1), mebibyte));
    check_failure(streamed, ErrorCode::connection_closed, Phase::head, streamed.retryable());
  });
}

TEST_CASE("Node's own limits do not end what ours let go on", "[fetch]") {
  if (test_target() != "node") SKIP("browsers have none");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response first = co_await session.get("/get");
    CHECK(first.ok());
    watch_node_limits();
    const Response second = co_await session.get("/get");
    CHECK(second.ok());
    CHECK(node_limits_seen() == 0);
  });
}

TEST_CASE("a zstd body is decoded or refused, and never handed out as it came", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const auto body_of = [&session](std::string_view more) -> Task<std::string> {
      try {
        const Response response =
            co_await session.get("/encoded?coding=zstd&size=5000" + std::string(more));
        REQUIRE(response.ok());
        co_return response.body();
      } catch (const DecodingError& refused) {
        CHECK(test_target() == "node");
        CHECK(std::string(refused.what()).find("zstd") != std::string::npos);
      }
      co_return seeded_bytes(5000, 1);
    };
    const std::string whole = co_await body_of("");
    CHECK(whole == seeded_bytes(5000, 1));
    const std::string pieces = co_await body_of("&chunked=1");
    CHECK(pieces == seeded_bytes(5000, 1));
    const std::string other_spelling = co_await body_of("&label=ZStd");
    CHECK(other_spelling == seeded_bytes(5000, 1));
    if (test_target() != "node") co_return;
    const std::string mislabelled = "/encoded?coding=identity&label=zstd&body=ab";
    if (node_major() >= 24) {
      static_cast<void>(co_await failure_of<DecodingError>(session.get(mislabelled)));
    } else {  // nothing decodes it, and it is none
      const Response plain = co_await session.get(mislabelled);
      CHECK(plain.body() == "ab");
    }
  });
}

TEST_CASE("no cookie is kept unless the page's credentials are asked for", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/cookies/set?reqivo=1"));
    const Response cookies = co_await session.get("/cookies");
    CHECK(cookies.json().at("cookies").empty());
  });
}

TEST_CASE("settings of fetch are refused where the platform ignores them", "[fetch]") {
  if (capabilities().stored_credentials) SKIP("this platform honours all of them");
  AsyncSession session(test_server().http());
  CHECK_THROWS_AS(session.fetch(FetchOptions().credentials(Credentials::include)),
                  UnsupportedError);
  CHECK_THROWS_AS(session.fetch(FetchOptions().cache(CacheMode::only_if_cached)), UnsupportedError);
  CHECK_NOTHROW(session.fetch(FetchOptions().credentials(Credentials::omit)));
}

TEST_CASE("every other setting of fetch goes through", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.fetch(FetchOptions().priority(RequestPriority::high).keepalive(true));
    FetchOptions options;
    options.cache(CacheMode::reload)
        .mode(RequestMode::cors)
        .referrer_policy(ReferrerPolicy::no_referrer)
        .priority(RequestPriority::low);
    const Response response = co_await session.get("/get").fetch(options);
    CHECK(response.ok());
  });
}

TEST_CASE("without CORS a page may send what a form could, and nothing is dropped", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.fetch(FetchOptions().mode(RequestMode::no_cors));
    const Response form = co_await session.post("/post").form("a", "b").header("Accept", "text/*");
    const Response moved = co_await session.get("/redirect/1");
    if (test_target() == "node") {
      // There is no page and no origin: it changes nothing.
      CHECK(form.json().at("form").at("a") == "b");
      CHECK(moved.ok());
      const Response put = co_await session.put("/put").json({{"a", 1}}).header("X-Mine", "1");
      CHECK(put.json().at("headers").at("X-Mine") == "1");
      co_return;
    }
    CHECK(form.status_code() == 0);
    CHECK(form.body().empty());
    const auto refused = [](RequestBuilder request) -> Task<std::string> {
      const auto failure = co_await failure_of<UnsupportedError>(std::move(request));
      co_return failure.what();
    };
    const std::string put = co_await refused(session.put("/put"));
    CHECK(put.find("the method PUT") != std::string::npos);
    const std::string custom = co_await refused(session.get("/get").header("X-Mine", "1"));
    CHECK(custom.find("X-Mine") != std::string::npos);
    const std::string json = co_await refused(session.post("/post").json({{"a", 1}}));
    CHECK(json.find("Content-Type") != std::string::npos);
    const std::string length =
        co_await refused(session.get("/get").header("Accept-Language", std::string(129, 'a')));
    CHECK(length.find("Accept-Language") != std::string::npos);
    const std::string byte = co_await refused(session.get("/get").header("Accept", "a(b)"));
    CHECK(byte.find("Accept") != std::string::npos);
    const std::string redirect = co_await refused(session.get("/get").redirect(Redirect::error));
    CHECK(redirect.find("redirect(error)") != std::string::npos);
  });
}

TEST_CASE("the cache alone can be asked for what is of the page's own origin", "[fetch]") {
  require(capabilities().http_cache, "http_cache");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.fetch(FetchOptions().cache(CacheMode::only_if_cached));
    const auto refused = co_await failure_of<UnsupportedError>(session.get("/get"));
    const std::string why = refused.what();
    CHECK(why.find("RequestMode::same_origin") != std::string::npos);
    // That there is nothing in the cache is for the browser to say.
    FetchOptions own_origin;
    own_origin.mode(RequestMode::same_origin);
    static_cast<void>(co_await failure_of<NetworkError>(session.get("/get").fetch(own_origin)));
  });
}

TEST_CASE("an upload that cannot be streamed is held in memory up to the limit", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().upload_buffer(2 * mebibyte));
    const std::size_t two = co_await uploaded(session.post("/upload").body(mebibytes(2)));
    CHECK(two == 2 * mebibyte);
    if (capabilities().streamed_upload) {
      const std::size_t three = co_await uploaded(session.post("/upload").body(mebibytes(3)));
      CHECK(three == 3 * mebibyte);
    } else {
      const auto failure =
          co_await failure_of<UnsupportedError>(session.post("/upload").body(mebibytes(3)));
      CHECK(std::string(failure.what()).find("upload_buffer") != std::string::npos);
    }
  });
}

TEST_CASE("a refusal or a failure is seen while the next piece is being made", "[fetch]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    const auto stuck = []() -> Generator<std::string> {
      co_yield "p";
      co_await sleep(1h);
    };
    AsyncSession session(test_server().http());
    const Response refused =
        co_await wait_for(session.post("/upload?reject=413").body(stuck()), 5s);
    CHECK(refused.status_code() == 413);
    static_cast<void>(co_await wait_for(
        failure_of<ConnectionClosedError>(session.post("/reset").body(stuck())), 5s));
  });
}

TEST_CASE("a piece that the platform wants no more goes nowhere", "[fetch]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    const auto slow = []() -> Generator<std::string> {
      co_yield "one";
      next_piece_begins();
      co_await sleep(20ms);
      co_yield "two";
    };
    AsyncSession session(test_server().http());
    give_next_upload_up();
    const Response answer = co_await wait_for(session.post("/upload").body(slow()), 5s);
    CHECK(answer.body() == "early");
  });
}

TEST_CASE("a large body that is sent unseen has its time", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.default_timeout(Timeout().connect(0ms));  // leaves five seconds to read
    const std::string large(2 * mebibyte, 'x');
    const std::size_t two = co_await uploaded(session.post("/upload?pause=6000").body(large));
    CHECK(two == 2 * mebibyte);
    static_cast<void>(co_await failure_of<ReadTimeout>(
        session.post("/upload?pause=6000").body(large).timeout(Timeout().read(300ms))));
  });
}

TEST_CASE("an upload of known length is checked against it", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().upload_buffer(mebibyte));
    static_cast<void>(co_await failure_of<RequestError>(
        session.post("/upload").body(mebibytes(1), mebibyte + 1)));
    static_cast<void>(co_await failure_of<RequestError>(
        session.post("/upload").body(mebibytes(1), mebibyte - 1)));
  });
}

TEST_CASE("a response without a body has an empty one", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* path : {"/no-content", "/status/304"}) {
      StreamResponse stream = co_await session.get(path).stream();
      const auto piece = co_await stream.read();
      CHECK_FALSE(piece.has_value());
    }
    const Response head = co_await session.head("/get");
    CHECK(head.body().empty());
  });
}

TEST_CASE("what fetch tells is dealt with in the call that tells it", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response first = co_await session.get("/bytes/100");
    const int before = turns_asked();
    const Response second = co_await session.get("/bytes/100");
    // A turn of its own for each event would be most of the time that a request takes in C++.
    CHECK(turns_asked() - before == 0);
    CHECK(second.body().size() == 100);
  });
}

TEST_CASE("fetch is called once C++ has left the stack", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int before = fetch_calls();
    const Response empty = co_await session.get("/get");
    const Response echo = co_await session.post("/post").body("a body of its own");
    CHECK(fetch_calls() - before == 2);
    CHECK(fetch_calls_inside() == 0);
    CHECK(empty.ok());
    CHECK(echo.json().at("data") == "a body of its own");
  });
}

TEST_CASE("a request that is dropped where it was made is not sent", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int before = fetch_calls();
    { const JoinHandle<Response> dropped = create_task(session.get("/get")); }
    CHECK(fetches_held() == 0);
    const Response response = co_await session.get("/get");
    CHECK(response.ok());
    CHECK(fetch_calls() - before == 1);
  });
}

TEST_CASE("a field's bytes cross as they are", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/response-headers?X-Bytes=%C3%BC");
    CHECK(response.headers().get("X-Bytes").has_value());
    const Response raw = co_await session.get("/raw-headers").header("X-Bytes", "\xC3\xBC\x80");
    // As characters of the same codes: the JSON is UTF-8.
    CHECK(raw.json().dump().find("\u00C3\u00BC\u0080") != std::string::npos);
  });
}

TEST_CASE("a few chunks that come slowly wait for no turn of the page", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int before = tasks_asked();
    const Response response = co_await session.get("/drip?numbytes=3&duration=0.15");
    CHECK(response.body().size() == 3);
    CHECK(tasks_asked() - before == 0);
  });
}

TEST_CASE("whatever a program's own fetch answers, the request ends at once", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::optional<Duration> unlimited;
    session.default_timeout(Timeout().connect(unlimited).read(unlimited));
    for (const OddFetch how : {OddFetch::throws, OddFetch::locked_body, OddFetch::body_of_text,
                               OddFetch::chunks_of_text}) {
      INFO(static_cast<int>(how));
      answer_oddly(how);
      CHECK_THROWS_AS(co_await session.get("/get"), NetworkError);
    }
    answer_oddly(OddFetch::no_more_than_a_status);
    const Response least = co_await session.get("/get");
    CHECK(least.status_code() == 200);
    CHECK(least.body().empty());
    const Response whole = co_await session.get("/get");
    CHECK(whole.ok());
    CHECK(fetches_held() == 0);
  });
}

TEST_CASE("what fetch says of a failure is told in UTF-8", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    answer_oddly(OddFetch::throws);
    const auto failure = co_await failure_of<NetworkError>(session.get("/get"));
    CHECK(std::string(failure.what()).find("no fetch \xc3\xa9\xd1\x81") != std::string::npos);
  });
}

TEST_CASE("a body that is always ahead leaves the page its turn", "[fetch]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    answer_without_a_pause(400);
    StreamResponse stream = co_await session.get("/get").stream();
    std::size_t received = 0;
    while (const auto chunk = co_await stream.read()) received += chunk->size();
    CHECK(received >= mebibyte);
    // Node's own streams wait for their socket; there we ask for no turn.
    if (test_target() != "node") CHECK(ticks_meanwhile() >= 4);
  });
}
