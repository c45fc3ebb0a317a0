// Throw-away certificates made in the test's own process.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "native/openssl_handles.hpp"

namespace reqivo::testing {

/// A certificate with its private key.
struct Identity {
  native::CertificateHandle certificate;
  native::KeyHandle key;

  [[nodiscard]] std::string certificate_pem() const;
  [[nodiscard]] std::string key_pem() const;
  [[nodiscard]] std::string encrypted_key_pem(const char* password) const;
};

/// What a certificate shall say. Times are seconds from now.
class CertificateRequest {
 public:
  /// `name` becomes the subject's common name.
  explicit CertificateRequest(std::string name) : name_(std::move(name)) {}
  /// An entry of subjectAltName as OpenSSL writes it: "DNS:a.example" or "IP:127.0.0.1".
  CertificateRequest& alternative(std::string name) {
    alternatives_.push_back(std::move(name));
    return *this;
  }
  CertificateRequest& valid(long from, long until) {
    from_ = from;
    until_ = until;
    return *this;
  }
  /// A certificate that may sign others.
  CertificateRequest& authority() {
    authority_ = true;
    return *this;
  }

  /// Signed by `issuer`, or by itself where that is null. Throws std::runtime_error.
  [[nodiscard]] Identity issue(const Identity* issuer) const;

 private:
  std::string name_;
  std::vector<std::string> alternatives_;
  long from_ = -3600;
  long until_ = 24 * 3600;
  bool authority_ = false;
};

/// A fresh directory that goes away with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] std::string path(std::string_view name) const;
  /// Writes a file; gives its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace reqivo::testing
