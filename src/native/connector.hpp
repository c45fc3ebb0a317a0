// From a URL to a connection: name, addresses, TCP, TLS.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <reqivo/detail/task.hpp>
#include <reqivo/options.hpp>

#include "native/connection.hpp"
#include "native/resolver.hpp"
#include "native/tls_context.hpp"
#include "platform/transport.hpp"

namespace reqivo::native {

/// Opens connections for one session, on the thread that made it.
class Connector {
 public:
  explicit Connector(TlsOptions tls);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector() = default;

  /// Resolves the host, connects as `ConnectionRace` does and, for https, makes the TLS handshake.
  /// Failures: `dns`, `connect`, `tls`, all retryable. The connector outlives the task.
  Task<detail::Outcome<std::unique_ptr<Connection>>> connect(
      detail::Url url, bool show_client_certificate,
      std::shared_ptr<detail::ExchangeProgress> progress);

  /// Whether connections to `url` with and without the client certificate differ, so that the pool
  /// must keep them apart.
  [[nodiscard]] bool has_client_certificate_for(const detail::Url& url) const noexcept {
    return url.scheme() == "https" && !tls_.certificate_file().empty();
  }

 private:
  /// Made when first needed: a program that only speaks http needs no certificates.
  [[nodiscard]] detail::Outcome<std::shared_ptr<TlsContext>> tls_context(
      bool show_client_certificate);

  std::shared_ptr<asio::io_context> context_;
  Resolver resolver_;
  TlsOptions tls_;
  std::shared_ptr<TlsContext> tls_context_;
  std::shared_ptr<TlsContext> anonymous_tls_context_;  // the same without the client certificate
};

}  // namespace reqivo::native
