// Reads responses through the parser as a client does, cut into slices.
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/http1_parser.hpp"

namespace reqivo::test {

using native::Http1Limits;
using native::Http1Parser;
using Event = Http1Parser::Event;

inline constexpr std::array<std::size_t, 8> slice_sizes = {1, 2, 3, 5, 7, 16, 64, 4096};

/// All that came out of one response.
struct Reading {
  Reading() = default;

  std::string events;  // h, b (once for any number of parts), c, f
  std::string body;
  std::size_t consumed = 0;
  int status = 0;
};

inline void note(Reading& reading, char event) {
  if (event != 'b' || !reading.events.ends_with('b')) reading.events += event;
}

/// Feeds one slice as a client does, until it is used up or the response is over.
inline void feed_slice(Http1Parser& parser, std::string_view slice, Reading& reading) {
  for (;;) {
    // A copy in memory of its own: reading beyond it, or a view into an old slice, is found by
    // ASan.
    const std::vector<char> copy(slice.begin(), slice.end());
    const std::string_view input(copy.data(), copy.size());
    const Http1Parser::Step step = parser.feed(input);
    REQUIRE(step.consumed <= input.size());
    reading.consumed += step.consumed;
    slice.remove_prefix(step.consumed);
    switch (step.event) {
      case Event::need_more:
        REQUIRE(slice.empty());
        return;
      case Event::head:
        note(reading, 'h');
        reading.status = parser.head().status;
        break;
      case Event::body:
        note(reading, 'b');
        REQUIRE_FALSE(parser.body_part().empty());
        REQUIRE(parser.body_part().data() >= input.data());
        reading.body += parser.body_part();
        break;
      case Event::complete:
        note(reading, 'c');
        return;
      case Event::failed:
        note(reading, 'f');
        return;
    }
  }
}

inline Reading read_response(Http1Parser& parser, std::string_view wire, std::size_t slice_size) {
  Reading reading;
  while (!wire.empty() && !reading.events.ends_with('c') && !reading.events.ends_with('f')) {
    feed_slice(parser, wire.substr(0, slice_size), reading);
    wire.remove_prefix(std::min(slice_size, wire.size()));
  }
  return reading;
}

/// A short text for comparing and printing.
inline std::string to_text(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text += name + "=" + value + ";";
  return text;
}

inline Http1Limits limits_of(std::optional<std::size_t> head_size,
                             std::optional<std::size_t> count) {
  Http1Limits limits;
  limits.head_size = head_size;
  limits.header_count = count;
  return limits;
}

inline std::string failure_of(std::string_view wire, std::size_t slice_size,
                              const Http1Limits& limits) {
  Http1Parser parser;
  parser.start(false, limits);
  const Reading reading = read_response(parser, wire, slice_size);
  if (!reading.events.ends_with('f')) return "no failure: " + reading.events;
  return std::string(to_string(parser.failure().code)) + " in " +
         std::string(to_string(parser.failure().phase));
}

}  // namespace reqivo::test
