#include "response_parser.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace reqivo::bench {

namespace {

constexpr std::size_t head_limit = 64 * 1024;

[[noreturn]] void refuse(const char* why) {
  throw std::runtime_error(std::string("malformed response: ") + why);
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return to_lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::uint64_t parse_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) refuse("bad number");
  return value;
}

}  // namespace

void ResponseParser::reset(Body body) {
  keeps_body_ = body == Body::keep;
  chunked_ = false;
  has_length_ = false;
  state_ = State::head;
  status_ = 0;
  remaining_ = 0;
  body_size_ = 0;
  pending_.clear();
  body_.clear();
}

std::size_t ResponseParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::complete) {
    const std::string_view rest = bytes.substr(used);
    switch (state_) {
      case State::head:
        used += feed_head(rest);
        break;
      case State::fixed_body:
      case State::chunk_data:
        used += feed_data(rest);
        break;
      default:
        used += feed_line(rest);
    }
  }
  return used;
}

// Nearly every head arrives whole and is parsed in place; only a cut one is copied.
std::size_t ResponseParser::feed_head(std::string_view bytes) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  if (pending_.empty()) {
    const auto end = bytes.find(end_of_head);
    if (end != std::string_view::npos) {
      parse_head(bytes.substr(0, end));
      return end + end_of_head.size();
    }
  }
  const std::size_t before = pending_.size();
  pending_.append(bytes);
  const auto end = pending_.find(end_of_head);
  if (end == std::string::npos) {
    if (pending_.size() > head_limit) refuse("head too long");
    return bytes.size();
  }
  const std::size_t used = end + end_of_head.size() - before;
  parse_head(std::string_view(pending_).substr(0, end));
  pending_.clear();
  return used;
}

void ResponseParser::parse_head(std::string_view head) {
  auto end_of_line = std::min(head.find("\r\n"), head.size());
  const std::string_view status_line = head.substr(0, end_of_line);
  if (status_line.size() < 12 || !status_line.starts_with("HTTP/1.1 ")) refuse("bad status line");
  status_ = static_cast<int>(parse_number(status_line.substr(9, 3), 10));
  while (end_of_line < head.size()) {
    head.remove_prefix(end_of_line + 2);
    end_of_line = std::min(head.find("\r\n"), head.size());
    parse_field(head.substr(0, end_of_line));
  }
  start_body();
}

void ResponseParser::parse_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) refuse("field without a colon");
  const std::string_view name = line.substr(0, colon);
  if (equals_ignoring_case(name, "content-length")) {
    const std::uint64_t length = parse_number(trim(line.substr(colon + 1)), 10);
    if (has_length_ && length != remaining_) refuse("two lengths");
    has_length_ = true;
    remaining_ = length;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    if (!equals_ignoring_case(trim(line.substr(colon + 1)), "chunked")) refuse("unknown coding");
    chunked_ = true;
  }
}

void ResponseParser::start_body() {
  if (status_ >= 100 && status_ < 200) {  // An interim response: the real one follows.
    chunked_ = false;
    has_length_ = false;
    return;
  }
  if (status_ == 204 || status_ == 304) {
    state_ = State::complete;
  } else if (chunked_) {
    if (has_length_) refuse("both Content-Length and chunked");
    state_ = State::chunk_size;
  } else if (has_length_) {
    state_ = remaining_ == 0 ? State::complete : State::fixed_body;
  } else {
    refuse("a body that ends with the connection");
  }
}

std::size_t ResponseParser::feed_data(std::string_view bytes) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_));
  if (keeps_body_) body_.append(bytes.substr(0, taken));
  body_size_ += taken;
  remaining_ -= taken;
  if (remaining_ == 0) {
    state_ = state_ == State::fixed_body ? State::complete : State::chunk_end;
  }
  return taken;
}

std::size_t ResponseParser::feed_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
  pending_.append(bytes.substr(0, used));
  if (pending_.size() > head_limit) refuse("line too long");
  if (end == std::string_view::npos) return used;
  if (!pending_.ends_with("\r\n")) refuse("a line without a carriage return");
  parse_line(std::string_view(pending_).substr(0, pending_.size() - 2));
  pending_.clear();
  return used;
}

void ResponseParser::parse_line(std::string_view line) {
  switch (state_) {
    case State::chunk_size:
      remaining_ = parse_number(trim(line.substr(0, line.find(';'))), 16);
      state_ = remaining_ == 0 ? State::trailer : State::chunk_data;
      break;
    case State::chunk_end:
      if (!line.empty()) refuse("a chunk longer than its size");
      state_ = State::chunk_size;
      break;
    default:
      if (line.empty()) state_ = State::complete;
  }
}

}  // namespace reqivo::bench
