// libFuzzer: any bytes, cut anywhere, must come to the same end as the same bytes in one piece.
// The first input byte chooses the kind of request and the limits, the second how the rest is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "native/http1_parser.hpp"

namespace {

using reqivo::Headers;
using reqivo::Phase;
using reqivo::native::Http1Limits;
using reqivo::native::Http1Parser;
using Event = Http1Parser::Event;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  bool operator==(const Outcome&) const = default;
  std::string head;
  std::string body;
  std::string trailers;
  std::string failure;
  std::size_t consumed = 0;
  bool complete = false;
  bool finished = false;
  bool keep_alive = false;
};

std::string to_text(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) {
    require(!name.empty());
    require(name.find_first_of(": \t\r\n") == std::string::npos);
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    require(value.empty() || (value.front() != ' ' && value.back() != ' '));
    text += name + ':' + value + '\n';
  }
  return text;
}

void check_head(const Http1Parser& parser, Outcome& outcome) {
  const auto& head = parser.head();
  require(outcome.head.empty());
  require(head.status >= 200 && head.status <= 999);
  require(head.minor_version == 0 || head.minor_version == 1);
  outcome.head = std::to_string(head.status) + ' ' + head.reason + '\n' + to_text(head.headers);
}

/// Feeds `bytes` until they are used up; false where the response is over, well or badly.
bool feed_slice(Http1Parser& parser, std::string_view bytes, Outcome& outcome) {
  // A copy of the exact size, so that reading past the end is seen.
  const auto copy = std::make_unique<char[]>(bytes.size());
  bytes.copy(copy.get(), bytes.size());
  std::string_view rest(copy.get(), bytes.size());
  for (;;) {
    const Http1Parser::Step step = parser.feed(rest);
    require(step.consumed <= rest.size());
    const std::string_view taken = rest.substr(0, step.consumed);
    rest.remove_prefix(step.consumed);
    outcome.consumed += step.consumed;
    switch (step.event) {
      case Event::need_more:
        require(rest.empty());
        return true;
      case Event::head:
        check_head(parser, outcome);
        break;
      case Event::body:
        require(!outcome.head.empty() && !parser.body_part().empty());
        require(taken.ends_with(parser.body_part()));
        outcome.body += parser.body_part();
        break;
      case Event::complete:
        require(!outcome.head.empty() && parser.complete());
        require(parser.feed(rest).consumed == 0);
        return false;
      case Event::failed:
        require(!parser.complete() && !parser.keep_alive());
        require(parser.feed(rest).event == Event::failed);
        require(parser.feed("HTTP/1.1 204 \r\n\r\n").consumed == 0);
        return false;
    }
  }
}

Outcome read_response(Http1Parser& parser, std::string_view wire, std::minstd_rand* slicer) {
  Outcome outcome;
  bool more = true;
  while (more && !wire.empty()) {
    const std::size_t slice = slicer == nullptr ? wire.size() : 1 + (*slicer)() % 24;
    more = feed_slice(parser, wire.substr(0, slice), outcome);
    wire.remove_prefix(std::min(slice, wire.size()));
  }
  outcome.complete = parser.complete();
  outcome.finished = parser.finish();
  require(outcome.finished == parser.complete());
  outcome.keep_alive = parser.keep_alive();
  outcome.trailers = to_text(parser.trailers());
  if (!outcome.finished) {
    const auto& failure = parser.failure();
    outcome.failure = std::string(failure.what) + (failure.phase == Phase::head ? " h" : " b");
    // How far a malformed input is taken is nobody's concern.
    outcome.consumed = 0;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 2, size - 2);
  Http1Limits limits;
  if ((data[0] & 2) != 0) limits.head_size = 40 + data[0];
  if ((data[0] & 4) != 0) limits.header_count = data[0] >> 5;
  const bool response_to_head = (data[0] & 1) != 0;

  Http1Parser parser;
  parser.start(response_to_head, limits);
  const Outcome whole = read_response(parser, wire, nullptr);
  std::minstd_rand slicer(data[1] + 1U);
  // The same parser again: what the first response left behind must not matter.
  parser.start(response_to_head, limits);
  const Outcome sliced = read_response(parser, wire, &slicer);
  require(whole == sliced);
  return 0;
}
