#include "native/decoded_body.hpp"

#include <utility>

namespace reqivo::native {

using detail::Failure;
using detail::Outcome;

namespace {

/// The most that one read hands out: bounds memory whatever a bomb unpacks to.
constexpr std::size_t most = 64 * 1024;

}  // namespace

Task<Outcome<std::string>> DecodedBody::read() {
  if (failure_) co_return *failure_;
  if (turns_.others_turn()) co_await detail::NextTurn();
  while (!ended_) {
    auto decoded = decoder_.next(most);
    if (!decoded.ok()) co_return fail(std::move(decoded).failure());
    if (!decoded.value().empty()) co_return decoded;
    auto encoded = co_await encoded_->read();
    if (!encoded.ok()) co_return fail(std::move(encoded).failure());
    piece_ = std::move(encoded).value();
    ended_ = piece_.empty();
    if (!ended_) decoder_.feed(piece_);
  }
  auto finished = decoder_.finish();
  if (!finished.ok()) co_return fail(std::move(finished).failure());
  co_return std::string();
}

Failure DecodedBody::fail(Failure failure) {
  encoded_.reset();  // nothing more is wanted from this connection
  failure_ = failure;
  return failure;
}

}  // namespace reqivo::native
