// Whom a session trusts when it says nothing, and when it says whom.
#include "native/tls_trust.hpp"

#include <openssl/err.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "native/tls_engine.hpp"
#include "test_certificates.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using reqivo::TlsOptions;
using reqivo::native::CertificateHandle;
using reqivo::native::find_trust;
using reqivo::native::load_trust;
using reqivo::native::TlsContext;
using reqivo::native::TrustLocation;
using reqivo::native::TrustSearch;
using reqivo::native::TrustStoreHandle;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::TemporaryDirectory;

namespace {

/// Changes an environment variable for the time of a test; null unsets it.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  EnvironmentVariable(const char* name, const std::string& value)
      : EnvironmentVariable(name, value.c_str()) {}
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;
  ~EnvironmentVariable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) {
    if (value != nullptr) {
      setenv(name_, value, 1);
    } else {
      unsetenv(name_);
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

Identity authority() { return CertificateRequest("Test Authority").authority().issue(nullptr); }

bool trusts(const TlsOptions& options, const Identity& wanted) {
  auto store = load_trust(options);
  if (!store) FAIL(store.failure().what);
  X509_STORE_CTX* verification = X509_STORE_CTX_new();
  X509_STORE_CTX_init(verification, store.value().get(), wanted.certificate.get(), nullptr);
  const bool trusted = X509_verify_cert(verification) == 1;
  X509_STORE_CTX_free(verification);
  ERR_clear_error();
  return trusted;
}

TrustLocation found(const TrustSearch& search) {
  const auto location = find_trust(search);
  REQUIRE(location.has_value());
  return *location;
}

TrustStoreHandle system_store() {
  auto store = load_trust(TlsOptions());
  if (!store) FAIL(store.failure().what);
  return std::move(store).value();
}

std::string hashed_name(const Identity& identity) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "%08lx.0",
                X509_subject_name_hash(identity.certificate.get()));
  return name.data();
}

}  // namespace

TEST_CASE("the first bundle that exists is the system's store, and then the directory") {
  const EnvironmentVariable no_file("SSL_CERT_FILE", nullptr);
  const EnvironmentVariable no_directory("SSL_CERT_DIR", nullptr);
  const TemporaryDirectory files;
  const std::string second = files.write("second.pem", "x");
  const std::string third = files.write("third.pem", "x");
  TrustSearch search;
  search.bundles = {files.path("first.pem"), second, third};
  search.directory = files.path("");
  CHECK(found(search).file == second);
  CHECK(found(search).directory.empty());

  search.bundles = {files.path("first.pem")};
  CHECK(found(search).file.empty());
  CHECK(found(search).directory == files.path(""));

  search.directory = files.path("nowhere");
  CHECK_FALSE(find_trust(search).has_value());
}

TEST_CASE("SSL_CERT_DIR alone replaces the bundles, too") {
  const TemporaryDirectory files;
  const EnvironmentVariable no_file("SSL_CERT_FILE", nullptr);
  const EnvironmentVariable directory("SSL_CERT_DIR", files.path(""));
  TrustSearch search;
  search.bundles = {files.write("bundle.pem", "x")};
  CHECK(found(search).file.empty());
  CHECK(found(search).directory == files.path(""));
}

TEST_CASE("SSL_CERT_FILE and SSL_CERT_DIR replace the system's store") {
  const TemporaryDirectory files;
  const EnvironmentVariable no_file("SSL_CERT_FILE", nullptr);
  const EnvironmentVariable no_directory("SSL_CERT_DIR", nullptr);
  const Identity mine = authority();
  const Identity other = CertificateRequest("Other Authority").authority().issue(nullptr);
  {
    const EnvironmentVariable file("SSL_CERT_FILE", files.write("ca.pem", mine.certificate_pem()));
    CHECK(trusts(TlsOptions(), mine));
    CHECK_FALSE(trusts(TlsOptions(), other));
  }
  files.write(hashed_name(other), other.certificate_pem());
  const EnvironmentVariable directory("SSL_CERT_DIR", "/nowhere:" + files.path(""));
  CHECK(trusts(TlsOptions(), other));
  CHECK_FALSE(trusts(TlsOptions(), mine));
}

