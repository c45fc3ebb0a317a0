// One request, from its description to the last byte of its response.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/detail/body_owner.hpp>
#include <reqivo/request.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <string_view>

#include "deadline.hpp"
#include "request_options.hpp"
#include "rest_of_piece.hpp"
#include "session_state.hpp"
#include "supervise.hpp"

namespace reqivo::detail {

/// Shared by its builder, then by the coroutine that sends it, then by the stream and its
/// generators. While it is open it is a step of its session; its own steps are under its own
/// supervisor.
class Exchange final : public Supervisor::Step {
 public:
  Exchange(std::shared_ptr<SessionState> session, std::string_view method, std::string_view url);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  [[nodiscard]] RequestOptions& options() noexcept { return options_; }
  [[nodiscard]] const SessionState& session() const noexcept { return *session_; }

  // Each of these keeps the exchange alive by the argument. `send` and `open` go through the same
  // steps, each in its own frame: a coroutine for what they share would be one more for a request.
  static Task<Response> send(std::shared_ptr<Exchange> self);
  static Task<StreamResponse> open(std::shared_ptr<Exchange> self);
  static Task<std::optional<std::string>> read(std::shared_ptr<Exchange> self);
  static Task<Response> buffer(BodyOwner owner, Response response);

  /// A response with this head and no body.
  [[nodiscard]] static Response response_of(ResponseHead head);
  /// Takes the rest of a piece, of which the beginning is handed out: whoever reads next gets it.
  void put_back(RestOfPiece rest) noexcept;
  /// What is left of the piece that was put back; empty where another reader has it.
  [[nodiscard]] RestOfPiece take_back() noexcept;
  /// Fails the exchange where a line has become larger than what may be buffered.
  void check_line(std::size_t size);

  void add_owner() noexcept { ++owners_; }
  void remove_owner() noexcept;

 private:
  class Unanswered;
  class Reading;

  [[noreturn]] void raise(const Failure& failure) const;

  // before the head
  [[nodiscard]] Outcome<Done> begin();
  void run_request_hooks();
  // The steps to the response, one after another: mostly the first is the only one.
  static Task<Outcome<Done>> ask(std::shared_ptr<Exchange> self);
  /// Takes the answer in. Holds nothing where there is no more to be done.
  static Task<Outcome<Done>> next_step(const std::shared_ptr<Exchange>& self, bool buffered);
  void check(Outcome<Done>& done) const;
  [[nodiscard]] bool may_lead_on() const noexcept;
  static Task<Outcome<Done>> follow_redirects(std::shared_ptr<Exchange> self);
  void take_head();
  /// False: it is over the limit.
  [[nodiscard]] bool take_whole_body(bool buffered);
  void finish_response();

  // the body
  Task<Outcome<Done>> buffer_body();
  Task<Outcome<Done>> refuse_body();
  [[nodiscard]] Failure over_limit() const;

  // the end
  bool stop() noexcept override;
  /// False: some of it is on the stack and ends when it next waits.
  bool abort(std::string_view reason) noexcept;
  void end_body() noexcept;
  [[noreturn]] void fail(Failure failure);

  std::shared_ptr<SessionState> session_;
  std::shared_ptr<Transport> transport_;
  RequestOptions options_;
  TransportRequest request_;
  std::size_t max_redirects_ = 0;
  std::shared_ptr<ExchangeProgress> progress_;
  std::optional<Deadline> deadline_;
  TimePoint start_{};
  Supervisor steps_;

  TransportResponse answer_;
  bool answer_is_final_ = false;  // no redirect is to be followed
  Response response_;
  std::unique_ptr<BodySource> source_;
  RestOfPiece rest_;
  std::optional<std::size_t> body_limit_;
  std::optional<Failure> failure_;
  std::size_t owners_ = 0;
  bool reading_ = false;   // a coroutine is about to use `source_`, or does
  bool consumed_ = false;  // some of the body may have been taken
};

}  // namespace reqivo::detail
