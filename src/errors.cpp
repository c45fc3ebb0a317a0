#include <algorithm>
#include <cstdlib>
#include <reqivo/errors.hpp>
#include <stdexcept>

#include "concatenate.hpp"
#include "misuse.hpp"
#include "platform/failure.hpp"

namespace reqivo {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::other:
      return "other";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::invalid_url:
      return "invalid_url";
    case ErrorCode::invalid_request:
      return "invalid_request";
    case ErrorCode::dns:
      return "dns";
    case ErrorCode::connect:
      return "connect";
    case ErrorCode::tls:
      return "tls";
    case ErrorCode::connection_closed:
      return "connection_closed";
    case ErrorCode::network:
      return "network";
    case ErrorCode::connect_timeout:
      return "connect_timeout";
    case ErrorCode::read_timeout:
      return "read_timeout";
    case ErrorCode::total_timeout:
      return "total_timeout";
    case ErrorCode::pool_timeout:
      return "pool_timeout";
    case ErrorCode::invalid_response:
      return "invalid_response";
    case ErrorCode::limit_exceeded:
      return "limit_exceeded";
    case ErrorCode::decoding:
      return "decoding";
    case ErrorCode::too_many_redirects:
      return "too_many_redirects";
    case ErrorCode::redirect_loop:
      return "redirect_loop";
    case ErrorCode::http_status:
      return "http_status";
    case ErrorCode::json:
      return "json";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::wait_timeout:
      return "wait_timeout";
    case ErrorCode::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::none:
      return "none";
    case Phase::url:
      return "url";
    case Phase::pool:
      return "pool";
    case Phase::resolve:
      return "resolve";
    case Phase::connect:
      return "connect";
    case Phase::tls:
      return "tls";
    case Phase::send:
      return "send";
    case Phase::head:
      return "head";
    case Phase::body:
      return "body";
  }
  return "unknown";
}

namespace detail {

Failure::Failure(ErrorCode failure_code, Phase failure_phase, std::string what_happened,
                 bool can_retry)
    : code(failure_code),
      phase(failure_phase),
      retryable(can_retry),
      what(std::move(what_happened)) {}

Failure::Failure(ErrorCode failure_code, Phase failure_phase, const char* what_happened,
                 bool can_retry)
    : Failure(failure_code, failure_phase, std::string(what_happened), can_retry) {}

Failure::Failure(const Failure& other) = default;
Failure::Failure(Failure&& other) noexcept = default;
Failure& Failure::operator=(const Failure& other) = default;
Failure& Failure::operator=(Failure&& other) noexcept = default;
Failure::~Failure() = default;

Failure invalid_request(const char* why) {
  return Failure(ErrorCode::invalid_request, Phase::none, why);
}

namespace {

std::string_view phase_in_words(const Failure& failure) noexcept {
  switch (failure.phase) {
    case Phase::none:
      return "";
    case Phase::url:  // whatever else fails in it has nothing to do with the URL
      return failure.code == ErrorCode::invalid_url ? " while reading the URL" : "";
    case Phase::pool:
      return " while waiting for a free connection";
    case Phase::resolve:
      return " while resolving the host name";
    case Phase::connect:
      return " while connecting";
    case Phase::tls:
      return " while negotiating TLS";
    case Phase::send:
      return " while sending the request";
    case Phase::head:
      return " while waiting for the response head";
    case Phase::body:
      return " while reading the response body";
  }
  return "";
}

std::string message_of(const Failure& failure, std::string_view method, std::string_view url) {
  return without_controls(
      concatenate({method.empty() ? "request" : method, url.empty() ? "" : " ", url, " failed",
                   phase_in_words(failure), failure.what.empty() ? "" : ": ", failure.what}));
}

/// What every thrown type is made of, made once: a copy of this per type would be large.
struct Shown {
  Shown(const Failure& failure, std::string_view raw_method, std::string_view raw_url)
      : method(without_controls(raw_method)),
        url(redact_url(raw_url)),
        message(message_of(failure, method, url)) {}
  explicit Shown(const Failure& failure) : message(failure.what) {}
  std::string method;
  std::string url;
  std::string message;
};

template <class RequestFailure>
[[noreturn]] void throw_request_failure(const Failure& failure, Shown& shown) {
  throw RequestFailure(failure.code, failure.phase, failure.retryable, shown.message,
                       std::move(shown.method), std::move(shown.url));
}

template <class PlainFailure>
[[noreturn]] void throw_plain_failure(const Failure& failure, Shown& shown) {
  throw PlainFailure(failure.code, failure.phase, failure.retryable, shown.message);
}

using Thrower = void (*)(const Failure& failure, Shown& shown);

/// Chosen first and called in one place: a call that throws is large under WebAssembly.
Thrower thrower_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_url:
      return throw_plain_failure<InvalidUrlError>;
    case ErrorCode::dns:
      return throw_request_failure<DnsError>;
    case ErrorCode::connect:
      return throw_request_failure<ConnectError>;
    case ErrorCode::tls:
      return throw_request_failure<TlsError>;
    case ErrorCode::connection_closed:
      return throw_request_failure<ConnectionClosedError>;
    case ErrorCode::network:
      return throw_request_failure<NetworkError>;
    case ErrorCode::connect_timeout:
      return throw_request_failure<ConnectTimeout>;
    case ErrorCode::read_timeout:
      return throw_request_failure<ReadTimeout>;
    case ErrorCode::total_timeout:
      return throw_request_failure<TotalTimeout>;
    case ErrorCode::pool_timeout:
      return throw_request_failure<PoolTimeout>;
    case ErrorCode::invalid_response:
    case ErrorCode::limit_exceeded:
      return throw_request_failure<InvalidResponseError>;
    case ErrorCode::decoding:
      return throw_request_failure<DecodingError>;
    case ErrorCode::too_many_redirects:
      return throw_request_failure<TooManyRedirects>;
    case ErrorCode::redirect_loop:
      return throw_request_failure<RedirectLoopError>;
    case ErrorCode::invalid_request:
    case ErrorCode::http_status:  // HttpStatusError needs the status: raise_for_status() throws it
      return throw_request_failure<RequestError>;
    case ErrorCode::json:
      return throw_plain_failure<JsonError>;
    case ErrorCode::unsupported:
      return throw_plain_failure<UnsupportedError>;
    case ErrorCode::wait_timeout:
      return throw_plain_failure<WaitTimeoutError>;
    case ErrorCode::closed:
      return throw_plain_failure<ClosedError>;
    case ErrorCode::other:
    case ErrorCode::cancelled:
      break;
  }
  return throw_plain_failure<Error>;
}

[[noreturn]] void throw_shown(const Failure& failure, Shown shown) {
  thrower_of(failure.code)(failure, shown);
  std::abort();  // they all throw
}

}  // namespace

void throw_failure(const Failure& failure, std::string_view method, std::string_view url) {
  throw_shown(failure, Shown(failure, method, url));
}

void throw_error(const Failure& failure) { throw_shown(failure, Shown(failure)); }

void throw_misuse(const char* what) { throw std::logic_error(what); }

}  // namespace detail
}  // namespace reqivo
