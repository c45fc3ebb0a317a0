#include "wasm/node.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <reqivo/async.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "checked_fields.hpp"
#include "idempotent.hpp"
#include "platform/redirects.hpp"
#include "scheduler.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_exchange.hpp"
#include "white_space.hpp"

namespace reqivo::wasm {
namespace {

using detail::Done;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

/// What a cause's code says, whatever the phase.
struct Cause {
  std::string_view code;  // the whole, or with a closing '*' the beginning
  ErrorCode meaning;
  Phase phase;  // none: the phase that the exchange was in
  bool retryable;
};

constexpr std::string_view length_mismatch = "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";

/// Codes are Node's own, of its resolver, sockets, TLS, HTTP parser and inflaters, and those of
/// undici, its fetch.
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
    Cause{length_mismatch, ErrorCode::connection_closed, Phase::body, false},
    Cause{"UND_ERR_SOCKET", ErrorCode::connection_closed, Phase::none, false},
    Cause{"ECONNRESET", ErrorCode::connection_closed, Phase::none, false},
    Cause{"ECONNABORTED", ErrorCode::connection_closed, Phase::none, false},
    Cause{"EPIPE", ErrorCode::connection_closed, Phase::none, false},
    Cause{"HPE_HEADER_OVERFLOW", ErrorCode::limit_exceeded, Phase::head, false},
    Cause{"HPE_*", ErrorCode::invalid_response, Phase::none, false},
    Cause{"Z_*", ErrorCode::decoding, Phase::body, false},
    Cause{"ERR__ERROR_*", ErrorCode::decoding, Phase::body, false},  // brotli
    Cause{"ERR_*BROTLI*", ErrorCode::decoding, Phase::body, false},
    Cause{"ZSTD_*", ErrorCode::decoding, Phase::body, false},
    Cause{"ERR_ASSERTION", ErrorCode::invalid_response, Phase::none, false},  // of its parser
    Cause{"CERT_*", ErrorCode::tls, Phase::tls, true},
    Cause{"CRL_*", ErrorCode::tls, Phase::tls, true},
    Cause{"DEPTH_ZERO_SELF_SIGNED_CERT", ErrorCode::tls, Phase::tls, true},
    Cause{"ERROR_IN_*", ErrorCode::tls, Phase::tls, true},
    Cause{"HOSTNAME_MISMATCH", ErrorCode::tls, Phase::tls, true},
    Cause{"INVALID_CA", ErrorCode::tls, Phase::tls, true},
    Cause{"INVALID_PURPOSE", ErrorCode::tls, Phase::tls, true},
    Cause{"PATH_LENGTH_EXCEEDED", ErrorCode::tls, Phase::tls, true},
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

/// Whatever else keeps it from connecting, such as that nobody answers.
constexpr Cause not_connected{"", ErrorCode::connect, Phase::connect, true};

/// What only the text tells.
constexpr std::array texts{
    Cause{"before secure TLS connection", ErrorCode::tls, Phase::tls, true},
    // Of a body whose connection ended; the rest of what its parser says has no code of its own.
    Cause{"(Invalid EOF state)", ErrorCode::connection_closed, Phase::none, false},
    Cause{"does not match the HTTP/1.1", ErrorCode::invalid_response, Phase::none, false},
    Cause{"too many content-encodings", ErrorCode::decoding, Phase::body, false},
};

const Cause* cause_of(std::string_view code, std::string_view says) noexcept {
  for (const Cause& cause : texts) {
    if (says.find(cause.code) != std::string_view::npos) return &cause;
  }
  constexpr std::string_view of_connecting = "connect ";
  const bool connecting = code.substr(0, of_connecting.size()) == of_connecting;
  if (connecting) code.remove_prefix(of_connecting.size());
  for (const Cause& cause : causes) {
    if (fits(cause.code, code) && (!connecting || cause.phase == Phase::connect)) return &cause;
  }
  return connecting ? &not_connected : nullptr;
}

void explain(std::string_view code, std::string_view message, std::string_view cause_message,
             Failure& failure) {
  const Cause* const cause = cause_of(code, cause_message);
  if (cause == nullptr) return;
  // undici says so, too, of a head that its parser refuses behind a Content-Length. fetch tells a
  // body's failure by another word, "terminated".
  if (code == length_mismatch && message == "fetch failed") {
    failure.code = ErrorCode::invalid_response;
    failure.what = "malformed response";
    return;
  }
  if (cause->phase != Phase::none) failure.phase = cause->phase;
  failure.code = cause->meaning;
  failure.retryable = cause->retryable;
  if (cause->meaning != ErrorCode::connection_closed) {
    failure.what = cause_message.empty() ? message : cause_message;
  } else if (failure.phase == Phase::body) {
    failure.what = detail::says::closed_in_body;
  } else {
    failure.what = detail::says::closed_before_head;
  }
}

/// Origins that have answered this thread, of which Node may have kept a connection.
std::set<std::string>& answering() {
  thread_local std::set<std::string> origins;
  return origins;
}
/// Who speaks to more servers than these begins anew.
constexpr std::size_t most_origins = 1000;

std::string origin_of(const TransportRequest& request) {
  return std::string(request.url.before_target());
}

/// Refuses a body that is zstd still. Node hands out what it cannot decode as it came, which its
/// version alone does not tell.
class ZstdGuard final : public detail::BodySource {
 public:
  explicit ZstdGuard(std::unique_ptr<BodySource> body) : body_(std::move(body)) {}