TEST_CASE("a file named by SSL_CERT_FILE that cannot be used is told") {
  const EnvironmentVariable no_directory("SSL_CERT_DIR", nullptr);
  const TemporaryDirectory files;
  {
    const EnvironmentVariable file("SSL_CERT_FILE", files.path("missing.pem"));
    auto store = load_trust(TlsOptions());
    REQUIRE_FALSE(store.ok());
    CHECK_THAT(store.failure().what,
               StartsWith(files.path("missing.pem")) && ContainsSubstring("No such file"));
  }
  const EnvironmentVariable file("SSL_CERT_FILE", files.write("empty.pem", "nothing\n"));
  auto store = load_trust(TlsOptions());
  REQUIRE_FALSE(store.ok());
  CHECK_THAT(store.failure().what, StartsWith(files.path("empty.pem")));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("the system's store is read once, and again when its file changes") {
  const TemporaryDirectory files;
  const Identity first = authority();
  const Identity second = CertificateRequest("A second Authority").authority().issue(nullptr);
  const EnvironmentVariable file("SSL_CERT_FILE", files.write("ca.pem", first.certificate_pem()));
  const TrustStoreHandle one = system_store();
  CHECK(system_store() == one);
  files.write("ca.pem", first.certificate_pem() + second.certificate_pem());
  CHECK(trusts(TlsOptions(), second));
}

TEST_CASE("a change of the system's store shows in its file's time, or else in its size") {
  const TemporaryDirectory files;
  const auto padded = [](const char* name, std::size_t size) {
    std::string pem = CertificateRequest(name).authority().issue(nullptr).certificate_pem();
    pem.resize(size, '\n');
    return pem;
  };
  const std::string path = files.write("ca.pem", padded("One", 4000));
  const EnvironmentVariable file("SSL_CERT_FILE", path);
  const auto later = std::filesystem::last_write_time(path) + std::chrono::seconds(2);
  const TrustStoreHandle first = system_store();
  files.write("ca.pem", padded("Two", 4000));
  std::filesystem::last_write_time(path, later);
  const TrustStoreHandle second = system_store();
  CHECK(second != first);
  files.write("ca.pem", padded("Three", 4001));
  std::filesystem::last_write_time(path, later);
  CHECK(system_store() != second);
}

TEST_CASE("who verifies nobody needs no store of certificates") {
  const EnvironmentVariable file("SSL_CERT_FILE", "/nowhere/ca.pem");
  CHECK_FALSE(TlsContext::make(TlsOptions()).ok());
  CHECK(TlsContext::make(TlsOptions().verify(false)).ok());
}

TEST_CASE("ca_file and ca_pem add up, and the system's store is not asked then") {
  const TemporaryDirectory files;
  const Identity by_file = CertificateRequest("By file").authority().issue(nullptr);
  const Identity by_text = CertificateRequest("By text").authority().issue(nullptr);
  const Identity of_system = CertificateRequest("Of system").authority().issue(nullptr);
  const EnvironmentVariable file("SSL_CERT_FILE",
                                 files.write("system.pem", of_system.certificate_pem()));
  const TlsOptions options = TlsOptions()
                                 .ca_file(files.write("ca.pem", by_file.certificate_pem()))
                                 .ca_pem(by_text.certificate_pem());
  CHECK(trusts(options, by_file));
  CHECK(trusts(options, by_text));
  CHECK_FALSE(trusts(options, of_system));
  CHECK(trusts(TlsOptions(), of_system));
}

TEST_CASE("a ca_file or ca_pem of nothing trusts nobody, and not the system's store") {
  CHECK_FALSE(TlsContext::make(TlsOptions().ca_file("")).ok());
  CHECK_FALSE(TlsContext::make(TlsOptions().ca_pem("")).ok());
  CHECK_FALSE(TlsContext::make(TlsOptions().ca_file("").ca_pem("")).ok());
}

TEST_CASE("several threads share the system's store") {
  const TemporaryDirectory files;
  const Identity mine = authority();
  const EnvironmentVariable file("SSL_CERT_FILE", files.write("ca.pem", mine.certificate_pem()));
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (int& count : good) {
    threads.emplace_back([&mine, &count] {
      for (int round = 0; round < 50; ++round) count += trusts(TlsOptions(), mine) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) CHECK(count == 50);
}
