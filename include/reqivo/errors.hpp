// The error tree: what can go wrong, told the same way on every backend.
//
//   Error
//   ├── RequestError
//   │   ├── NetworkError     DnsError, ConnectError, TlsError, ConnectionClosedError
//   │   ├── TimeoutError     ConnectTimeout, ReadTimeout, TotalTimeout, PoolTimeout
//   │   ├── ProtocolError    InvalidResponseError, DecodingError
//   │   ├── TooManyRedirects RedirectLoopError
//   │   └── HttpStatusError
//   └── InvalidUrlError, JsonError, UnsupportedError, WaitTimeoutError, ClosedError
//
// Misuse that only a change of the program can mend (a task awaited twice, a builder sent twice) is
// std::logic_error and not part of this tree.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// Whatever a program has for its own code: where the library is a shared one, libc++ takes types
// that are hidden in the program for others than the library's, and a `catch` would miss them.
#pragma GCC visibility push(default)

namespace reqivo {

/// What went wrong. Stable: values are never renumbered, and mean the same on both backends.
enum class ErrorCode {
  /// A foreign exception (std::bad_alloc, the caller's own types) seen through `Result::error()`.
  other = 0,
  /// The task awaited through a `JoinHandle` was cancelled by someone else.
  cancelled = 1,
  /// The URL does not parse by the WHATWG rules, or is relative and there is no base URL.
  invalid_url = 2,
  /// The request cannot be sent as described: bad header, several bodies, bad method.
  invalid_request = 3,
  /// The host name does not resolve. A browser reports `network`.
  dns = 4,
  /// No address of the host accepted a connection. A browser reports `network`.
  connect = 5,
  /// The TLS handshake failed or the peer's certificate was refused. A browser reports `network`.
  tls = 6,
  /// The connection ended before the answer was whole.
  connection_closed = 7,
  /// The network failed and the platform does not say how: all that a browser tells.
  network = 8,
  /// `Timeout::connect` ran out: resolving, connecting and the TLS handshake together.
  connect_timeout = 9,
  /// `Timeout::read` ran out: that long without a byte going either way.
  read_timeout = 10,
  /// `Timeout::total` ran out.
  total_timeout = 11,
  /// `Timeout::pool` ran out: no connection became free within the session's limits.
  pool_timeout = 12,
  /// The answer breaks HTTP framing (RFC 9112), or redirects to what is no http or https URL.
  invalid_response = 13,
  /// The answer is larger than a limit of the session or the request allows (head, field count,
  /// buffered body, one
  /// line for `iter_lines`), or than there is memory for.
  limit_exceeded = 14,
  /// The body does not decode by its Content-Encoding, or ends too early for it.
  decoding = 15,
  /// More redirects than `max_redirects`, or any under `Redirect::error`.
  too_many_redirects = 16,
  /// A redirect led back to a request that was already made.
  redirect_loop = 17,
  /// `raise_for_status()` on a 4xx or 5xx answer.
  http_status = 18,
  /// Text is not JSON, or JSON does not fit the wanted type, or a value cannot be written as JSON.
  json = 19,
  /// The backend cannot do what was asked; `what()` names the option and the backend.
  unsupported = 20,
  /// `wait_for` gave up.
  wait_timeout = 21,
  /// The session, client or stream was closed or destroyed.
  closed = 22,
};

/// How far an exchange had come.
///
/// A browser hides the steps from `pool` to `tls`, and sending but for a streamed body; Node tells
/// of those up to `tls` only where one of them fails.
enum class Phase {
  /// Not part of an exchange, such as `wait_for`.
  none,
  /// The request is being made, or between two of a chain of redirects.
  url,
  /// Waiting for a connection to become free.
  pool,
  /// Looking up the host's name.
  resolve,
  /// Opening the TCP connection.
  connect,
  /// The TLS handshake, certificates included.
  tls,
  /// Sending the request.
  send,
  /// Waiting for the response's head, and reading it.
  head,
  /// Reading the response's body.
  body,
};

/// The code's name as written above, such as "read_timeout".
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;
/// The phase's name as written above, such as "head".
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

/// The root of everything Reqivo throws about the world. `what()` is one line without secrets.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, Phase phase, bool retryable, const std::string& message)
      : std::runtime_error(message), code_(code), phase_(phase), retryable_(retryable) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  /// True where the server cannot have acted on the request and sending it again is safe and may
  /// help. False for what only a change of the program mends, such as a bad header or a closed
  /// session.
  [[nodiscard]] bool retryable() const noexcept { return retryable_; }

