// What OpenSSL's callbacks need to know about the connection they are called for.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "native/tls_sessions.hpp"

namespace reqivo::native {

/// Hangs on an SSL as its app data, and must outlive it.
struct TlsPeer {
  std::string host;     ///< without brackets and without a final dot
  std::string origin;   ///< under which sessions are kept
  std::string refusal;  ///< why the peer's certificate was refused, or empty
  TlsSessions* sessions = nullptr;
};

/// Lets `context` note refusals in each connection's TlsPeer, and keep its sessions in the peer's
/// store.
void install_callbacks(SSL_CTX* context, bool verify);

}  // namespace reqivo::native
