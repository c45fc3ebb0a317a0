#include "tls_test_peer.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace reqivo::testing {

using native::TlsEngine;

namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("test server: ") + what);
}

/// Notes what the client said hello with.
int note_hello(SSL* ssl, int*, void*) {
  auto* offered = static_cast<std::string*>(SSL_get_app_data(ssl));
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data,
                                &size) == 1) {
    offered->assign(reinterpret_cast<const char*>(data), size);
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

int choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*,
           unsigned int, void* argument) {
  const auto* protocol = static_cast<const std::string*>(argument);
  *chosen = reinterpret_cast<const unsigned char*>(protocol->data());
  *size = static_cast<unsigned char>(protocol->size());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsTestServer::TlsTestServer(const Identity& identity, const std::vector<const Identity*>& chain)
    : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  require(context != nullptr, "context");
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, 0);
  require(SSL_CTX_use_certificate(context, identity.certificate.get()) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey(context, identity.key.get()) == 1, "key");
  for (const Identity* issuer : chain) {
    require(SSL_CTX_add1_chain_cert(context, issuer->certificate.get()) == 1, "chain");
  }
  SSL_CTX_set_client_hello_cb(context, note_hello, nullptr);
  static constexpr unsigned char session_id[] = "tests";
  SSL_CTX_set_session_id_context(context, session_id, sizeof(session_id) - 1);
}

TlsTestServer& TlsTestServer::only_version(int version) {
  SSL_CTX_set_min_proto_version(context_.get(), version);
  SSL_CTX_set_max_proto_version(context_.get(), version);
  return *this;
}

TlsTestServer& TlsTestServer::require_client_certificate(const Identity& authority) {
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.certificate.get());
  return *this;
}

TlsTestServer& TlsTestServer::choose_protocol(std::string name) {
  protocol_ = std::make_unique<std::string>(std::move(name));
  SSL_CTX_set_alpn_select_cb(context_.get(), choose, protocol_.get());
  return *this;
}

TlsTestServer& TlsTestServer::forget_sessions() {
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_.get(), 0);
  return *this;
}

TlsTestConnection::TlsTestConnection(const TlsTestServer& server)
    : ssl_(SSL_new(server.context())) {
  require(ssl_ != nullptr, "connection");
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_app_data(ssl_.get(), &offered_);
  SSL_set_accept_state(ssl_.get());
}

void TlsTestConnection::feed(std::string_view ciphertext) {
  if (!ciphertext.empty()) {
    BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size()));
  }
}

std::string TlsTestConnection::take_output() {
  BIO* bio = SSL_get_wbio(ssl_.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string output(data, static_cast<std::size_t>(size));
  BIO_reset(bio);
  return output;
}

void TlsTestConnection::advance() {
  if (!SSL_is_init_finished(ssl_.get())) SSL_do_handshake(ssl_.get());
  if (SSL_is_init_finished(ssl_.get())) {
    std::array<char, 16384> buffer;
    std::size_t got = 0;
    while (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got) == 1) {
      received_.append(buffer.data(), got);
    }
  }
  // The queue is the thread's, and the client under test must leave it empty by itself.
  ERR_clear_error();
}

void TlsTestConnection::send(std::string_view plaintext) {
  std::size_t sent = 0;
  require(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &sent) == 1, "send");
}

void TlsTestConnection::close_notify() { SSL_shutdown(ssl_.get()); }

bool TlsTestConnection::connected() const noexcept { return SSL_is_init_finished(ssl_.get()) == 1; }

bool TlsTestConnection::saw_close_notify() const noexcept {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string TlsTestConnection::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

std::string TlsTestConnection::client_common_name() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return {};
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             text.data(), static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

void carry_to_server(TlsEngine& client, TlsTestConnection& server) {
  const std::string output = std::move(client.pending_output());
  client.pending_output().clear();
  server.feed(output);
  server.advance();
}

TlsEngine::Progress shake_hands(TlsEngine& client, TlsTestConnection& server, std::size_t slice) {
  TlsEngine::Progress progress = client.handshake();
  while (true) {
    carry_to_server(client, server);
    const std::string answer = server.take_output();
    if (answer.empty()) return progress;
    for (std::size_t at = 0; at < answer.size(); at += slice) {
      client.receive(std::string_view(answer).substr(at, slice));
      if (progress == TlsEngine::Progress::want_input) progress = client.handshake();
    }
  }
}

std::string read_all(TlsEngine& client, TlsTestConnection& server, TlsEngine::Progress& progress,
                     std::size_t slice) {
  const std::string wire = server.take_output();
  std::string plaintext;
  std::array<char, 1000> buffer;
  progress = TlsEngine::Progress::want_input;
  for (std::size_t at = 0; at < wire.size(); at += slice) {
    std::string lent = wire.substr(at, slice);
    std::size_t got = 0;
    progress = client.read(lent, buffer.data(), buffer.size(), got);
    lent.assign(lent.size(), '-');  // what is left of it is the engine's own
    while (progress == TlsEngine::Progress::done) {
      plaintext.append(buffer.data(), got);
      progress = client.read(buffer.data(), buffer.size(), got);
    }
  }
  return plaintext;
}

}  // namespace reqivo::testing
