// Settings of sessions and requests: timeouts, redirects, limits, TLS. Chained members, no
// aggregates: g++ 12 corrupts memory on a braced aggregate inside a co_await expression.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <reqivo/detail/duration.hpp>
#include <reqivo/fetch_options.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo {

/// How long the steps of an exchange may take. What is not set here comes from the session, and
/// there from the defaults: 5 s to connect, 5 s without a byte, no total, no bound on waiting for a
/// free connection. `std::nullopt` means no limit; zero, or less, means no time at all: of `pool`,
/// that a connection has to be free.
class Timeout {
 public:
  Timeout() = default;

  /// Resolving the name, connecting and the TLS handshake, together. Else ConnectTimeout. A browser
  /// hides these steps: there, waiting for the response head is bounded by `connect` plus `read`.
  Timeout& connect(std::optional<Duration> limit) & { return assign(connect_, limit); }
  Timeout&& connect(std::optional<Duration> limit) && { return std::move(connect(limit)); }
  /// The longest time without a byte read or written while the exchange waits for one. Else
  /// ReadTimeout. The time in which a stream's reader does not read, or in which the generator of a
  /// streamed body makes its next piece, is not counted.
  Timeout& read(std::optional<Duration> limit) & { return assign(read_, limit); }
  Timeout&& read(std::optional<Duration> limit) && { return std::move(read(limit)); }
  /// The whole exchange, redirects and the body included. Else TotalTimeout.
  Timeout& total(std::optional<Duration> limit) & { return assign(total_, limit); }
  Timeout&& total(std::optional<Duration> limit) && { return std::move(total(limit)); }
  /// Waiting for a free connection within the session's limits. Else PoolTimeout.
  Timeout& pool(std::optional<Duration> limit) & { return assign(pool_, limit); }
  Timeout&& pool(std::optional<Duration> limit) && { return std::move(pool(limit)); }

  /// One step's limit: whether it was set at all, and to what.
  class Limit {
   public:
    Limit() = default;
    [[nodiscard]] bool is_set() const noexcept { return set_; }
    [[nodiscard]] std::optional<Duration> value() const noexcept { return value_; }

   private:
    friend class Timeout;
    bool set_ = false;
    std::optional<Duration> value_;
  };
  [[nodiscard]] const Limit& connect() const noexcept { return connect_; }
  [[nodiscard]] const Limit& read() const noexcept { return read_; }
  [[nodiscard]] const Limit& total() const noexcept { return total_; }
  [[nodiscard]] const Limit& pool() const noexcept { return pool_; }

  /// Takes over what `other` sets.
  Timeout& apply(const Timeout& other) {
    for (Limit Timeout::*const limit :
         {&Timeout::connect_, &Timeout::read_, &Timeout::total_, &Timeout::pool_}) {
      if ((other.*limit).is_set()) this->*limit = other.*limit;
    }
    return *this;
  }

 private:
  Timeout& assign(Limit& limit, std::optional<Duration> value) {
    limit.set_ = true;
    limit.value_ = value;
    return *this;
  }
  Limit connect_;
  Limit read_;
  Limit total_;
  Limit pool_;
};

/// What a redirect (301, 302, 303, 307, 308 with a Location) does; Fetch Standard, "redirect mode".
/// Followed, 303 makes every method but HEAD a GET without the body, 301 and 302 a POST alone. To
/// another origin no Authorization, Cookie, Proxy-Authorization or Host goes along; a field with a
/// secret by another name does.
enum class Redirect {
  follow,  ///< go there, at most `max_redirects` times
  error,   ///< TooManyRedirects
  manual,  ///< the redirect itself is the response
};

/// Bounds on what a session holds and uses. `std::nullopt` means no limit. Under wasm the browser
/// owns all but `body_size` and `upload_buffer`, and setting them throws UnsupportedError. A
/// request takes `body_size` alone.
class Limits {
 public:
  Limits() = default;
  /// Open connections in all, at least one; more requests wait for one. Default: 100.
  Limits& connections(std::optional<std::size_t> count) {
    return assign(connections_, count, "limits(connections)");
  }
  /// Open connections to one origin, at least one. Default: no limit of its own.
  Limits& connections_per_host(std::optional<std::size_t> count) {
    return assign(connections_per_host_, count, "limits(connections_per_host)");
  }
  /// How long an unused connection is kept; not at all for zero or less. Default: 30 s. It is
  /// closed while the event loop runs; one that is too old is not used.
  Limits& idle_timeout(std::optional<Duration> limit) {
    idle_timeout_ = limit;
    return changed("limits(idle_timeout)");
  }
  /// Bytes of a response's head. Default: 64 KiB. Beyond: InvalidResponseError, `limit_exceeded`.
  Limits& head_size(std::optional<std::size_t> bytes) {
    return assign(head_size_, bytes, "limits(head_size)");
  }
  /// Fields of a response's head. Default: 256. Beyond: InvalidResponseError, `limit_exceeded`.
  Limits& header_count(std::optional<std::size_t> count) {
    return assign(header_count_, count, "limits(header_count)");
  }
  /// Decoded bytes of a body that is buffered, or of a line of `iter_lines`; never of a body that
  /// is streamed. Default: no limit. Beyond: InvalidResponseError, `limit_exceeded`.
  Limits& body_size(std::optional<std::size_t> bytes) {
    body_size_ = bytes;
    return *this;
  }

