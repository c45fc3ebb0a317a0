#include <catch2/catch_test_macros.hpp>
#include <reqivo/errors.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

#include "platform/failure.hpp"

namespace {

using namespace reqivo;
using detail::Failure;
using detail::redact_url;

/// What `throw_failure` makes of a code: its exact type, seen through the root of the tree.
struct Thrown {
  const std::type_info* type = nullptr;
  ErrorCode code{};
  Phase phase{};
  bool retryable = false;
  bool has_request = false;
  std::string message;
  std::string method;
  std::string url;
};

Thrown thrown_by(const Failure& failure, std::string_view method, std::string_view url) {
  Thrown thrown;
  try {
    detail::throw_failure(failure, method, url);
  } catch (const Error& error) {
    thrown.type = &typeid(error);
    thrown.code = error.code();
    thrown.phase = error.phase();
    thrown.retryable = error.retryable();
    thrown.message = error.what();
    if (const auto* request = dynamic_cast<const RequestError*>(&error)) {
      thrown.has_request = true;
      thrown.method = request->method();
      thrown.url = request->url();
    }
  }
  return thrown;
}

template <class Expected>
void check_type(ErrorCode code) {
  CAPTURE(to_string(code));
  for (const bool retryable : {false, true}) {
    const Failure failure(code, Phase::head, "why", retryable);
    const Thrown thrown = thrown_by(failure, "GET", "http://host/p");
    REQUIRE(thrown.type != nullptr);
    CHECK(*thrown.type == typeid(Expected));
    CHECK(thrown.code == code);
    CHECK(thrown.phase == Phase::head);
    CHECK(thrown.retryable == retryable);
    CHECK(thrown.message == "GET http://host/p failed while waiting for the response head: why");
    CHECK(thrown.has_request == (std::is_base_of_v<RequestError, Expected>));
    if (thrown.has_request) {
      CHECK(thrown.method == "GET");
      CHECK(thrown.url == "http://host/p");
    }
  }
}

std::string message_in(Phase phase, ErrorCode code = ErrorCode::network) {
  return thrown_by(Failure(code, phase, "why"), "GET", "http://h/").message;
}

}  // namespace

TEST_CASE("every failure is thrown as the type of its code", "[errors]") {
  check_type<Error>(ErrorCode::other);
  check_type<Error>(ErrorCode::cancelled);
  check_type<InvalidUrlError>(ErrorCode::invalid_url);
  check_type<RequestError>(ErrorCode::invalid_request);
  check_type<DnsError>(ErrorCode::dns);
  check_type<ConnectError>(ErrorCode::connect);
  check_type<TlsError>(ErrorCode::tls);
  check_type<ConnectionClosedError>(ErrorCode::connection_closed);
  check_type<NetworkError>(ErrorCode::network);
  check_type<ConnectTimeout>(ErrorCode::connect_timeout);
  check_type<ReadTimeout>(ErrorCode::read_timeout);
  check_type<TotalTimeout>(ErrorCode::total_timeout);
  check_type<PoolTimeout>(ErrorCode::pool_timeout);
  check_type<InvalidResponseError>(ErrorCode::invalid_response);
  check_type<InvalidResponseError>(ErrorCode::limit_exceeded);
  check_type<DecodingError>(ErrorCode::decoding);
  check_type<TooManyRedirects>(ErrorCode::too_many_redirects);
  check_type<RedirectLoopError>(ErrorCode::redirect_loop);
  check_type<RequestError>(ErrorCode::http_status);
  check_type<JsonError>(ErrorCode::json);
  check_type<UnsupportedError>(ErrorCode::unsupported);
  check_type<WaitTimeoutError>(ErrorCode::wait_timeout);
  check_type<ClosedError>(ErrorCode::closed);
  check_type<Error>(static_cast<ErrorCode>(999));
}

TEST_CASE("a failure of no request is thrown with its own text alone", "[errors]") {
  try {
    detail::throw_error(Failure(ErrorCode::closed, Phase::none, "why"));
  } catch (const Error& error) {
    CHECK(typeid(error) == typeid(ClosedError));
    CHECK(error.what() == std::string("why"));
    CHECK(error.code() == ErrorCode::closed);
    CHECK(error.phase() == Phase::none);
    CHECK_FALSE(error.retryable());
  }
}

