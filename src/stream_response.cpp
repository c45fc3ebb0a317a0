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

/// What is left of a piece while a part of it is handed out. It is there for the next reader where
/// this one goes then.
class Rest {
 public:
  Rest(const BodyOwner& owner, std::string_view bytes, bool after_carriage_return = false)
      : exchange_(*owner.exchange()),
        bytes_(bytes),
        after_carriage_return_(after_carriage_return) {}
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;
  ~Rest() {
    if (!bytes_.empty()) exchange_.put_back(bytes_);
    if (after_carriage_return_) exchange_.skip_line_feed();
  }
  void go_on() noexcept {
    bytes_ = {};
    after_carriage_return_ = false;
  }

 private:
  Exchange& exchange_;
  std::string_view bytes_;
  bool after_carriage_return_;
};

Generator<std::string> chunks_of(BodyOwner owner, std::size_t size) {
  std::string chunk;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    std::string_view bytes = *piece;
    while (!bytes.empty()) {
      if (chunk.empty()) chunk.reserve(std::min(size, std::max(bytes.size(), reserved_chunk)));
      const std::string_view taken = bytes.substr(0, size - chunk.size());
      chunk.append(taken);
      bytes.remove_prefix(taken.size());
      if (chunk.size() < size) break;
      Rest rest(owner, bytes);
      co_yield std::exchange(chunk, std::string());
      rest.go_on();
    }
  }
  if (!chunk.empty()) co_yield std::move(chunk);
}

Generator<std::string> lines_of(BodyOwner owner) {
  LineSplitter splitter;
  while (std::optional<std::string> piece = co_await Exchange::read(owner.exchange())) {
    splitter.feed(std::move(*piece));
    while (std::optional<std::string> line = splitter.next()) {
      owner.exchange()->check_line(line->size());
      Rest rest(owner, splitter.rest(), splitter.ends_in_carriage_return());
      co_yield std::move(*line);
      rest.go_on();
    }
    owner.exchange()->check_line(splitter.pending());
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
