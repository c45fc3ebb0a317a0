#include "native/request_head.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "idempotent.hpp"
#include "native/content_decoder.hpp"
#include "native/http1_parser.hpp"

namespace reqivo::native {

using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;

namespace {

Failure framing_conflict(std::string_view text) {
  return Failure(ErrorCode::invalid_request, Phase::none, std::string(text));
}

std::string host_of(const detail::Url& url) {
  if (!url.has_port) return url.host;
  return url.host + ":" + std::to_string(url.port);
}

/// Most names are told apart by their length.
bool is_field(std::string_view name, std::string_view known) noexcept {
  return name.size() == known.size() && same_field_name(name, known);
}

/// Framing is ours: a field set by hand may only say what we would say.
std::optional<Failure> check_framing(const TransportRequest& request) {
  if (request.headers.contains("Transfer-Encoding")) {
    return framing_conflict("Transfer-Encoding is set by the client itself");
  }
  const auto given = request.headers.get("Content-Length");
  if (!given) return std::nullopt;
  const auto length = request.body.length();
  const std::string expected = std::to_string(length.value_or(0));
  if ((!length && !request.body.empty()) || *given != expected) {
    return framing_conflict("the Content-Length given is not that of the body");
  }
  return std::nullopt;
}

/// RFC 9110 §8.6: these say something about a body even where there is none.
bool expects_body(std::string_view method) noexcept {
  static constexpr std::array<std::string_view, 3> methods = {"POST", "PUT", "PATCH"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

}  // namespace

Outcome<std::string> make_request_head(const TransportRequest& request) {
  if (auto conflict = check_framing(request)) return std::move(*conflict);
  std::string head;
  head.reserve(512);  // a small request's head, in one allocation
  append_request_line(head, request.method, request.url.target);
  // RFC 9110 §7.2: Host goes first.
  const auto host = request.headers.get("Host");
  if (host) {
    append_field(head, "Host", *host);
  } else {
    append_field(head, "Host", host_of(request.url));
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_field(name, "Host") && !is_field(name, "Content-Length")) {
      append_field(head, name, value);
    }
  }
  if (request.decode && !request.headers.contains("Accept-Encoding")) {
    append_field(head, "Accept-Encoding", supported_codings);
  }
  if (const auto length = request.body.length()) {
    append_field(head, "Content-Length", std::to_string(*length));
  } else if (request.body.source()) {
    append_field(head, "Transfer-Encoding", "chunked");
  } else if (expects_body(request.method)) {
    append_field(head, "Content-Length", "0");
  }
  head += "\r\n";
  return head;
}

bool asks_to_close(const Headers& headers) noexcept {
  for (const auto& [name, value] : headers) {
    if (is_field(name, "Connection") && same_field_name(value, "close")) return true;
  }
  return false;
}

bool may_replay(const TransportRequest& request) noexcept {
  return request.body.replayable() && detail::is_idempotent(request.method);
}

}  // namespace reqivo::native
