#include "native/tls_peer.hpp"

#include "native/tls_error.hpp"

namespace reqivo::native {

namespace {

TlsPeer* peer_of(const SSL* ssl) { return static_cast<TlsPeer*>(SSL_get_app_data(ssl)); }

int note_refusal(int good, X509_STORE_CTX* verification) {
  if (good == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsPeer* peer = peer_of(ssl);
  try {
    if (peer->refusal.empty()) peer->refusal = describe_refusal(verification, peer->host);
  } catch (...) {
    // Out of memory: refused all the same, with OpenSSL's own reason. Nothing may be thrown through
    // OpenSSL.
    return 0;
  }
  return 0;
}

/// 1 takes over the reference to `session`.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  SslSessionHandle owned(session);
  try {
    TlsPeer* peer = peer_of(ssl);
    peer->sessions->add(peer->origin, std::move(owned));
  } catch (...) {
    // Out of memory: this session is not kept, which costs one full handshake later.
    return 1;
  }
  return 1;
}

}  // namespace

void install_callbacks(SSL_CTX* context, bool verify) {
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     verify ? note_refusal : nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

}  // namespace reqivo::native