TEST_CASE("the error types form the tree of the documentation", "[errors]") {
  STATIC_REQUIRE(std::is_base_of_v<RequestError, NetworkError>);
  STATIC_REQUIRE(std::is_base_of_v<NetworkError, ConnectionClosedError>);
  STATIC_REQUIRE(std::is_base_of_v<RequestError, TimeoutError>);
  STATIC_REQUIRE(std::is_base_of_v<TimeoutError, PoolTimeout>);
  STATIC_REQUIRE(std::is_base_of_v<ProtocolError, InvalidResponseError>);
  STATIC_REQUIRE(std::is_base_of_v<ProtocolError, DecodingError>);
  STATIC_REQUIRE(std::is_base_of_v<TooManyRedirects, RedirectLoopError>);
  STATIC_REQUIRE(std::is_base_of_v<RequestError, HttpStatusError>);
  STATIC_REQUIRE_FALSE(std::is_base_of_v<RequestError, InvalidUrlError>);
  STATIC_REQUIRE_FALSE(std::is_base_of_v<RequestError, ClosedError>);
  STATIC_REQUIRE_FALSE(std::is_base_of_v<std::logic_error, Error>);
}

TEST_CASE("error codes keep their numbers and have names", "[errors]") {
  CHECK(static_cast<int>(ErrorCode::other) == 0);
  CHECK(static_cast<int>(ErrorCode::connection_closed) == 7);
  CHECK(static_cast<int>(ErrorCode::closed) == 22);
  constexpr std::string_view names[] = {"other",
                                        "cancelled",
                                        "invalid_url",
                                        "invalid_request",
                                        "dns",
                                        "connect",
                                        "tls",
                                        "connection_closed",
                                        "network",
                                        "connect_timeout",
                                        "read_timeout",
                                        "total_timeout",
                                        "pool_timeout",
                                        "invalid_response",
                                        "limit_exceeded",
                                        "decoding",
                                        "too_many_redirects",
                                        "redirect_loop",
                                        "http_status",
                                        "json",
                                        "unsupported",
                                        "wait_timeout",
                                        "closed"};
  int number = 0;
  for (const std::string_view name : names) {
    CHECK(to_string(static_cast<ErrorCode>(number)) == name);
    ++number;
  }
  CHECK(to_string(static_cast<ErrorCode>(number)) == "unknown");
}

TEST_CASE("phases have names", "[errors]") {
  constexpr std::string_view names[] = {"none", "url",  "pool", "resolve", "connect",
                                        "tls",  "send", "head", "body"};
  int number = 0;
  for (const std::string_view name : names) {
    CHECK(to_string(static_cast<Phase>(number)) == name);
    ++number;
  }
  CHECK(to_string(static_cast<Phase>(number)) == "unknown");
}

TEST_CASE("the message tells the phase in words", "[errors]") {
  CHECK(message_in(Phase::none) == "GET http://h/ failed: why");
  CHECK(message_in(Phase::url) == "GET http://h/ failed: why");
  CHECK(message_in(Phase::url, ErrorCode::invalid_url) ==
        "GET http://h/ failed while reading the URL: why");
  CHECK(message_in(Phase::pool) == "GET http://h/ failed while waiting for a free connection: why");
  CHECK(message_in(Phase::resolve) == "GET http://h/ failed while resolving the host name: why");
  CHECK(message_in(Phase::connect) == "GET http://h/ failed while connecting: why");
  CHECK(message_in(Phase::tls) == "GET http://h/ failed while negotiating TLS: why");
  CHECK(message_in(Phase::send) == "GET http://h/ failed while sending the request: why");
  CHECK(message_in(Phase::head) == "GET http://h/ failed while waiting for the response head: why");
  CHECK(message_in(Phase::body) == "GET http://h/ failed while reading the response body: why");
}

TEST_CASE("the message does without what is not known", "[errors]") {
  const Failure silent(ErrorCode::network, Phase::connect, "");
  CHECK(thrown_by(silent, "GET", "http://h/").message == "GET http://h/ failed while connecting");
  CHECK(thrown_by(silent, "", "").message == "request failed while connecting");
  CHECK(thrown_by(silent, "", "http://h/").message == "request http://h/ failed while connecting");
}

TEST_CASE("the message is one line, whatever goes in", "[errors]") {
  const Failure failure(ErrorCode::network, Phase::none, std::string("a\r\nb\0c\x1B[31m\x7F", 12));
  const Thrown thrown = thrown_by(failure, "GE\nT", "http://h/a\r\nb\x01/c");
  CHECK(thrown.message == "GE?T http://h/ab?/c failed: a??b?c?[31m?");
  CHECK(thrown.method == "GE?T");
  CHECK(thrown.url == "http://h/ab?/c");
}

TEST_CASE("errors name the URL without its secrets", "[errors]") {
  const Failure failure(ErrorCode::connect, Phase::connect, "connection refused");
  const Thrown thrown =
      thrown_by(failure, "GET", "http://user:password@host:81/path?token=1#fragment");
  CHECK(thrown.message == "GET http://host:81/path failed while connecting: connection refused");
  CHECK(thrown.url == "http://host:81/path");
}

