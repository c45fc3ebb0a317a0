#include "session_state.hpp"

#include "concatenate.hpp"

namespace reqivo::detail {

const std::shared_ptr<Transport>& SessionState::current_transport() {
  if (!transport)
    transport = transports ? transports->make(limits, tls) : make_transport(limits, tls);
  return transport;
}

void SessionState::renew_transport() noexcept { transport.reset(); }

void SessionState::request_ended() noexcept {
  if (--unanswered > 0) return;
  for (PromiseBase* closer : closers) closer->wake();
}

Failure unsupported(std::string_view option, const SessionState& session) {
  return Failure(ErrorCode::unsupported, Phase::none,
                 concatenate({option, " is not supported by the ", session.capabilities->backend,
                              " backend"}));
}

}  // namespace reqivo::detail
