// What each platform can do, and what each reports of one and the same failure. The tests hold
// every platform against its column; docs/generate-tables.mjs makes the tables of docs/ of it.
#pragma once

#include <string_view>

namespace platform_table {

/// A capability: `yes` or `no` in each column.
struct Ability {
  std::string_view name;
  std::string_view meaning;
  std::string_view native;
  std::string_view node;
  std::string_view chromium;
  std::string_view firefox;
};

// clang-format off
inline constexpr Ability abilities[] = {
    {"manual_redirects", "`Redirect::manual` shows the redirect itself, `max_redirects` can be set, `history()` is filled", "yes", "yes", "no", "no"},
    {"tls_options", "`TlsOptions` are honoured", "yes", "no", "no", "no"},
    {"connection_limits", "`Limits` other than `body_size` and `upload_buffer`, and `Timeout::pool`, are honoured", "yes", "no", "no", "no"},
    {"raw_body", "`decode(false)` hands the body out as it was sent", "yes", "no", "no", "no"},
    {"streamed_upload", "a request body is streamed; otherwise up to `Limits::upload_buffer` is held in memory", "yes", "yes", "no", "no"},
    {"body_on_get", "GET and HEAD can have a body", "yes", "no", "no", "no"},
    {"all_methods", "any method but CONNECT can be used; fetch has neither TRACE nor TRACK", "yes", "no", "no", "no"},
    {"all_headers", "any header can be set", "yes", "no", "no", "no"},
    {"set_cookie_visible", "`Set-Cookie` of a response can be read", "yes", "yes", "no", "no"},
    {"headers_as_received", "response headers keep order, spelling and repeats; otherwise they are sorted and joined", "yes", "no", "no", "no"},
    {"strict_framing", "an answer that breaks RFC 9112 is refused; otherwise the platform's parser may forgive", "yes", "no", "no", "no"},
    {"network_error_detail", "the cause of a network failure is known; otherwise the code is `network`", "yes", "yes", "no", "no"},
    {"connect_timeout", "connecting is seen apart; otherwise connect and read together bound the wait for the head", "yes", "no", "no", "no"},
    {"stored_credentials", "`FetchOptions::credentials` other than `omit`", "no", "no", "yes", "yes"},
    {"http_cache", "`CacheMode::only_if_cached`; the other modes are honoured or change nothing", "no", "no", "yes", "yes"},
    {"integrity", "`FetchOptions::integrity` is checked", "no", "yes", "yes", "yes"},
};

/// A failure: code and phase in each column, as "code phase"; "-" where it is no failure there.
struct Failing {
  std::string_view name;
  std::string_view native;
  std::string_view node;
  std::string_view chromium;
  std::string_view firefox;
};

inline constexpr Failing failures[] = {
    {"the host name does not resolve", "dns resolve", "dns resolve", "network head", "network head"},
    {"nobody listens on the port", "connect connect", "connect connect", "network head", "network head"},
    {"the certificate is not trusted", "tls tls", "tls tls", "network head", "network head"},
    {"the server closes without an answer", "connection_closed head", "connection_closed head", "network head", "network head"},
    {"the server resets without an answer", "connection_closed head", "connection_closed head", "network head", "network head"},
    {"the body breaks off, Content-Length", "connection_closed body", "connection_closed body", "network body", "network body"},
    {"the body breaks off, chunked", "connection_closed body", "connection_closed body", "network body", "network body"},
    {"the body breaks off, chunked, on a connection that is to close", "connection_closed body", "connection_closed body", "network body", "network body"},
    {"the body ends with its connection, by a reset", "connection_closed body", "connection_closed body", "network body", "network body"},
    {"the body of a 404 breaks off", "connection_closed body", "connection_closed body", "network body", "-"},
    {"the head breaks off", "connection_closed head", "connection_closed head", "-", "-"},
    {"a chunk is malformed", "invalid_response body", "invalid_response body", "network body", "network head"},
    {"a field goes on in a second line", "invalid_response head", "-", "-", "-"},
    {"two lengths contradict each other", "invalid_response head", "invalid_response head", "network head", "network head"},
    {"a gzip body breaks off", "decoding body", "-", "-", "-"},
    {"a gzip body is corrupt", "decoding body", "decoding body", "network body", "network body"},
    {"something follows a gzip body", "decoding body", "decoding body", "-", "-"},
    {"a redirect, and none are allowed", "too_many_redirects head", "too_many_redirects head", "too_many_redirects head", "too_many_redirects head"},
    {"21 redirects", "too_many_redirects head", "too_many_redirects head", "network head", "network head"},
    {"a redirect to itself", "redirect_loop head", "redirect_loop head", "network head", "network head"},
    {"no head within the read limit", "read_timeout head", "read_timeout head", "read_timeout head", "read_timeout head"},
    {"no byte of the body within the read limit", "read_timeout body", "read_timeout body", "read_timeout body", "read_timeout body"},
    {"not done within the total limit", "total_timeout head", "total_timeout head", "total_timeout head", "total_timeout head"},
    {"the body is larger than body_size", "limit_exceeded body", "limit_exceeded body", "limit_exceeded body", "limit_exceeded body"},
    {"the URL does not parse", "invalid_url url", "invalid_url url", "invalid_url url", "invalid_url url"},
    {"the session was closed", "closed none", "closed none", "closed none", "closed none"},
};
// clang-format on

/// The column of `target` ("native", "node", "chromium" or "firefox").
template <class Row>
constexpr std::string_view column(const Row& row, std::string_view target) {
  if (target == "node") return row.node;
  if (target == "chromium") return row.chromium;
  if (target == "firefox") return row.firefox;
  return row.native;
}

}  // namespace platform_table
