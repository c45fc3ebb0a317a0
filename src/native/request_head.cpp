#include "native/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "idempotent.hpp"
#include "native/content_decoder.hpp"
#include "native/http1_framing.hpp"
#include "native/http1_writer.hpp"

namespace reqivo::native {

using detail::Failure;
using detail::TransportRequest;

namespace {

/// Most names are told apart by their length.
bool is_field(std::string_view name, std::string_view known) noexcept {
  return name.size() == known.size() && same_field_name(name, known);
}

/// A number, without a string of its own.
class Decimal {
 public:
  explicit Decimal(std::uint64_t number) noexcept
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  [[nodiscard]] std::string_view text() const noexcept { return {digits_.data(), end_}; }

 private:
  std::array<char, 20> digits_;  // of 2^64
  const char* end_;
};

/// RFC 9110 §7.2.
void append_host(ByteBuffer& to, const detail::Url& url) {
  to.append("Host: ");
  to.append(url.host());
  if (url.has_port()) {
    to.append(":");
    to.append(Decimal(url.port()).text());
  }
  to.append("\r\n");
}

/// One field, however many were given (RFC 6265 §5.4).
void append_cookies(ByteBuffer& to, const Headers& headers) {
  std::string_view mark = "Cookie: ";
  for (const auto& [name, value] : headers) {
    if (!is_field(name, "Cookie")) continue;
    to.append(mark);
    to.append(value);
    mark = "; ";
  }
  to.append("\r\n");
}

/// RFC 9110 §8.6: these say something about a body even where there is none.
bool expects_body(std::string_view method) noexcept {
  static constexpr std::array<std::string_view, 3> methods = {"POST", "PUT", "PATCH"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

}  // namespace

// Framing is ours: a field set by hand may only say what we would say. Host is sent once (RFC 9112
// §3.2).
std::optional<Failure> framing_conflict(const TransportRequest& request) {
  if (request.headers.contains("Transfer-Encoding")) {
    return detail::invalid_request("Transfer-Encoding is set by the client itself");
  }
  const auto length = request.body.length();
  const bool streamed = !length && !request.body.empty();
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers) {
    if (is_field(name, "Host") && ++hosts == 2)
      return detail::invalid_request("it was given more than one Host");
    if (!is_field(name, "Content-Length")) continue;
    if (streamed || value != Decimal(length.value_or(0)).text()) {
      return detail::invalid_request("the Content-Length given is not that of the body");
    }
  }
  return std::nullopt;
}

void append_request_head(ByteBuffer& to, const TransportRequest& request) {
  append_request_line(to, request.method, request.url.target());
  if (const auto host = request.headers.get("Host")) {
    append_field(to, "Host", *host);
  } else {
    append_host(to, request.url);
  }
  bool has_cookies = false;
  bool codings_given = false;
  bool asks_for_range = false;
  for (const auto& [name, value] : request.headers) {
    if (is_field(name, "Host") || is_field(name, "Content-Length")) continue;
    if (is_field(name, "Cookie")) {
      has_cookies = true;
      continue;
    }
    codings_given = codings_given || is_field(name, "Accept-Encoding");
    asks_for_range = asks_for_range || is_field(name, "Range");
    append_field(to, name, value);
  }
  if (has_cookies) append_cookies(to, request.headers);
  if (request.decode && !codings_given) {
    // A part of an encoded body could not be decoded (Fetch Standard, "HTTP-network-or-cache
    // fetch").
    append_field(to, "Accept-Encoding", asks_for_range ? "identity" : supported_codings);
  }
  if (const auto length = request.body.length()) {
    append_field(to, "Content-Length", Decimal(*length).text());
  } else if (request.body.source()) {
    append_field(to, "Transfer-Encoding", "chunked");
  } else if (expects_body(request.method)) {
    append_field(to, "Content-Length", "0");
  }
  to.append("\r\n");
}

bool asks_to_close(const Headers& headers) noexcept {
  for (const auto& [name, value] : headers) {
    if (is_field(name, "Connection") && has_connection_option(value, "close")) return true;
  }
  return false;
}

bool may_replay(const TransportRequest& request) noexcept {
  return request.body.replayable() && detail::is_idempotent(request.method);
}

}  // namespace reqivo::native
