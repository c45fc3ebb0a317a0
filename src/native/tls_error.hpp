// Why TLS failed, in words.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "platform/failure.hpp"

namespace reqivo::native {

/// Failure `tls` in phase tls. `retryable` during the handshake, when no request has been sent.
[[nodiscard]] detail::Failure tls_failure(std::string what, bool retryable);

/// The oldest entry of this thread's OpenSSL error queue as text, such as "key values mismatch";
/// empties the queue.
[[nodiscard]] std::string take_openssl_reason();

/// Why a chain was refused; to be called from a verify callback. Names from the peer's certificate
/// are shortened and stripped of what does not print.
[[nodiscard]] std::string describe_refusal(X509_STORE_CTX* verification, std::string_view host);

/// What is known about a failed operation beside OpenSSL's error queue.
struct TlsFailureContext {
  std::string_view first_bytes;  ///< what the peer sent first, at most 5 bytes
  std::string_view refusal;      ///< from `describe_refusal`, or empty
  int least_version = 0;         ///< the least protocol version accepted, as OpenSSL numbers it
};

/// Why `SSL_do_handshake`, `SSL_read` or `SSL_write` failed. Empties the error queue.
[[nodiscard]] std::string describe_tls_failure(const TlsFailureContext& context);

/// "the server does not speak TLS" in detail where `first_bytes` show so, else empty.
[[nodiscard]] std::string describe_non_tls(std::string_view first_bytes);

}  // namespace reqivo::native
