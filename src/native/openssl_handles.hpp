// Owners of OpenSSL's objects.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace reqivo::native {

/// Deletes by one of OpenSSL's `X_free` functions.
template <auto free_function>
struct FreeBy {
  template <class T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};

using BioHandle = std::unique_ptr<BIO, FreeBy<&BIO_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeBy<&X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeBy<&EVP_PKEY_free>>;
using SslHandle = std::unique_ptr<SSL, FreeBy<&SSL_free>>;
using SslContextHandle = std::unique_ptr<SSL_CTX, FreeBy<&SSL_CTX_free>>;
using SslSessionHandle = std::unique_ptr<SSL_SESSION, FreeBy<&SSL_SESSION_free>>;
using TrustStoreHandle = std::unique_ptr<X509_STORE, FreeBy<&X509_STORE_free>>;

}  // namespace reqivo::native
