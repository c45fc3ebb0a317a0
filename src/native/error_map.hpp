// The only place where Asio's errors become ours; those of name services do in resolver.cpp, those
// of OpenSSL in tls_error.cpp.
#pragma once

#include <system_error>

#include "platform/failure.hpp"

namespace reqivo::native {

/// What an error of a connected socket means in `phase`.
[[nodiscard]] detail::Failure socket_failure(const std::error_code& error, Phase phase);

/// What an error while connecting means: `connect`, retryable.
[[nodiscard]] detail::Failure connect_failure(const std::error_code& error);

/// What an error of the socket during the TLS handshake means: `tls`, retryable.
[[nodiscard]] detail::Failure handshake_failure(const std::error_code& error);

/// The peer ended the connection in `phase`, with nothing or not enough received.
[[nodiscard]] detail::Failure closed_by_peer(Phase phase);

}  // namespace reqivo::native