TEST_CASE("redaction cuts user info, query and fragment off", "[errors][redact]") {
  CHECK(redact_url("https://host/path") == "https://host/path");
  CHECK(redact_url("https://user@host") == "https://host");
  CHECK(redact_url("https://user:pw@host:8080/a/b") == "https://host:8080/a/b");
  CHECK(redact_url("https://:pw@[::1]:8080/") == "https://[::1]:8080/");
  CHECK(redact_url("https://host?q=1") == "https://host");
  CHECK(redact_url("https://host/#secret") == "https://host/");
  CHECK(redact_url("https://host/?a#b?c") == "https://host/");
  CHECK(redact_url("https://host#a?b") == "https://host");
  CHECK(redact_url("https://user:pw@host?x@y") == "https://host");
  CHECK(redact_url("foo://user:pw@host/p") == "foo://host/p");
  CHECK(redact_url("git+ssh://user:pw@host/p") == "git+ssh://host/p");
  CHECK(redact_url("a-b.c1://user:pw@host/p") == "a-b.c1://host/p");
  CHECK(redact_url("//user:pw@host/p") == "//host/p");
  CHECK(redact_url("user:pw@host/p") == "host/p");
  CHECK(redact_url("") == "");
}

TEST_CASE("redaction keeps an '@' that is part of the path", "[errors][redact]") {
  CHECK(redact_url("http://host/@name") == "http://host/@name");
  CHECK(redact_url("http://host:80/a@b/c?d") == "http://host:80/a@b/c");
  CHECK(redact_url("http://[::1]/a@b") == "http://[::1]/a@b");
  CHECK(redact_url("/users/@me?x=1") == "/users/@me");
  CHECK(redact_url("/@me") == "/@me");
  CHECK(redact_url("users/@me") == "users/@me");
}

TEST_CASE("redaction finds the user info where the URL parser does", "[errors][redact]") {
  CHECK(redact_url("http://u:p@q@host/") == "http://host/");
  CHECK(redact_url("http:u:p@host/") == "http:host/");
  CHECK(redact_url("HTTP:/u:p@host/") == "HTTP:/host/");
  CHECK(redact_url("http:////u:p@host/") == "http:////host/");
  CHECK(redact_url("http:\\\\u:p@host\\x") == "http:\\\\host\\x");
  CHECK(redact_url("https:/\\u:p@host") == "https:/\\host");
  CHECK(redact_url(" \n http://u:p@host/ \x01") == "http://host/");
  CHECK(redact_url("ht\ttp:/\n/u:\rp@host/") == "http://host/");
  CHECK(redact_url("http://us\x01"
                   "er:pw@host/") == "http://host/");
  CHECK(redact_url("ftp:u:p@host/") == "ftp:host/");
  CHECK(redact_url("ws:/u:p@host/") == "ws:/host/");
  CHECK(redact_url("wss:\\\\u:p@host\\x") == "wss:\\\\host\\x");
  CHECK(redact_url("foo://u\\v:p@host/") == "foo://host/");
}

TEST_CASE("a password with a delimiter in it does not show", "[errors][redact]") {
  // The parser takes these for "host:port" with a bad port: no URL, but somebody's password.
  for (const std::string delimiter : {"/", "?", "#", "\\", "/a?b#c/", "@/", "/@", "?@#"}) {
    for (const std::string slashes : {"//", "/", "", "\\\\"}) {
      for (const std::string scheme : {"http:", "ws:", "ftp:"}) {
        const std::string url = scheme + slashes + "user:sec" + delimiter + "ret@host/";
        CAPTURE(url);
        CHECK(redact_url(url).find("sec") == std::string::npos);
        CHECK(redact_url(url).find("ret") == std::string::npos);
      }
    }
  }
  for (const std::string url :
       {"http://user:70000/secret@host/", "https://me%40corp.com:2024/secret@host/",
        "https://:/secret@host/", "https://:12/secret@host/", "https://@:12/secret@host/",
        "//user:70000/secret@host/", "http://us er:12/secret@host/", "https://to%ken/secret@host/",
        "http://us<er/secret:pw@host"}) {
    CAPTURE(url);
    CHECK(redact_url(url).find("secret") == std::string::npos);
  }
  CHECK(redact_url("http://host:65535/a@b") == "http://host:65535/a@b");
  CHECK(redact_url("http://host:65536/a@b") == "http://***");
  CHECK(redact_url("http://user:se/cret@host/") == "http://***");
  CHECK(redact_url("user:se/cret@host/") == "***");
  CHECK(redact_url("blob:https://user:pw@host/x") == "***");
  CHECK(redact_url("http://host:bad/path") == "http://host:bad/path");
  CHECK(redact_url("http://host:bad/path?mail=a@b&token=secret") == "http://***");
}
