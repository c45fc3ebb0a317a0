// One request and its answer over one connection: RFC 9112 on top of `Connection` and
// `Http1Parser`.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "native/http1_parser.hpp"
#include "native/pool.hpp"
#include "native/upload.hpp"
#include "platform/transport.hpp"

namespace reqivo::native {

/// A connection that carries one exchange. After `send` and `receive_head` succeed, the body is
/// read by the source that `take_body` makes. Its tasks refer to it: it outlives them.
class Http1Exchange {
 public:
  Http1Exchange(Lease lease, std::shared_ptr<detail::ExchangeProgress> progress,
                const Http1Limits& limits, bool response_to_head);

  /// Sends `head` (request line and fields) and the body. A server that answers with an error or a
  /// redirect before it has the whole body ends the sending: that is no failure, and the answer is
  /// there to be received. One that answers otherwise gets the rest while its answer is read.
  /// Throws what an UploadSource throws.
  Task<detail::Outcome<detail::Done>> send(std::string head, detail::RequestBody body);
  /// The body is bytes, and few of them, or none.
  [[nodiscard]] static bool can_send_now(const detail::RequestBody& body) noexcept;
  /// The same where `can_send_now`, as far as it goes without waiting. None: `finish_sending`.
  /// `request` is all of it; a copy is kept of what is not sent.
  [[nodiscard]] std::optional<detail::Outcome<detail::Done>> send_now(std::string_view request);
  Task<detail::Outcome<detail::Done>> finish_sending();
  /// Takes in the final head, as far as it is at hand. None: it goes on with what `fill_head`
  /// gives.
  [[nodiscard]] std::optional<detail::Outcome<detail::Done>> receive_head();
  [[nodiscard]] Connection::Fill fill_head() { return lease_.connection()->fill(awaits_head_in_); }
  [[nodiscard]] std::optional<detail::Outcome<detail::Done>> receive_head(
      detail::Outcome<Connection::Arrival> arrival);
  /// After `receive_head`; to be moved from before `take_body`.
  [[nodiscard]] Http1Head& head() noexcept { return parser().head(); }
  /// True once any byte of the answer has come.
  [[nodiscard]] bool answer_started() const noexcept { return parser().started(); }
  /// The connection ends with this exchange, because the request says so.
  void forbid_reuse() noexcept { reusable_ = false; }

  /// After `receive_head`: takes in what has arrived of the body. If that is all of it, it is in
  /// `whole`, the connection is free, and there is no source; else the source gives the body.
  /// `whole` is empty before.
  [[nodiscard]] std::unique_ptr<detail::BodySource> take_body(std::string& whole) &&;

 private:
  friend class Http1Body;
  /// Sends until the head of an answer is there.
  Task<detail::Outcome<detail::Done>> send_watched(std::string head, detail::RequestBody body);
  /// Looks at what came while sending. True: the server wants no more of the body: it has answered
  /// with an error, sends the client elsewhere, or has ended the connection without an answer.
  [[nodiscard]] bool rejected_early();
  /// Some of the request is still to be sent, and the server may want it.
  [[nodiscard]] bool sending() const noexcept { return upload_ != nullptr; }
  /// Feeds what is at hand until the head is complete (true) or more is needed.
  [[nodiscard]] detail::Outcome<bool> parse_head();
  /// Makes room in `chunk` for what can be received there directly. False: what comes next goes
  /// through the connection's buffer.
  [[nodiscard]] bool prepare(BodyChunk& chunk);
  /// Takes what has come in `chunk` as the next part of the body, into `to`, which is empty. True:
  /// the response is complete.
  [[nodiscard]] detail::Outcome<bool> parse_chunk(BodyChunk& chunk, std::string& to);
  /// Feeds what is at hand and appends body bytes to `to`. True: the response is complete.
  [[nodiscard]] detail::Outcome<bool> parse_body(std::string& to);
  void finish();
  void stop_sending() noexcept;
  [[nodiscard]] Http1Parser& parser() const noexcept { return lease_.connection()->parser(); }

  Lease lease_;
  std::shared_ptr<detail::ExchangeProgress> progress_;
  std::optional<detail::Failure> early_failure_;  // found while sending
  bool head_received_ = false;
  Phase awaits_head_in_ = Phase::head;  // what fails then fails in this phase
  bool reusable_ = true;
  // While it is under way; after the lease, whose connection it uses.
  std::unique_ptr<Upload> upload_;
};

}  // namespace reqivo::native