 private:
  ErrorCode code_;
  Phase phase_;
  bool retryable_;
};

/// A request failed, before or after it was sent.
class RequestError : public Error {
 public:
  RequestError(ErrorCode code, Phase phase, bool retryable, const std::string& message,
               std::string method, std::string url)
      : Error(code, phase, retryable, message), method_(std::move(method)), url_(std::move(url)) {}

  /// The request's method; empty where none is known (a header refused by `Headers`).
  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  /// The request's URL without user info, query and fragment, which may hold secrets.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  std::string method_;
  std::string url_;
};

/// The network failed. In a browser this type itself is thrown: the cause is hidden there.
class NetworkError : public RequestError {
  using RequestError::RequestError;
};
/// The host's name does not resolve.
class DnsError : public NetworkError {
  using NetworkError::NetworkError;
};
/// No address of the host accepted a connection.
class ConnectError : public NetworkError {
  using NetworkError::NetworkError;
};
/// The TLS handshake failed; `what()` says why a certificate was refused.
class TlsError : public NetworkError {
  using NetworkError::NetworkError;
};
/// The peer closed or reset the connection before the answer was whole.
class ConnectionClosedError : public NetworkError {
  using NetworkError::NetworkError;
};

/// A limit of `Timeout` ran out.
class TimeoutError : public RequestError {
  using RequestError::RequestError;
};
/// Resolving, connecting and the TLS handshake took longer than `Timeout::connect`.
class ConnectTimeout : public TimeoutError {
  using TimeoutError::TimeoutError;
};
/// No byte went either way for `Timeout::read`.
class ReadTimeout : public TimeoutError {
  using TimeoutError::TimeoutError;
};
/// The whole exchange took longer than `Timeout::total`.
class TotalTimeout : public TimeoutError {
  using TimeoutError::TimeoutError;
};
/// No connection became free within `Timeout::pool`.
class PoolTimeout : public TimeoutError {
  using TimeoutError::TimeoutError;
};

/// The peer's answer is wrong or larger than allowed.
class ProtocolError : public RequestError {
  using RequestError::RequestError;
};
/// The answer breaks HTTP framing (RFC 9112) or a limit of the session, or redirects to no URL.
class InvalidResponseError : public ProtocolError {
  using ProtocolError::ProtocolError;
};
/// The body does not decode by its Content-Encoding (RFC 9110 §8.4).
class DecodingError : public ProtocolError {
  using ProtocolError::ProtocolError;
};

/// More redirects than `max_redirects`, or one under `Redirect::error`.
class TooManyRedirects : public RequestError {
  using RequestError::RequestError;
};
/// A redirect led back to a request already made.
class RedirectLoopError : public TooManyRedirects {
  using TooManyRedirects::TooManyRedirects;
};

/// Thrown by `raise_for_status()` for 400..599.
class HttpStatusError : public RequestError {
 public:
  HttpStatusError(int status_code, const std::string& message, std::string method, std::string url)
      : RequestError(ErrorCode::http_status, Phase::head, false, message, std::move(method),
                     std::move(url)),
        status_code_(status_code) {}
  [[nodiscard]] int status_code() const noexcept { return status_code_; }

 private:
  int status_code_;
};

/// The URL does not parse, or its scheme is neither http nor https.
class InvalidUrlError : public Error {
  using Error::Error;
};
/// Text is not JSON, or does not fit the wanted type.
class JsonError : public Error {
  using Error::Error;
};
/// The backend cannot do what was asked.
class UnsupportedError : public Error {
  using Error::Error;
};
/// `wait_for` gave up; what it waited for was cancelled.
class WaitTimeoutError : public Error {
  using Error::Error;
};
/// The session, client or stream was used after it was closed or destroyed.
class ClosedError : public Error {
  using Error::Error;
};

}  // namespace reqivo

#pragma GCC visibility pop
