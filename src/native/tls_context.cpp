#include "native/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <climits>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/tls_context_state.hpp"
#include "native/tls_error.hpp"
#include "native/tls_peer.hpp"
#include "native/tls_trust.hpp"

namespace reqivo::native {

namespace {

using MaybeFailure = std::optional<detail::Failure>;

MaybeFailure set_least_version(SSL_CTX* ssl, TlsVersion wanted) {
  const int version = wanted == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  // The system's configuration may ask for more than we do, never for less.
  if (SSL_CTX_get_min_proto_version(ssl) >= version) return std::nullopt;
  if (SSL_CTX_set_min_proto_version(ssl, version) == 1) return std::nullopt;
  return tls_failure("cannot set the least protocol version: " + take_openssl_reason(), false);
}

MaybeFailure set_trust(SSL_CTX* ssl, const TlsOptions& options) {
  install_callbacks(ssl, options.verify());
  if (!options.verify()) return std::nullopt;
  // Whatever certificate is trusted ends the chain, an intermediate one too.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
  detail::Outcome<TrustStoreHandle> store = load_trust(options);
  if (!store) return std::move(store).failure();
  SSL_CTX_set1_cert_store(ssl, store.value().get());
  return std::nullopt;
}

MaybeFailure use_certificates(SSL_CTX* ssl, const std::string& path) {
  detail::Outcome<std::string> pem = read_pem_file(path);
  if (!pem) return std::move(pem).failure();
  detail::Outcome<std::vector<CertificateHandle>> chain = parse_certificates(pem.value(), path);
  if (!chain) return std::move(chain).failure();
  bool good = SSL_CTX_use_certificate(ssl, chain.value().front().get()) == 1;
  for (std::size_t index = 1; good && index < chain.value().size(); ++index) {
    good = SSL_CTX_add1_chain_cert(ssl, chain.value()[index].get()) == 1;
  }
  if (good) return std::nullopt;
  return tls_failure("client certificate " + path + ": " + take_openssl_reason(), false);
}

MaybeFailure use_key(SSL_CTX* ssl, const std::string& path, const std::string& certificate_path) {
  detail::Outcome<std::string> read = read_pem_file(path);
  if (!read) return std::move(read).failure();
  std::string& pem = read.value();
  if (pem.size() > INT_MAX) return tls_failure(path + ": too large for a key", false);
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) throw std::bad_alloc();
  const KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, nullptr));
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!key) {
    return tls_failure(path + ": no private key that can be read (an encrypted one cannot): " +
                           take_openssl_reason(),
                       false);
  }
  if (SSL_CTX_use_PrivateKey(ssl, key.get()) == 1 && SSL_CTX_check_private_key(ssl) == 1)
    return std::nullopt;
  return tls_failure("the key " + path + " does not fit the certificate " + certificate_path +
                         ": " + take_openssl_reason(),
                     false);
}

MaybeFailure set_client_certificate(SSL_CTX* ssl, const TlsOptions& options) {
  const std::string& certificate = options.certificate_file();
  const std::string& key = options.key_file();
  if (certificate.empty() && key.empty()) return std::nullopt;
  if (certificate.empty())
    return tls_failure("client key " + key + " without a certificate file", false);
  if (key.empty())
    return tls_failure("client certificate " + certificate + " without a key file", false);
  if (MaybeFailure failure = use_certificates(ssl, certificate)) return failure;
  return use_key(ssl, key, certificate);
}

void set_modes(SSL_CTX* ssl) {
  // Idle connections then hold no record buffers (34 KB each).
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  // The client's chain is what its file holds, not what may be found in the trust store.
  SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
  static constexpr unsigned char protocols[] = "\x08http/1.1";
  if (SSL_CTX_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1) != 0) throw std::bad_alloc();
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

TlsContext::~TlsContext() = default;

detail::Outcome<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->ssl.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ssl = state->ssl.get();
  if (ssl == nullptr) return tls_failure("OpenSSL does not start: " + take_openssl_reason(), false);
  set_modes(ssl);
  if (MaybeFailure failure = set_least_version(ssl, options.min_version()))
    return std::move(*failure);
  if (MaybeFailure failure = set_trust(ssl, options)) return std::move(*failure);
  if (MaybeFailure failure = set_client_certificate(ssl, options)) return std::move(*failure);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

}  // namespace reqivo::native
