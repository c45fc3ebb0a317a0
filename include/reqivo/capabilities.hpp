// What the backend can do.
#pragma once

#include <string_view>

namespace reqivo {

/// What the backend can and cannot do. Where something is false, asking for it throws
/// UnsupportedError that names the option. Constant while the program runs.
class Capabilities {
 public:
  /// "native" or "wasm".
  std::string_view backend;
  /// `run` and the blocking `Session` can wait.
  bool blocking = true;
  /// `Redirect::manual` shows the redirect itself, `max_redirects` is honoured, and `history()` is
  /// filled.
  bool manual_redirects = true;
  /// `TlsOptions` are honoured.
  bool tls_options = true;
  /// `Timeout::pool`, and `Limits` other than `body_size` and `upload_buffer`, are honoured.
  bool connection_limits = true;
  /// `decode(false)` hands out the body as it was sent.
  bool raw_body = true;
  /// A request body can be streamed without being held in memory. Where it cannot, up to
  /// `Limits::upload_buffer` is.
  bool streamed_upload = true;
  /// A body on GET and HEAD can be sent.
  bool body_on_get = true;
  /// Any method but CONNECT can be used (fetch has neither TRACE nor TRACK).
  bool all_methods = true;
  /// Any header can be set (a browser keeps some for itself, such as Host).
  bool all_headers = true;
  /// Any cookie header of a response can be read.
  bool set_cookie_visible = true;
  /// Response headers are in the order and spelling in which they came, and repeats apart (a
  /// browser sorts them and joins repeats).
  bool headers_as_received = true;
  /// An answer that breaks the framing of RFC 9112 is refused (a platform's own parser forgives
  /// some).
  bool strict_framing = true;
  /// The cause of a network failure is known (else the code is `network`).
  bool network_error_detail = true;
  /// Connecting is seen apart from waiting for the response head.
  bool connect_timeout = true;
  /// Cookies and other credentials are kept, and sent where `FetchOptions::credentials` says so.
  bool stored_credentials = false;
  /// There is an HTTP cache for `FetchOptions::cache` to rule.
  bool http_cache = false;
  /// `FetchOptions::integrity` is checked.
  bool integrity = false;
};

/// The capabilities of the backend, on the platform that the program runs on.
[[nodiscard]] const Capabilities& capabilities() noexcept;

}  // namespace reqivo