  Task<Outcome<std::string>> read() override { return checked_ ? body_->read() : read_first(); }

 private:
  Task<Outcome<std::string>> read_first() {
    constexpr std::string_view magic = "\x28\xB5\x2F\xFD";  // RFC 8878 §3.1.1
    std::string begin;
    while (begin.size() < magic.size()) {
      Outcome<std::string> piece = co_await body_->read();
      if (!piece) co_return piece;
      if (piece.value().empty()) break;
      begin += piece.value();
    }
    if (begin.starts_with(magic)) {
      co_return Failure(ErrorCode::decoding, Phase::body,
                        "this version of Node cannot decode zstd");
    }
    checked_ = true;
    co_return begin;
  }

  std::unique_ptr<BodySource> body_;
  bool checked_ = false;
};

/// Codings are named without regard to case (RFC 9110 §8.4.1).
bool names_zstd(std::string_view codings) noexcept {
  constexpr std::string_view zstd = "zstd";
  for (; codings.size() >= zstd.size(); codings.remove_prefix(1)) {
    if (same_field_name(codings.substr(0, zstd.size()), zstd)) return true;
  }
  return false;
}

/// Node leaves the blanks behind a value where they are, which few answers have.
bool has_blanks_behind(const Headers& fields) noexcept {
  return std::any_of(fields.begin(), fields.end(), [](const Headers::value_type& field) {
    return !field.second.empty() && detail::is_blank(field.second.back());
  });
}

Headers trimmed(const Headers& fields) {
  Headers trimmed;
  trimmed.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    detail::CheckedFields::add(trimmed, name, detail::trim_end(value));
  }
  return trimmed;
}

void take_answer(const TransportRequest& request, TransportResponse& answer) {
  if (has_blanks_behind(answer.headers)) answer.headers = trimmed(answer.headers);
  if (answering().size() == most_origins) answering().clear();
  answering().insert(origin_of(request));
  if (answer.body && names_zstd(answer.headers.get("Content-Encoding").value_or(""))) {
    answer.body = std::make_unique<ZstdGuard>(std::move(answer.body));
  }
}

/// Node, unlike browsers, does not send a request again whose kept connection the server closed
/// meanwhile. It does not tell whether the connection was a kept one, so each gets a second chance
/// that may have had one (RFC 9112 §9.3.1).
bool may_be_replayed(const Failure& failure, const TransportRequest& request) {
  return failure.code == ErrorCode::connection_closed && failure.phase == Phase::head &&
         detail::is_idempotent(request.method) && answering().contains(origin_of(request));
}

Task<Outcome<Done>> send_whole(std::shared_ptr<const TransportRequest> request,
                               TransportResponse& response) {
  Outcome<Done> answered = co_await exchange_whole(request, response);
  if (!answered && may_be_replayed(answered.failure(), *request)) {
    request->progress->will_send_again();
    // Of the other connections that Node has kept the server may have closed some, too: what they
    // have to tell comes first.
    co_await sleep(std::chrono::milliseconds(0));
    co_return co_await exchange_whole(std::move(request), response);
  }
  co_return answered;
}

/// Natively, and in browsers, all but CR, LF and NUL may be in a value. The name is one that
/// objects of JavaScript have by themselves.
bool refuses_field(std::string_view name, std::string_view value) noexcept {
  return name == "__proto__" || std::any_of(value.begin(), value.end(), [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           return (byte < ' ' && byte != '\t') || byte == 0x7F;
         });
}

void end_what_was_detached() noexcept { detail::Scheduler::current().cancel_detached(); }

void end_program(int exit_code) noexcept {
  end_what_was_detached();
  reqivo_set_exit_code(exit_code);
}

constexpr NodeParts parts{
    detail::follow_redirect, explain,    refuses_field, send_whole, take_answer,
    end_what_was_detached,   end_program};

constinit const NodeParts* provided = nullptr;

}  // namespace

const NodeParts* node() noexcept {
  static const bool detected = (reqivo_detect_platform(), true);
  static_cast<void>(detected);
  return provided;
}

}  // namespace reqivo::wasm

namespace reqivo::detail {

FollowRedirect redirect_follower() noexcept {
  return wasm::node() != nullptr ? wasm::node()->follow_redirect : nullptr;
}

}  // namespace reqivo::detail

void reqivo_provide_node() { reqivo::wasm::provided = &reqivo::wasm::parts; }
