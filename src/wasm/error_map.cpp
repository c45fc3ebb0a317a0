#include "wasm/error_map.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "wasm/fetch_operation.hpp"

namespace reqivo::wasm {
namespace {

using detail::Failure;

/// What a cause's code says, whatever the phase. Codes are Node's own, of its resolver, sockets,
/// TLS, HTTP parser and inflaters, and those of undici, its fetch.
struct Cause {
  std::string_view code;  ///< the whole, or with a closing '*' the beginning
  ErrorCode meaning;
  Phase phase;  ///< none: the phase that the exchange was in
  bool retryable;
};

constexpr std::array causes{
    Cause{"ENOTFOUND", ErrorCode::dns, Phase::resolve, true},
    Cause{"EAI_*", ErrorCode::dns, Phase::resolve, true},
    Cause{"ECONNREFUSED", ErrorCode::connect, Phase::connect, true},
    Cause{"EHOSTUNREACH", ErrorCode::connect, Phase::connect, true},
    Cause{"ENETUNREACH", ErrorCode::connect, Phase::connect, true},
    Cause{"EADDRNOTAVAIL", ErrorCode::connect, Phase::connect, true},
    Cause{"EACCES", ErrorCode::connect, Phase::connect, true},
    Cause{"UND_ERR_CONNECT_TIMEOUT", ErrorCode::connect_timeout, Phase::connect, true},
    Cause{"UND_ERR_HEADERS_TIMEOUT", ErrorCode::read_timeout, Phase::head, false},
    Cause{"UND_ERR_BODY_TIMEOUT", ErrorCode::read_timeout, Phase::body, false},
    Cause{"UND_ERR_HEADERS_OVERFLOW", ErrorCode::limit_exceeded, Phase::head, false},
    Cause{"UND_ERR_RES_CONTENT_LENGTH_MISMATCH", ErrorCode::connection_closed, Phase::body, false},
    Cause{"UND_ERR_SOCKET", ErrorCode::connection_closed, Phase::none, false},
    Cause{"ECONNRESET", ErrorCode::connection_closed, Phase::none, false},
    Cause{"ECONNABORTED", ErrorCode::connection_closed, Phase::none, false},
    Cause{"EPIPE", ErrorCode::connection_closed, Phase::none, false},
    Cause{"HPE_HEADER_OVERFLOW", ErrorCode::limit_exceeded, Phase::head, false},
    Cause{"HPE_*", ErrorCode::invalid_response, Phase::none, false},
    Cause{"Z_*", ErrorCode::decoding, Phase::body, false},
    Cause{"ERR__ERROR_*", ErrorCode::decoding, Phase::body, false},  // brotli
    Cause{"ERR_*BROTLI*", ErrorCode::decoding, Phase::body, false},
    Cause{"CERT_*", ErrorCode::tls, Phase::tls, true},
    Cause{"DEPTH_ZERO_SELF_SIGNED_CERT", ErrorCode::tls, Phase::tls, true},
    Cause{"SELF_SIGNED_CERT_IN_CHAIN", ErrorCode::tls, Phase::tls, true},
    Cause{"UNABLE_TO_*", ErrorCode::tls, Phase::tls, true},
    Cause{"ERR_TLS_*", ErrorCode::tls, Phase::tls, true},
    Cause{"ERR_SSL_*", ErrorCode::tls, Phase::tls, true},
    Cause{"EPROTO", ErrorCode::tls, Phase::tls, true},
};

bool fits(std::string_view pattern, std::string_view code) noexcept {
  if (pattern.back() != '*') return pattern == code;
  pattern.remove_suffix(1);
  return code.substr(0, pattern.size()) == pattern;
}

const Cause* cause_of(std::string_view code) noexcept {
  for (const Cause& cause : causes) {
    if (fits(cause.code, code)) return &cause;
  }
  return nullptr;
}

/// The text that the native platform has for it, too.
std::string_view closed_in(Phase phase) noexcept {
  return phase == Phase::body ? "the server closed the connection before the body was whole"
                              : "the server closed the connection without an answer";
}

}  // namespace

Failure failure_of(std::string text, Phase phase) {
  std::string_view rest = text;
  const std::string_view name = take_line(rest);
  const std::string_view code = take_line(rest);
  const std::string_view message = take_line(rest);
  const std::string_view cause_message = take_line(rest);
  const Cause* const cause = cause_of(code);
  if (cause == nullptr) {
    std::string what(message.empty() ? name : message);
    if (!cause_message.empty()) what.append(": ").append(cause_message);
    return Failure(ErrorCode::network, phase, std::move(what));
  }
  const Phase known = cause->phase == Phase::none ? phase : cause->phase;
  const std::string_view what = cause->meaning == ErrorCode::connection_closed ? closed_in(known)
                                : cause_message.empty()                        ? message
                                                                               : cause_message;
  return Failure(cause->meaning, known, std::string(what), cause->retryable);
}

}  // namespace reqivo::wasm
