// The one interface behind which the clients that are compared stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reqivo::bench {

/// Where a client's requests go, and how.
struct Target {
  std::string host;        ///< An IPv4 address in text; the benchmark never resolves names.
  std::uint16_t port = 0;  ///< TCP port of `host`.
  bool tls = false;        ///< TLS with the certificate verified against `ca_file`.
  std::string ca_file;     ///< PEM file with the only trusted certificate; used with `tls`.
  std::size_t requests_in_flight = 1;  ///< As many connections are kept open and reused.

  /// The absolute URL of `path`, which begins with a slash.
  [[nodiscard]] std::string url(std::string_view path) const;
};

/// One HTTP client under measurement. It keeps its connections open from one call to the next, so
/// that a first call warms up what a second one is measured with. Failures, a status other than
/// 200 included, are thrown as exceptions derived from `std::exception`.
class Client {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  /// Does `count` GETs of `path` with `Target::requests_in_flight` of them under way at a time,
  /// each body buffered whole. Returns the sum of the sizes of the bodies, in bytes.
  virtual std::uint64_t run_requests(std::string_view path, std::uint64_t count) = 0;

  /// Does one GET of `path`, drops the body as it arrives, and returns its size in bytes.
  virtual std::uint64_t stream(std::string_view path) = 0;

  /// Does one GET of `path` and returns the body.
  virtual std::string fetch(std::string_view path) = 0;
};

using ClientFactory = std::unique_ptr<Client> (*)(const Target&);

/// Makes a client known to `make_client` under a name. Each client's source file holds one of these
/// at namespace scope, so that a build without one of the libraries only leaves its file out.
class ClientRegistration {
 public:
  /// `name` must live as long as the program.
  ClientRegistration(std::string_view name, ClientFactory factory);
};

/// The registered names, sorted.
[[nodiscard]] std::vector<std::string_view> client_names();

/// Makes the client registered as `name`; throws `std::invalid_argument` where there is none.
[[nodiscard]] std::unique_ptr<Client> make_client(std::string_view name, const Target& target);

}  // namespace reqivo::bench
