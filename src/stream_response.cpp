#include <algorithm>
#include <reqivo/response.hpp>
#include <utility>

#include "exchange.hpp"
#include "line_splitter.hpp"

namespace reqivo {
namespace detail {
namespace {

/// The most that is reserved for one chunk before its bytes are there.
constexpr std::size_t reserved_chunk = 1024 * 1024;

Generator<std::string> pieces_of(BodyOwner owner) {
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    co_yield std::move(*piece);
  }
}

// While a part of a piece is handed out, the exchange has the rest of it: another reader may go on
// there, and this one may never be resumed.

Generator<std::string> chunks_of(BodyOwner owner, std::size_t size) {
  Exchange& exchange = *owner.exchange();
  std::string chunk;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    RestOfPiece rest(std::move(*piece));
    while (!rest.empty()) {
      const std::string_view bytes = rest.view();
      if (chunk.empty()) chunk.reserve(std::min(size, std::max(bytes.size(), reserved_chunk)));
      const std::string_view taken = bytes.substr(0, size - chunk.size());
      chunk.append(taken);
      rest.skip(taken.size());
      if (chunk.size() < size) break;
      exchange.put_back(std::move(rest));
      co_yield std::exchange(chunk, std::string());
      rest = exchange.take_back();
    }
  }
  if (!chunk.empty()) co_yield std::move(chunk);
}

Generator<std::string> lines_of(BodyOwner owner) {
  Exchange& exchange = *owner.exchange();
  LineSplitter splitter;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    splitter.feed(std::move(*piece));
    while (std::optional<std::string> line = splitter.next()) {
      exchange.check_line(line->size());
      exchange.put_back(splitter.take_rest());
      co_yield std::move(*line);
      splitter.feed(exchange.take_back());
    }
    exchange.check_line(splitter.pending());
  }
  if (std::optional<std::string> last = splitter.finish()) co_yield std::move(*last);
}

}  // namespace
}  // namespace detail

Task<std::optional<std::string>> StreamResponse::read() {
  return detail::Exchange::read(body_.exchange());
}

Generator<std::string> StreamResponse::chunks() {
  static_cast<void>(body_.exchange());
  return detail::pieces_of(body_);
}

Generator<std::string> StreamResponse::iter_content(std::size_t size) {
  static_cast<void>(detail::slices_of(size));
  static_cast<void>(body_.exchange());
  return detail::chunks_of(body_, size);
}

Generator<std::string> StreamResponse::iter_lines() {
  static_cast<void>(body_.exchange());
  return detail::lines_of(body_);
}

Task<Response> StreamResponse::buffer() {
  static_cast<void>(body_.exchange());
  return detail::Exchange::buffer(body_, detail::Exchange::response_of(*this));
}

}  // namespace reqivo
