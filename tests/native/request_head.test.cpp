#include "native/request_head.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace reqivo::test {
namespace {

using detail::RequestBody;
using detail::TransportRequest;
using native::framing_conflict;
using native::may_replay;

std::string head_of(const TransportRequest& request) {
  native::ByteBuffer bytes;
  native::append_request_head(bytes, request);
  return std::string(bytes.view());
}

/// A request that asks for no coding.
TransportRequest request_with(std::string method, const char* body = nullptr) {
  TransportRequest request;
  request.method = std::move(method);
  request.url = *detail::parse_url("http://host:8080/");
  request.decode = false;
  if (body != nullptr) request.body = RequestBody(std::make_shared<const std::string>(body));
  return request;
}

class NoPieces final : public detail::UploadSource {
 public:
  Task<std::optional<std::string>> next() override { co_return std::nullopt; }
};

/// One whose body is streamed.
TransportRequest streaming(std::string method, std::optional<std::uint64_t> length) {
  TransportRequest request = request_with(std::move(method));
  request.body = RequestBody(std::make_shared<NoPieces>(), length);
  return request;
}

/// The same with a Content-Length that was set by hand.
TransportRequest saying_length(TransportRequest request, const char* length) {
  request.headers.set("Content-Length", length);
  return request;
}

}  // namespace

TEST_CASE("A Host that is set by hand goes in place of the URL's, and first") {
  TransportRequest request = request_with("GET");
  CHECK(head_of(request) == "GET / HTTP/1.1\r\nHost: host:8080\r\n\r\n");
  request.headers.set("X", "1").set("host", "other.example");
  CHECK(head_of(request) == "GET / HTTP/1.1\r\nHost: other.example\r\nX: 1\r\n\r\n");
}

TEST_CASE("Cookies go in one field, however many were given") {
  TransportRequest request = request_with("GET");
  request.headers.add("Cookie", "a=1").add("X", "1").add("cookie", "b=2; c=3");
  CHECK(head_of(request) ==
        "GET / HTTP/1.1\r\nHost: host:8080\r\nX: 1\r\nCookie: a=1; b=2; c=3\r\n\r\n");
}

TEST_CASE("Who asks for a range asks for no coding, of which a part is of no use") {
  detail::TransportRequest request = request_with("GET");
  request.decode = true;
  CHECK(head_of(request).find("\r\nAccept-Encoding: gzip,") != std::string::npos);
  request.headers.set("range", "bytes=0-4");
  CHECK(head_of(request).find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
  request.headers.set("Accept-Encoding", "br");
  CHECK(head_of(request).find("identity") == std::string::npos);
  request.headers.remove("Accept-Encoding");
  request.decode = false;
  CHECK(head_of(request).find("Accept-Encoding") == std::string::npos);
}

TEST_CASE("A method that mostly has a body says where it has none") {
  for (const char* const method : {"POST", "PUT", "PATCH"}) {
    CAPTURE(method);
    CHECK(head_of(request_with(method)).find("\r\nContent-Length: 0\r\n") != std::string::npos);
  }
  for (const char* const method : {"GET", "HEAD", "DELETE", "OPTIONS", "REPORT"}) {
    CAPTURE(method);
    CHECK(head_of(request_with(method)).find("Content-Length") == std::string::npos);
  }
}

TEST_CASE("A length set by hand is written once, and only where it is the body's") {
  CHECK(head_of(saying_length(request_with("POST", "hello"), "5")) ==
        "POST / HTTP/1.1\r\nHost: host:8080\r\nContent-Length: 5\r\n\r\n");
  CHECK_FALSE(framing_conflict(saying_length(request_with("POST", "hello"), "5")).has_value());
  for (const char* const wrong : {"4", "6", "05", "+5", "5, 5", ""}) {
    CAPTURE(wrong);
    const auto conflict = framing_conflict(saying_length(request_with("POST", "hello"), wrong));
    REQUIRE(conflict.has_value());
    CHECK(conflict->code == ErrorCode::invalid_request);
    CHECK_FALSE(conflict->retryable);
  }
  CHECK_FALSE(framing_conflict(saying_length(request_with("GET"), "0")).has_value());
  CHECK(framing_conflict(saying_length(request_with("GET"), "1")).has_value());
}

TEST_CASE("Of several lengths each has to be the body's, and there is one Host") {
  TransportRequest twice = saying_length(request_with("POST", "hello"), "5");
  twice.headers.add("Content-Length", "5");
  CHECK_FALSE(framing_conflict(twice).has_value());
  twice.headers.add("content-length", "6");
  CHECK(framing_conflict(twice).has_value());
  TransportRequest hosts = request_with("GET");
  hosts.headers.add("Host", "first");
  CHECK_FALSE(framing_conflict(hosts).has_value());
  hosts.headers.add("host", "first");
  CHECK(framing_conflict(hosts).has_value());
}

TEST_CASE("A streamed body's framing may be said by hand only where its length is known") {
  CHECK_FALSE(framing_conflict(streaming("POST", std::nullopt)).has_value());
  CHECK(framing_conflict(saying_length(streaming("POST", std::nullopt), "0")).has_value());
  CHECK_FALSE(framing_conflict(saying_length(streaming("POST", 7), "7")).has_value());
  TransportRequest chunked = request_with("POST", "hello");
  chunked.headers.set("transfer-encoding", "chunked");
  CHECK(framing_conflict(chunked).has_value());
}

TEST_CASE("Only requests that are idempotent and at hand may be sent again") {
  for (const char* const method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"}) {
    CAPTURE(method);
    CHECK(may_replay(request_with(method)));
    CHECK(may_replay(request_with(method, "body")));
  }
  for (const char* const method : {"POST", "PATCH", "LINK", "REPORT", "get"}) {
    CAPTURE(method);
    CHECK_FALSE(may_replay(request_with(method)));
  }
  CHECK_FALSE(may_replay(streaming("PUT", 7)));
}

}  // namespace reqivo::test
