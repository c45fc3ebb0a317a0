#include <algorithm>
#include <reqivo/response.hpp>
#include <utility>

#include "concatenate.hpp"
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

Generator<std::string> chunks_of(BodyOwner owner, std::size_t size) {
  std::string chunk;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    std::string_view rest = *piece;
    while (!rest.empty()) {
      if (chunk.empty()) chunk.reserve(std::min(size, std::max(rest.size(), reserved_chunk)));
      const std::string_view taken = rest.substr(0, size - chunk.size());
      chunk.append(taken);
      rest.remove_prefix(taken.size());
      if (chunk.size() == size) co_yield std::exchange(chunk, std::string());
    }
  }
  if (!chunk.empty()) co_yield std::move(chunk);
}

void check_line(const Exchange& exchange, std::size_t size) {
  const auto limit = exchange.body_limit();
  if (!limit || size <= *limit) return;
  exchange.raise(Failure(ErrorCode::limit_exceeded, Phase::body,
                         concatenate({"a line is longer than the limit of ",
                                      detail::decimal(*limit), " bytes for buffered bodies"})));
}

Generator<std::string> lines_of(BodyOwner owner) {
  LineSplitter splitter;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    splitter.feed(std::move(*piece));
    while (std::optional<std::string> line = splitter.next()) {
      check_line(*owner.exchange(), line->size());
      co_yield std::move(*line);
    }
    check_line(*owner.exchange(), splitter.pending());
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
