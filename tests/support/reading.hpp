// Reading streams to their end.
#pragma once

#include <cstdint>
#include <reqivo/async.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <utility>
#include <vector>

namespace reqivo::test {

/// Everything that a generator yields.
inline Task<std::vector<std::string>> all_of(Generator<std::string> pieces) {
  std::vector<std::string> all;
  while (std::optional<std::string> piece = co_await pieces.next())
    all.push_back(std::move(*piece));
  co_return all;
}

/// The rest of a stream's body, by `read()`.
inline Task<std::string> rest_of(StreamResponse stream) {
  std::string body;
  while (std::optional<std::string> piece = co_await stream.read()) body += *piece;
  co_return body;
}

/// How long the rest of a stream's body is.
inline Task<std::uint64_t> length_of_rest(StreamResponse stream) {
  std::uint64_t length = 0;
  while (std::optional<std::string> piece = co_await stream.read()) length += piece->size();
  co_return length;
}

/// Yields `count` pieces of `size` bytes.
inline Generator<std::string> pieces_of(std::size_t count, std::size_t size) {
  for (std::size_t left = count; left > 0; --left) co_yield std::string(size, 'p');
}

}  // namespace reqivo::test
