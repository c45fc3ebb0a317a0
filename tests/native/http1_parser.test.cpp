#include "native/http1_parser.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http1_cases.hpp"
#include "http1_reading.hpp"

namespace reqivo::test {

namespace {

void check_good(Http1Parser& parser, const GoodResponse& expected, std::size_t slice_size) {
  INFO(expected.name << ", in slices of " << slice_size);
  parser.start(expected.response_to_head, Http1Limits());
  Reading reading = read_response(parser, expected.wire, slice_size);
  if (expected.read_to_close) {
    CHECK_FALSE(parser.complete());
    CHECK(parser.finish());
    reading.events += 'c';
  }
  CHECK(parser.complete());
  CHECK(reading.events == (expected.body.empty() ? "hc" : "hbc"));
  CHECK(reading.status == expected.status);
  CHECK(reading.body == expected.body);
  CHECK(parser.keep_alive() == expected.keep_alive);
  CHECK(expected.wire.substr(reading.consumed) == expected.rest);
  CHECK(parser.finish());
}

}  // namespace

TEST_CASE("Every good response is read the same however it is cut") {
  Http1Parser parser;
  for (const auto& response : good_responses) {
    for (const std::size_t slice_size : slice_sizes) check_good(parser, response, slice_size);
  }
}

TEST_CASE("Every good response is read the same when cut once, at any place") {
  for (const auto& response : good_responses) {
    for (std::size_t cut = 1; cut < response.wire.size(); ++cut) {
      INFO(response.name << ", cut at " << cut);
      Http1Parser parser;
      parser.start(response.response_to_head, Http1Limits());
      Reading reading;
      feed_slice(parser, response.wire.substr(0, cut), reading);
      if (!parser.complete()) feed_slice(parser, response.wire.substr(cut), reading);
      CHECK(reading.body == response.body);
      CHECK(response.wire.substr(reading.consumed) == response.rest);
      CHECK(parser.finish());
    }
  }
}

TEST_CASE("Every malformed response is refused however it is cut") {
  for (const auto& response : bad_responses) {
    const std::string expected =
        response.phase == Phase::head ? "invalid_response in head" : "invalid_response in body";
    for (const std::size_t slice_size : slice_sizes) {
      INFO(response.name << ", in slices of " << slice_size);
      CHECK(failure_of(response.wire, slice_size, Http1Limits()) == expected);
    }
  }
}

TEST_CASE("A malformed response leaves a parser that takes nothing until it is started again") {
  Http1Parser parser;
  for (const auto& response : bad_responses) {
    INFO(response.name);
    parser.start(false, Http1Limits());
    read_response(parser, response.wire, 4096);
    const std::string what = parser.failure().what;
    const Http1Parser::Step step = parser.feed("HTTP/1.1 200 OK\r\n\r\n");
    CHECK(step.event == Event::failed);
    CHECK(step.consumed == 0);
    CHECK(parser.failure().what == what);
    CHECK_FALSE(what.empty());
    CHECK(what.find_first_of("\r\n") == std::string::npos);
    CHECK_FALSE(parser.finish());
    CHECK(parser.failure().code == ErrorCode::invalid_response);
    CHECK_FALSE(parser.complete());
    CHECK_FALSE(parser.keep_alive());
    check_good(parser, good_responses.front(), 4096);
  }
}

TEST_CASE("A response cut short at any byte is an error, save where closing ends the body") {
  for (const auto& response : good_responses) {
    const std::string_view whole =
        response.wire.substr(0, response.wire.size() - response.rest.size());
    const std::size_t last_head = whole.rfind("HTTP/1.", whole.size() - response.body.size() - 1);
    const std::size_t head_end = whole.find("\r\n\r\n", last_head) + 4;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      INFO(response.name << ", cut short after " << size);
      Http1Parser parser;
      parser.start(response.response_to_head, Http1Limits());
      const Reading reading = read_response(parser, whole.substr(0, size), 4096);
      CHECK(reading.consumed == size);
      CHECK(parser.started() == (size > 0));
      CHECK_FALSE(parser.complete());
      const bool head_is_whole = size >= head_end;
      if (response.read_to_close && head_is_whole) {
        CHECK(parser.finish());
        CHECK_FALSE(parser.keep_alive());
        continue;
      }
      CHECK_FALSE(parser.finish());
      CHECK(parser.failure().code == ErrorCode::connection_closed);
      CHECK(parser.failure().phase == (head_is_whole ? Phase::body : Phase::head));
      CHECK(parser.feed("x").event == Event::failed);
    }
  }
}

