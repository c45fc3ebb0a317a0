#include "native/connector.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "native/connection_race.hpp"
#include "native/event_loop.hpp"

namespace reqivo::native {

using detail::Failure;
using detail::Outcome;

namespace {

using Addresses = std::vector<Address>;

/// Awaits one lookup. Destroying it abandons the lookup.
class Resolution {
 public:
  Resolution(Resolver& resolver, asio::io_context& context, std::string host, std::uint16_t port)
      : resolver_(resolver), work_(context.get_executor()), host_(std::move(host)), port_(port) {}
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;
  ~Resolution() = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) {
    detail::PromiseBase* const owner = &waiter.promise();
    lookup_ = resolver_.start(host_, port_, [this, owner](Outcome<Addresses> addresses) {
      addresses_ = std::move(addresses);
      owner->wake();
    });
  }
  [[nodiscard]] Outcome<Addresses> await_resume() { return std::move(*addresses_); }

 private:
  Resolver& resolver_;
  // The answer comes from another thread: until then the loop is not out of work.
  AsioUse asio_use_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::string host_;
  std::uint16_t port_;
  std::optional<Outcome<Addresses>> addresses_;
  Resolver::Lookup lookup_;  // last, so that it is abandoned before what its callback uses
};

std::vector<asio::ip::tcp::endpoint> endpoints_of(const Addresses& addresses) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  endpoints.reserve(addresses.size());
  for (const Address& address : addresses) {
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(static_cast<std::size_t>(address.size()));
    std::memcpy(endpoint.data(), address.data(), static_cast<std::size_t>(address.size()));
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

/// On its own, so that the losers' sockets are closed before the winner goes on.
Task<Outcome<Socket>> win_race(std::shared_ptr<asio::io_context> context,
                               std::vector<asio::ip::tcp::endpoint> endpoints) {
  ConnectionRace race(std::move(context), std::move(endpoints));
  co_return co_await race;
}

}  // namespace

Connector::Connector(TlsOptions tls)
    : context_(AsioEventLoop::current().context()),
      resolver_([context = context_](std::function<void()> function) {
        asio::post(*context, std::move(function));
      }),
      tls_(std::move(tls)) {}

Task<Outcome<std::unique_ptr<Connection>>> Connector::connect(
    detail::Url url, bool show_client_certificate,
    std::shared_ptr<detail::ExchangeProgress> progress) {
  progress->enter(Phase::resolve);
  Addresses addresses = Resolver::known(url.host(), url.port());
  if (addresses.empty()) {
    Resolution resolution(resolver_, *context_, std::string(url.host()), url.port());
    auto resolved = co_await resolution;
    if (!resolved.ok()) co_return std::move(resolved).failure();
    addresses = std::move(resolved).value();
  }

  progress->enter(Phase::connect);
  auto socket = co_await win_race(context_, endpoints_of(addresses));
  if (!socket.ok()) co_return std::move(socket).failure();
  if (url.scheme() != "https") {
    co_return std::make_unique<Connection>(std::move(socket).value(), std::nullopt);
  }

  progress->enter(Phase::tls);
  auto context = tls_context(show_client_certificate);
  if (!context.ok()) co_return std::move(context).failure();
  auto connection = std::make_unique<Connection>(
      std::move(socket).value(), TlsEngine(std::move(context).value(), url.host(), url.port()));
  auto secured = co_await connection->handshake();
  if (!secured.ok()) co_return std::move(secured).failure();
  co_return connection;
}

Outcome<std::shared_ptr<TlsContext>> Connector::tls_context(bool show_client_certificate) {
  const bool anonymous = !show_client_certificate && !tls_.certificate_file().empty();
  std::shared_ptr<TlsContext>& context = anonymous ? anonymous_tls_context_ : tls_context_;
  if (!context) {
    TlsOptions options = tls_;
    if (anonymous) options.client_certificate("", "");
    auto made = TlsContext::make(options);
    if (!made.ok()) return std::move(made).failure();
    context = std::move(made).value();
  }
  return context;
}

}  // namespace reqivo::native
