// A server without a network: scripted answers behind the transport's seam, and a record of what
// was sent.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "platform/transport.hpp"
#include "session_state.hpp"

namespace reqivo::test {

/// A piece of a body: comes `delay` after it is asked for; fails where there is a failure.
struct Piece {
  Piece(std::string what) : bytes(std::move(what)) {}
  Piece(const char* what) : bytes(what) {}
  Piece(std::string what, Duration after) : bytes(std::move(what)), delay(after) {}
  Piece(detail::Failure why) : failure(std::move(why)) {}
  std::string bytes;
  Duration delay = std::chrono::seconds(0);
  std::optional<detail::Failure> failure;
};

/// One scripted answer.
class Answer {
 public:
  explicit Answer(int status_code = 200) : status(status_code) {}
  explicit Answer(detail::Failure why) : failure(std::move(why)) {}

  Answer& header(std::string name, std::string value) {
    headers.add(name, value);
    return *this;
  }
  Answer& body(Piece piece) {
    pieces.push_back(std::move(piece));
    return *this;
  }
  /// Time spent in a phase before the next one.
  Answer& spend(Phase phase, Duration time) {
    steps.emplace_back(phase, time);
    return *this;
  }
  Answer& before_head(Duration time) { return spend(Phase::head, time); }
  /// Called when the request has arrived.
  Answer& then(std::function<void()> action) {
    on_request = std::move(action);
    return *this;
  }

  int status = 200;
  std::string reason;
  Headers headers;
  std::vector<Piece> pieces;
  std::vector<std::pair<Phase, Duration>> steps;
  std::optional<detail::Failure> failure;
  std::function<void()> on_request;
  std::string final_url;
};

/// A request as it came out of the session layer.
struct Sent {
  std::string method;
  std::string url;
  Headers headers;
  std::string body;
  bool has_body = false;
  bool streamed = false;
  std::optional<std::uint64_t> length;
  bool decode = true;
  Redirect redirect = Redirect::follow;
};

/// What a test sees of it. Shared with the transports that a session makes of it.
class FakeServer {
 public:
  /// Makes `session` send to this server, over a backend that can do everything.
  template <class AnySession>
  void serve(AnySession& session) {
    serve(session, able());
  }
  /// The same over a backend that can do what `capabilities` says; they outlive the session.
  template <class AnySession>
  void serve(AnySession& session, const Capabilities& capabilities) {
    detail::SessionState& state = detail::SessionAccess::core(session).state();
    state.capabilities = &capabilities;
    use(state);
  }
  [[nodiscard]] static const Capabilities& able() noexcept;
  /// The answer to the next request that has none yet; requests beyond the script get an empty 200.
  Answer& answer(int status = 200) { return state_->answers.emplace_back(status); }
  Answer& fail(ErrorCode code, Phase phase) {
    return state_->answers.emplace_back(detail::Failure(code, phase, "scripted"));
  }

  [[nodiscard]] const std::vector<Sent>& sent() const { return state_->sent; }
  [[nodiscard]] const Sent& last() const { return state_->sent.back(); }
  /// Exchanges whose head or body is still awaited by someone.
  [[nodiscard]] std::size_t open() const { return state_->open; }
  /// Bodies that were dropped before their end.
  [[nodiscard]] std::size_t aborted() const { return state_->aborted; }
  [[nodiscard]] std::size_t transports_made() const { return state_->transports_made; }
  [[nodiscard]] std::size_t transports_alive() const { return state_->transports_alive; }
  [[nodiscard]] std::size_t idle_closed() const { return state_->idle_closed; }
  /// Pieces of bodies that were asked for.
  [[nodiscard]] std::size_t reads() const { return state_->reads; }

  struct State {
    std::deque<Answer> answers;
    std::vector<Sent> sent;
    std::size_t open = 0;
    std::size_t aborted = 0;
    std::size_t transports_made = 0;
    std::size_t transports_alive = 0;
    std::size_t idle_closed = 0;
    std::size_t reads = 0;
  };

 private:
  void use(detail::SessionState& session);
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace reqivo::test
