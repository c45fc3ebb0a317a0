// Whom TLS trusts: the caller's certificates, or the system's, found at run time.
#pragma once

#include <optional>
#include <reqivo/options.hpp>
#include <string>
#include <vector>

#include "native/openssl_handles.hpp"
#include "platform/failure.hpp"

namespace reqivo::native {

/// Where certificates of trusted authorities lie; either may be empty.
struct TrustLocation {
  std::string file;       ///< a PEM bundle
  std::string directory;  ///< hashed as `openssl rehash` does; several are separated by ':'
};

/// Where to look for the system's store: by SSL_CERT_FILE and SSL_CERT_DIR, and where neither is
/// set, the first of `bundles` that exists, and then `directory`.
struct TrustSearch {
  std::vector<std::string> bundles;
  std::string directory;
};

/// The bundles of the usual systems, and the directory that OpenSSL was built with.
[[nodiscard]] TrustSearch system_trust_search();

/// The file or directory may still turn out unreadable. `std::nullopt`: there is none.
[[nodiscard]] std::optional<TrustLocation> find_trust(const TrustSearch& search);

/// `options.ca_file` and `ca_pem` alone where given, else the system's store. The latter is read
/// once and shared by all contexts of the process until its file changes. Failure `tls` as
/// `TlsContext::make`.
[[nodiscard]] detail::Outcome<TrustStoreHandle> load_trust(const TlsOptions& options);

/// The certificates of a PEM text, in order; other blocks are skipped. Failure `tls`, with `source`
/// in the text, where there is none or one does not parse.
[[nodiscard]] detail::Outcome<std::vector<CertificateHandle>> parse_certificates(
    const std::string& pem, const std::string& source);

/// A pem_password_cb that gives none: OpenSSL's default asks on the terminal.
int refuse_password(char* to, int size, int writing, void* unused);

/// The whole file. Failure `tls` naming the file and the system's reason.
[[nodiscard]] detail::Outcome<std::string> read_pem_file(const std::string& path);

}  // namespace reqivo::native
