#include "native/error_map.hpp"

#include <asio/error.hpp>

namespace reqivo::native {

using detail::Failure;

Failure socket_failure(const std::error_code& error, Phase phase) {
  if (error == asio::error::eof) return closed_by_peer(phase);
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe ||
      error == asio::error::connection_aborted || error == asio::error::not_connected) {
    return Failure(ErrorCode::connection_closed, phase, "the server reset the connection");
  }
  return Failure(ErrorCode::network, phase, error.message());
}

Failure connect_failure(const std::error_code& error) {
  return Failure(ErrorCode::connect, Phase::connect, error.message(), true);
}

Failure handshake_failure(const std::error_code& error) {
  return Failure(ErrorCode::tls, Phase::tls,
                 "the server broke the handshake off: " + error.message(), true);
}

Failure closed_by_peer(Phase phase) {
  return Failure(
      ErrorCode::connection_closed, phase,
      phase == Phase::body ? detail::says::closed_in_body : detail::says::closed_before_head);
}

}  // namespace reqivo::native