  /// Bytes of a streamed request body that are held in memory where the platform cannot stream it
  /// (`capabilities().streamed_upload`). Default: 16 MiB. Beyond: UnsupportedError. Natively
  /// nothing is held.
  Limits& upload_buffer(std::size_t bytes) {
    upload_buffer_ = bytes;
    return *this;
  }

  [[nodiscard]] std::optional<std::size_t> connections() const noexcept { return connections_; }
  [[nodiscard]] std::optional<std::size_t> connections_per_host() const noexcept {
    return connections_per_host_;
  }
  [[nodiscard]] std::optional<Duration> idle_timeout() const noexcept { return idle_timeout_; }
  [[nodiscard]] std::optional<std::size_t> head_size() const noexcept { return head_size_; }
  [[nodiscard]] std::optional<std::size_t> header_count() const noexcept { return header_count_; }
  [[nodiscard]] std::optional<std::size_t> body_size() const noexcept { return body_size_; }
  [[nodiscard]] std::size_t upload_buffer() const noexcept { return upload_buffer_; }
  /// The bound other than `body_size` and `upload_buffer` that the caller set last; empty: none.
  [[nodiscard]] std::string_view transport_limit() const noexcept { return transport_limit_; }

 private:
  Limits& changed(std::string_view limit) {
    transport_limit_ = limit;
    return *this;
  }
  Limits& assign(std::optional<std::size_t>& limit, std::optional<std::size_t> value,
                 std::string_view name) {
    limit = value;
    return changed(name);
  }
  std::optional<std::size_t> connections_ = 100;
  std::optional<std::size_t> connections_per_host_;
  std::optional<Duration> idle_timeout_ = Duration(std::chrono::seconds(30));
  std::optional<std::size_t> head_size_ = 64 * 1024;
  std::optional<std::size_t> header_count_ = 256;
  std::optional<std::size_t> body_size_;
  std::size_t upload_buffer_ = 16 * 1024 * 1024;
  std::string_view transport_limit_;  // a literal
};

/// TLS protocol versions.
enum class TlsVersion { tls1_2, tls1_3 };

/// How a session trusts and identifies itself. Natively; under wasm UnsupportedError.
class TlsOptions {
 public:
  TlsOptions() = default;
  /// Trusts the certificates of this PEM file, and no others (the system's store is not used then).
  /// May be combined with `ca_pem`. Read at the first request: TlsError where it cannot be.
  TlsOptions& ca_file(std::string path) {
    has_own_trust_ = true;
    return assign(ca_file_, std::move(path));
  }
  /// The same from memory: one or more PEM certificates.
  TlsOptions& ca_pem(std::string_view text) {
    has_own_trust_ = true;
    return assign(ca_pem_, std::string(text));
  }
  /// Presents a certificate (PEM, the chain after it) with its private key (PEM).
  TlsOptions& client_certificate(std::string certificate_file, std::string key_file) {
    assign(certificate_file_, std::move(certificate_file));
    return assign(key_file_, std::move(key_file));
  }
  /// The least version to accept. Default: TLS 1.2.
  TlsOptions& min_version(TlsVersion version) {
    min_version_ = version;
    return *this;
  }
  /// False accepts any certificate of anyone, and reads neither `ca_file` nor `ca_pem`: for tests
  /// only. On unless said so.
  TlsOptions& verify(bool on) {
    verify_ = on;
    return *this;
  }

  /// Whether `ca_file` or `ca_pem` was called, if only with nothing: then the system's store is
  /// not used.
  [[nodiscard]] bool has_own_trust() const noexcept { return has_own_trust_; }
  [[nodiscard]] const std::string& ca_file() const noexcept { return ca_file_; }
  [[nodiscard]] const std::string& ca_pem() const noexcept { return ca_pem_; }
  [[nodiscard]] const std::string& certificate_file() const noexcept { return certificate_file_; }
  [[nodiscard]] const std::string& key_file() const noexcept { return key_file_; }
  [[nodiscard]] TlsVersion min_version() const noexcept { return min_version_; }
  [[nodiscard]] bool verify() const noexcept { return verify_; }

 private:
  TlsOptions& assign(std::string& to, std::string value) {
    to = std::move(value);
    return *this;
  }
  std::string ca_file_;
  std::string ca_pem_;
  std::string certificate_file_;
  std::string key_file_;
  TlsVersion min_version_ = TlsVersion::tls1_2;
  bool verify_ = true;
  bool has_own_trust_ = false;
};

}  // namespace reqivo
