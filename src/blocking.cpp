// The blocking twins: each step is a task run to its end.
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <utility>

namespace reqivo {
namespace {

Task<std::optional<std::string>> next_piece(Generator<std::string>* pieces) {
  co_return co_await pieces->next();
}

}  // namespace

Response BlockingRequestBuilder::send() { return run(draft().send()); }

BlockingStreamResponse BlockingRequestBuilder::stream() {
  return BlockingStreamResponse(run(draft().open()));
}

void detail::BlockingPieces::advance() { piece_ = run(next_piece(&pieces_)); }

std::optional<std::string> BlockingStreamResponse::read() { return run(stream_.read()); }

detail::BlockingPieces BlockingStreamResponse::chunks() {
  return detail::BlockingPieces(stream_.chunks());
}

detail::BlockingPieces BlockingStreamResponse::iter_content(std::size_t size) {
  return detail::BlockingPieces(stream_.iter_content(size));
}

detail::BlockingPieces BlockingStreamResponse::iter_lines() {
  return detail::BlockingPieces(stream_.iter_lines());
}

Response BlockingStreamResponse::buffer() { return run(stream_.buffer()); }

void Session::close() { run(core_.close()); }

}  // namespace reqivo