TEST_CASE("The head keeps the order, the spelling and the repeats of its fields") {
  const std::string_view wire =
      "HTTP/1.0 404 Not \tFound\r\nSet-Cookie: a=b\r\nX-Long-Field-Name-Of-Its-Own: \t some value "
      "with spaces \t \r\nset-cookie: c=d\r\nEmpty:\r\nBlank: \t \r\nContent-Length: 0\r\n\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    read_response(parser, wire, slice_size);
    CHECK(parser.head().status == 404);
    CHECK(parser.head().minor_version == 0);
    CHECK(parser.head().reason == "Not \tFound");
    CHECK(to_text(parser.head().headers) ==
          "Set-Cookie=a=b;X-Long-Field-Name-Of-Its-Own=some value with spaces;set-cookie=c=d;"
          "Empty=;Blank=;Content-Length=0;");
    const Headers taken = std::move(parser.head().headers);
    CHECK(taken.size() == 6);
  }
}

TEST_CASE("Nothing of an interim head shows in the final one") {
  Http1Parser parser;
  read_response(parser,
                "HTTP/1.0 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n"
                "Content-Length: 0\r\n\r\n",
                3);
  CHECK(parser.head().status == 200);
  CHECK(parser.head().minor_version == 1);
  CHECK(parser.head().reason == "OK");
  CHECK(to_text(parser.head().headers) == "A=b;Content-Length=0;");
}

TEST_CASE("Trailers are kept apart from the head") {
  const std::string_view wire =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nChecksum:  abc \r\n"
      "Transfer-Encoding: gzip\r\nEmpty:\r\n\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    const Reading reading = read_response(parser, wire, slice_size);
    CHECK(reading.events == "hbc");
    CHECK(to_text(parser.head().headers) == "Transfer-Encoding=chunked;");
    CHECK(to_text(parser.trailers()) == "Checksum=abc;Transfer-Encoding=gzip;Empty=;");
    parser.start(false, Http1Limits());
    CHECK(parser.trailers().empty());
  }
}

TEST_CASE("The head is reported before any body byte is taken") {
  const std::string_view wire = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world";
  Http1Parser parser;
  CHECK_FALSE(parser.started());
  CHECK(parser.remaining_length() == std::nullopt);
  Http1Parser::Step step = parser.feed(wire);
  CHECK(step.event == Event::head);
  CHECK(step.consumed == wire.find("hello"));
  CHECK(parser.started());
  CHECK(parser.remaining_length() == 5);
  CHECK(parser.body_part().empty());

  step = parser.feed(wire.substr(step.consumed));
  CHECK(step.event == Event::body);
  CHECK(step.consumed == 5);
  CHECK(parser.body_part().data() == wire.data() + wire.find("hello"));
  CHECK(parser.body_part() == "hello");
  CHECK(parser.remaining_length() == 0);

  step = parser.feed(", world");
  CHECK(step.event == Event::complete);
  CHECK(step.consumed == 0);
  CHECK(parser.body_part().empty());
  CHECK(parser.feed(", world").event == Event::complete);
}

TEST_CASE("An empty input completes a response that has no body") {
  Http1Parser parser;
  CHECK(parser.feed({}).event == Event::need_more);
  CHECK_FALSE(parser.started());
  CHECK(parser.feed("HTTP/1.1 204 No Content\r\n\r\n").event == Event::head);
  CHECK_FALSE(parser.complete());
  CHECK(parser.feed({}).event == Event::complete);
  CHECK(parser.complete());
}

TEST_CASE("An empty input asks for more where a body is still to come") {
  for (const std::string_view field : {"Content-Length: 5", "Transfer-Encoding: chunked", "A: b"}) {
    Http1Parser parser;
    const std::string wire = "HTTP/1.1 200 OK\r\n" + std::string(field) + "\r\n\r\n";
    CHECK(parser.feed(wire).event == Event::head);
    CHECK(parser.feed({}).event == Event::need_more);
    CHECK_FALSE(parser.complete());
  }
}

