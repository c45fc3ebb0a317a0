#include "native/tls_trust.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include "native/tls_error.hpp"

namespace reqivo::native {

namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 10> known_bundles{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and newer
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine, FreeBSD, OpenBSD, macOS
    "/etc/ca-certificates/extracted/tls-ca-bundle.pem",   // Arch
    "/usr/local/share/certs/ca-root-nss.crt",             // FreeBSD's package
    "/usr/local/etc/ssl/cert.pem",                        // FreeBSD
    "/opt/homebrew/etc/ca-certificates/cert.pem",         // Homebrew
    "/usr/local/etc/ca-certificates/cert.pem",            // Homebrew on Intel
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

TrustStoreHandle new_store() {
  TrustStoreHandle store(X509_STORE_new());
  if (!store) throw std::bad_alloc();
  return store;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Tells one state of a store on disk from another. A directory is read as needed, so only the
/// file's age counts.
std::string fingerprint(const TrustLocation& location) {
  std::error_code ignored;
  std::string result = location.file + '\n' + location.directory + '\n';
  if (location.file.empty()) return result;
  const auto written = fs::last_write_time(location.file, ignored).time_since_epoch();
  // As nanoseconds: libc++ counts in 128 bits, which to_string does not take.
  result += std::to_string(std::chrono::nanoseconds(written).count());
  return result + '\n' + std::to_string(fs::file_size(location.file, ignored));
}

detail::Outcome<TrustStoreHandle> load_location(const TrustLocation& location) {
  TrustStoreHandle store = new_store();
  if (!location.file.empty()) {
    detail::Outcome<std::string> readable = read_pem_file(location.file);
    if (!readable) return std::move(readable).failure();
    if (X509_STORE_load_file(store.get(), location.file.c_str()) != 1) {
      return tls_failure(location.file + ": no trusted certificates: " + take_openssl_reason(),
                         false);
    }
  }
  if (!location.directory.empty() &&
      X509_STORE_load_path(store.get(), location.directory.c_str()) != 1) {
    return tls_failure(location.directory + ": " + take_openssl_reason(), false);
  }
  return store;
}

/// The system's store, parsed once: that takes tens of milliseconds.
struct SharedStore {
  std::mutex mutex;
  std::string fingerprint;
  TrustStoreHandle store;
};

detail::Outcome<TrustStoreHandle> load_system_trust() {
  // Never destroyed: it must not be freed after OpenSSL has cleaned up at exit.
  static SharedStore& shared = *new SharedStore;
  const std::optional<TrustLocation> location = find_trust(system_trust_search());
  if (!location) {
    return tls_failure(
        "no system CA store found: install ca-certificates, set SSL_CERT_FILE, or give ca_file",
        false);
  }
  const std::lock_guard lock(shared.mutex);
  const std::string now = fingerprint(*location);
  if (!shared.store || shared.fingerprint != now) {
    detail::Outcome<TrustStoreHandle> loaded = load_location(*location);
    if (!loaded) return loaded;
    shared.store = std::move(loaded).value();
    shared.fingerprint = now;
  }
  X509_STORE_up_ref(shared.store.get());
  return TrustStoreHandle(shared.store.get());
}

std::optional<detail::Failure> add_certificates(X509_STORE* store, const std::string& pem,
                                                const std::string& source) {
  detail::Outcome<std::vector<CertificateHandle>> parsed = parse_certificates(pem, source);
  if (!parsed) return std::move(parsed).failure();
  for (const CertificateHandle& certificate : parsed.value()) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return tls_failure(source + ": " + take_openssl_reason(), false);
    }
  }
  return std::nullopt;
}

/// A failed parse after the last block is the end of the text, not an error of its own.
bool at_end_of_pem() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

TrustSearch system_trust_search() {
  TrustSearch search;
  search.bundles.assign(known_bundles.begin(), known_bundles.end());
  search.directory = X509_get_default_cert_dir();
  return search;
}

std::optional<TrustLocation> find_trust(const TrustSearch& search) {
  TrustLocation location;
  location.file = environment(X509_get_default_cert_file_env());
  location.directory = environment(X509_get_default_cert_dir_env());
  if (!location.file.empty() || !location.directory.empty()) return location;
  for (const std::string& bundle : search.bundles) {
    if (!exists(bundle)) continue;
    location.file = bundle;
    return location;
  }
  if (!exists(search.directory)) return std::nullopt;
  location.directory = search.directory;
  return location;
}

detail::Outcome<TrustStoreHandle> load_trust(const TlsOptions& options) {
  if (!options.has_own_trust()) return load_system_trust();
  if (options.ca_file().empty() && options.ca_pem().empty()) {
    return tls_failure("ca_file and ca_pem are empty: nobody is trusted", false);
  }
  TrustStoreHandle store = new_store();
  if (!options.ca_file().empty()) {
    detail::Outcome<std::string> pem = read_pem_file(options.ca_file());
    if (!pem) return std::move(pem).failure();
    if (auto failure = add_certificates(store.get(), pem.value(), options.ca_file())) {
      return std::move(*failure);
    }
  }
  if (!options.ca_pem().empty()) {
    if (auto failure = add_certificates(store.get(), options.ca_pem(), "ca_pem")) {
      return std::move(*failure);
    }
  }
  return store;
}

detail::Outcome<std::vector<CertificateHandle>> parse_certificates(const std::string& pem,
                                                                   const std::string& source) {
  if (pem.size() > INT_MAX) return tls_failure(source + ": too large for PEM", false);
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) throw std::bad_alloc();
  std::vector<CertificateHandle> certificates;
  ERR_clear_error();
  while (
      CertificateHandle next{PEM_read_bio_X509_AUX(bio.get(), nullptr, refuse_password, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  if (!at_end_of_pem()) {
    return tls_failure(source + ": a certificate does not parse: " + take_openssl_reason(), false);
  }
  ERR_clear_error();
  if (certificates.empty()) return tls_failure(source + ": no PEM certificate in it", false);
  return certificates;
}

int refuse_password(char*, int, int, void*) { return -1; }

detail::Outcome<std::string> read_pem_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  std::string text;
  std::array<char, 16 * 1024> buffer;
  if (file) std::setvbuf(file.get(), nullptr, _IONBF, 0);  // a key leaves no copy in there
  while (file) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    text.append(buffer.data(), got);
    if (got < buffer.size()) break;
  }
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (!file || std::ferror(file.get()) != 0) {
    return tls_failure(path + ": " + std::generic_category().message(errno), false);
  }
  return text;
}

}  // namespace reqivo::native
