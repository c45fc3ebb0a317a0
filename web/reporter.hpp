// How a running pattern shows what it does.
#pragma once

#include <emscripten/val.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <reqivo/errors.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <utility>

/// Tells the page how a run is getting on. Copies speak to the same page.
class Reporter {
 public:
  /// `page`: an object with the functions `request()`, `line(text)`, `caught(error)`,
  /// `expected(bytes)` and `received(bytes, chunks)`; run.mjs has it. It is called synchronously,
  /// and throws nothing.
  explicit Reporter(emscripten::val page) : page_(std::move(page)) {}

  /// The session, which from now on tells the page of each request just before it is sent.
  [[nodiscard]] reqivo::AsyncSession watch(reqivo::AsyncSession session) const;

  /// A line of the pattern's output.
  void line(const std::string& text) const;
  /// A failure that the pattern has dealt with.
  void caught(const reqivo::Error& error) const;

  /// How many bytes a streamed body will have, as its Content-Length says where there is one.
  void expected_bytes(std::optional<std::string_view> content_length) const;
  /// A chunk of a streamed body. Passed on once a frame at most; the page reads the rest from the
  /// result.
  void received(std::string_view chunk);

 private:
  emscripten::val page_;
  std::size_t bytes_ = 0;
  std::size_t chunks_ = 0;
  std::chrono::steady_clock::time_point next_;
};