TEST_CASE("Closing after the last byte of a known length is a proper end") {
  Http1Parser parser;
  const std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  CHECK(parser.feed(head).event == Event::head);
  CHECK(parser.feed("x").event == Event::body);
  CHECK(parser.finish());
  CHECK(parser.complete());

  parser.start(true, Http1Limits());
  CHECK(parser.feed(head).event == Event::head);
  CHECK(parser.finish());
  CHECK(parser.keep_alive());
}

TEST_CASE("A length is known only where Content-Length says it or there is no body") {
  const auto length_after_head = [](std::string_view wire, bool response_to_head) {
    Http1Parser parser;
    parser.start(response_to_head, Http1Limits());
    CHECK(parser.feed(wire).event == Event::head);
    return parser.remaining_length();
  };
  CHECK(length_after_head("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
                          false) == 18446744073709551615U);
  CHECK(length_after_head("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true) == 0);
  CHECK(length_after_head("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", false) == 0);
  CHECK(length_after_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false) ==
        std::nullopt);
  CHECK(length_after_head("HTTP/1.1 200 OK\r\n\r\n", false) == std::nullopt);
}

namespace {

/// What is certainly body after `wire`, which holds no body byte that was not taken.
std::uint64_t certain_after(std::string_view wire, bool response_to_head = false) {
  Http1Parser parser;
  parser.start(response_to_head, Http1Limits());
  static_cast<void>(read_response(parser, wire, 4096));
  return parser.certain_body();
}

}  // namespace

TEST_CASE("How many of the next bytes are body bytes is told as far as it is certain") {
  constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();
  const std::string counted = "HTTP/1.1 200 OK\r\nContent-Length: 10000000010\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(certain_after("") == 0);
  CHECK(certain_after(counted.substr(0, 20)) == 0);
  CHECK(certain_after(counted) == 10000000010);
  CHECK(certain_after(counted + "0123") == 10000000006);
  CHECK(certain_after(counted, true) == 0);
  CHECK(certain_after("HTTP/1.1 200 OK\r\n\r\n") == any_number);
  CHECK(certain_after(chunked) == 0);
  CHECK(certain_after(chunked + "a0\r") == 0);
  CHECK(certain_after(chunked + "a0\r\n") == 160);
  CHECK(certain_after(chunked + "a0\r\n0123") == 156);
  CHECK(certain_after(chunked + "4\r\n0123") == 0);
  CHECK(certain_after(chunked + "0\r\n") == 0);
  CHECK(certain_after(chunked + "0\r\n\r\n") == 0);
  CHECK(certain_after(chunked + "nonsense\r\n") == 0);
}

TEST_CASE("What is certainly body is one part of it, and the framing goes on behind it") {
  Http1Parser parser;
  CHECK(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").event == Event::head);
  CHECK(parser.feed("b\r\n").event == Event::need_more);
  const std::string_view part = "\r\n0\r\n\r\n\r\n\r";
  REQUIRE(parser.certain_body() == part.size() + 1);
  const Http1Parser::Step step = parser.feed(part);
  CHECK(step.event == Event::body);
  CHECK(step.consumed == part.size());
  CHECK(parser.body_part() == part);
  CHECK(parser.certain_body() == 1);
  CHECK(parser.feed("\n").event == Event::body);
  CHECK(parser.feed("x").event == Event::failed);
}

TEST_CASE("A parser in use can be moved") {
  const std::string_view wire = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  auto first = std::make_unique<Http1Parser>();
  CHECK(first->feed(wire.substr(0, 20)).event == Event::need_more);
  Http1Parser second = std::move(*first);
  first.reset();
  Http1Parser third;
  third = std::move(second);
  CHECK(read_response(third, wire.substr(20), 4096).body == "hello");
  CHECK(third.complete());
}

TEST_CASE("A parser started again in the middle of a response forgets it") {
  for (const auto& response : good_responses) {
    for (std::size_t size = 0; size < response.wire.size(); ++size) {
      Http1Parser parser;
      parser.start(response.response_to_head, Http1Limits());
      read_response(parser, response.wire.substr(0, size), 4096);
      parser.start(false, Http1Limits());
      CHECK_FALSE(parser.started());
      CHECK_FALSE(parser.complete());
      check_good(parser, good_responses.front(), 4096);
      CHECK(to_text(parser.head().headers) == "Content-Length=5;");
    }
  }
}

}  // namespace reqivo::test
