// What a session's handles and its requests share.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/capabilities.hpp>
#include <reqivo/detail/session_core.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <vector>

#include "platform/redirects.hpp"
#include "platform/transport.hpp"
#include "platform/url.hpp"
#include "supervise.hpp"

namespace reqivo::detail {

/// Lifetime: as long as its session or any of its requests. One thread.
struct SessionState {
  /// Where transports come from.
  class TransportFactory {
   public:
    TransportFactory() = default;
    TransportFactory(const TransportFactory&) = delete;
    TransportFactory& operator=(const TransportFactory&) = delete;
    virtual ~TransportFactory() = default;
    virtual std::shared_ptr<Transport> make(const Limits& limits, const TlsOptions& tls) = 0;
  };

  SessionState() = default;
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;

  /// The transport for new requests, made at the first of them.
  [[nodiscard]] const std::shared_ptr<Transport>& current_transport();
  /// New requests get a new one; whoever uses the old one keeps it.
  void renew_transport() noexcept;

  [[nodiscard]] bool has_bad_base() const noexcept { return !base_url.empty() && !base; }

  void request_began() noexcept { ++unanswered; }
  void request_ended() noexcept;

  std::string base_url;
  std::optional<Url> base;  ///< none: there is no base URL, or it does not parse
  std::optional<Url> last;  ///< of an earlier request: the next one often goes to the same origin
  Headers headers;
  std::string authorization;  ///< of the session's own auth; empty: none
  Timeout timeout;
  Redirect redirect = Redirect::follow;
  std::size_t max_redirects = 20;
  bool decode = true;
  FetchOptions fetch;
  Limits limits;
  TlsOptions tls;
  std::vector<RequestHook> request_hooks;
  std::vector<ResponseHook> response_hooks;

  const Capabilities* capabilities = &reqivo::capabilities();
  std::unique_ptr<TransportFactory> transports;          ///< null: the platform's; tests have some
  FollowRedirect follow_redirect = redirect_follower();  ///< the same; null: by the platform
  std::shared_ptr<Transport> transport;
  Supervisor supervisor;
  bool closed = false;
  std::size_t unanswered = 0;         ///< requests whose response was not handed out yet
  std::vector<PromiseBase*> closers;  ///< who waits for `unanswered` to become zero
};

/// The backend cannot do what `option` asks for.
[[nodiscard]] Failure unsupported(std::string_view option, const SessionState& session);

}  // namespace reqivo::detail
