// llhttp reads what has a grammar: heads, chunk lines and trailers. What is only counted - the
// bytes of a body or of a chunk - is counted here, so that no byte of it is looked at. llhttp is
// stopped (HPE_PAUSED) at the end of every such section, never in the middle of one.
#include "native/http1_parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "checked_fields.hpp"
#include "native/http1_framing.hpp"
#include "native/parted_text.hpp"
#include "white_space.hpp"

namespace reqivo::native {

namespace {

// llhttp 8 takes bare LF, obs-fold and fields without a name even in strict mode.
static_assert(LLHTTP_VERSION_MAJOR > 9 || (LLHTTP_VERSION_MAJOR == 9 && LLHTTP_VERSION_MINOR >= 4),
              "the response parser relies on the strictness of llhttp 9.4");

/// Servers send a handful of interim responses; an endless row of them would hold the caller
/// forever without ever breaking another limit.
constexpr int interim_limit = 256;

/// Beyond this a chunk size does not fit the signed integers that peers and tools count with.
constexpr std::uint64_t chunk_size_limit = std::uint64_t{1} << 63;

/// The empty line that ends every trailer section; it is not charged to the limit.
constexpr std::size_t empty_line_size = 2;

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

constexpr std::size_t usual_field_count = 8;

/// RFC 9112 §4: reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ). llhttp does not look.
bool is_reason_phrase(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace

struct Http1Parser::State {
  enum class Stage {
    head,
    fixed_body,  // `remaining` bytes, which may be none
    body_until_close,
    chunk_line,  // with the line end of the chunk before
    chunk_data,  // `remaining` bytes
    trailers,
    complete,
    failed,
  };

  void start(bool to_head, const Http1Limits& new_limits);
  void begin_head();
  Step feed_head(std::string_view bytes);
  void accept_head();
  void choose_framing();
  Step feed_fixed_body(std::string_view bytes);
  Step feed_chunked(std::string_view bytes);
  void accept_chunk_line();
  std::size_t advance(std::string_view bytes);
  Step take_body(std::string_view part, std::size_t consumed);
  void fail(ErrorCode code, std::string_view what);
  bool finish();
  [[nodiscard]] std::size_t size_limit() const { return limits.head_size.value_or(unlimited); }

  // Called by llhttp. noexcept because nothing may unwind through its C frames.
  static State& from(llhttp_t* parser) noexcept { return *static_cast<State*>(parser->data); }
  static int on_status(llhttp_t* parser, const char* text, std::size_t size) noexcept;
  static int on_field_name(llhttp_t* parser, const char* text, std::size_t size) noexcept;
  static int on_field_value(llhttp_t* parser, const char* text, std::size_t size) noexcept;
  static int on_field_complete(llhttp_t* parser) noexcept;
  static int on_section_complete(llhttp_t* parser) noexcept;
  static constexpr llhttp_settings_t make_callbacks();
  static const llhttp_settings_t callbacks;

  llhttp_t parser;
  Http1Limits limits;
  Http1Head head;
  Headers trailers;
  std::string_view body_part;
  std::optional<detail::Failure> failure;
  PartedText field_name;
  PartedText field_value;
  std::uint64_t remaining = 0;
  /// How many more bytes the section that llhttp is reading may have.
  std::size_t room = 0;
  /// What the head left of `size_limit()`, for the trailers.
  std::size_t trailer_room = 0;
  std::size_t field_count = 0;
  std::size_t expected_field_count = usual_field_count;
  int interim_count = 0;
  Stage stage = Stage::head;
  bool head_begun = false;
  bool section_complete = false;
  bool response_to_head = false;
  bool started = false;
  bool persistent = false;
};

constexpr llhttp_settings_t Http1Parser::State::make_callbacks() {
  llhttp_settings_t settings{};
  settings.on_status = on_status;
  settings.on_header_field = on_field_name;
  settings.on_header_value = on_field_value;
  settings.on_header_value_complete = on_field_complete;
  settings.on_headers_complete = on_section_complete;
  settings.on_chunk_header = on_section_complete;
  settings.on_message_complete = on_section_complete;
  return settings;
}

constinit const llhttp_settings_t Http1Parser::State::callbacks = make_callbacks();

// A text may come in several parts, wherever the input was cut.
int Http1Parser::State::on_status(llhttp_t* parser, const char* text, std::size_t size) noexcept {
  from(parser).head.reason.append(text, size);
  return HPE_OK;
}

int Http1Parser::State::on_field_name(llhttp_t* parser, const char* text,
                                      std::size_t size) noexcept {
  from(parser).field_name.append({text, size});
  return HPE_OK;
}

int Http1Parser::State::on_field_value(llhttp_t* parser, const char* text,
                                       std::size_t size) noexcept {
  from(parser).field_value.append({text, size});
  return HPE_OK;
}

int Http1Parser::State::on_field_complete(llhttp_t* parser) noexcept {
  State& self = from(parser);
  if (self.limits.header_count && self.field_count == *self.limits.header_count) {
    self.fail(ErrorCode::limit_exceeded, "too many header fields");
    return HPE_USER;
  }
  ++self.field_count;
  Headers& headers = self.stage == Stage::trailers ? self.trailers : self.head.headers;
  if (headers.empty() && self.stage == Stage::head) headers.reserve(self.expected_field_count);
  // llhttp has skipped the white space before the value, not the one after it.
  detail::CheckedFields::add(headers, self.field_name.text(),
                             detail::trim_end(self.field_value.text()));
  self.field_name.clear();
  self.field_value.clear();
  return HPE_OK;
}

int Http1Parser::State::on_section_complete(llhttp_t* parser) noexcept {
  from(parser).section_complete = true;
  return HPE_PAUSED;
}

void Http1Parser::State::start(bool to_head, const Http1Limits& new_limits) {
  limits = new_limits;
  response_to_head = to_head;
  trailers.clear();
  body_part = {};
  failure.reset();
  remaining = 0;
  trailer_room = 0;
  interim_count = 0;
  started = false;
  persistent = false;
  begin_head();
}

void Http1Parser::State::begin_head() {
  // A parser made anew for each head: llhttp must not carry "Connection: close" of an interim head
  // over.
  llhttp_init(&parser, HTTP_RESPONSE, &callbacks);
  parser.data = this;
  stage = Stage::head;
  head.status = 0;
  head.minor_version = 1;
  head.reason.clear();
  head.headers.clear();
  field_name.clear();
  field_value.clear();
  field_count = 0;
  room = size_limit();
  head_begun = false;
}

void Http1Parser::State::fail(ErrorCode code, std::string_view what) {
  const Phase phase = stage == Stage::head ? Phase::head : Phase::body;
  failure.emplace(code, phase, std::string(what));
  stage = Stage::failed;
}

/// Gives `bytes` to llhttp, as far as the limit allows; returns how many it took.
std::size_t Http1Parser::State::advance(std::string_view bytes) {
  const std::size_t allowed = std::min(bytes.size(), room);
  section_complete = false;
  const llhttp_errno_t error = llhttp_execute(&parser, bytes.data(), allowed);
  std::size_t taken = allowed;
  if (error != HPE_OK) {
    taken = static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
  }
  room -= taken;
  field_name.keep();
  field_value.keep();
  if (stage == Stage::failed) return taken;
  if (error == HPE_PAUSED && section_complete) {
    llhttp_resume(&parser);
  } else if (error != HPE_OK) {
    // The reason is one of llhttp's own constant texts, never a part of what was received.
    fail(ErrorCode::invalid_response,
         std::string("malformed response: ") + llhttp_get_error_reason(&parser));
  } else if (room == 0) {
    fail(ErrorCode::limit_exceeded, stage == Stage::head       ? "the response head is too large"
                                    : stage == Stage::trailers ? "the trailers are too large"
                                                               : "a chunk line is too large");
  }
  return taken;
}

Http1Parser::Step Http1Parser::State::feed_head(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (!head_begun && bytes[taken] != 'H') {
      // llhttp would skip empty lines, and takes the names of a few related protocols.
      fail(ErrorCode::invalid_response, "malformed response: it does not begin with a status line");
      break;
    }
    head_begun = true;
    taken += advance(bytes.substr(taken));
    if (stage == Stage::failed) break;
    if (!section_complete) continue;
    accept_head();
    if (stage == Stage::failed) break;
    if (stage != Stage::head) return {Event::head, taken};
  }
  return {stage == Stage::failed ? Event::failed : Event::need_more, taken};
}

void Http1Parser::State::accept_head() {
  head.status = llhttp_get_status_code(&parser);
  head.minor_version = llhttp_get_http_minor(&parser);
  if (llhttp_get_http_major(&parser) != 1 || head.minor_version > 1) {
    return fail(ErrorCode::invalid_response, "the response is not HTTP/1.0 or HTTP/1.1");
  }
  if (head.status < 100) {
    return fail(ErrorCode::invalid_response, "the status code is below 100");
  }
  if (!is_reason_phrase(head.reason)) {
    return fail(ErrorCode::invalid_response, "control characters in the reason phrase");
  }
  if (head.status == 101) {
    return fail(ErrorCode::invalid_response, "the server switched protocols without being asked");
  }
  if (head.status >= 200) return choose_framing();
  if (++interim_count > interim_limit) {
    return fail(ErrorCode::limit_exceeded, "too many interim responses");
  }
  begin_head();
}

/// RFC 9112 §6.3, §9.3.
void Http1Parser::State::choose_framing() {
  const FramingFields fields = read_framing_fields(head.headers);
  const bool has_coding = fields.coding_count > 0;
  if (has_coding && head.minor_version == 0) {
    return fail(ErrorCode::invalid_response, "Transfer-Encoding in an HTTP/1.0 response");
  }
  if (has_coding && fields.length_count > 0) {
    // llhttp refuses this as well. Too much hangs on it to leave it to its flags alone.
    return fail(ErrorCode::invalid_response, "both Transfer-Encoding and Content-Length");
  }
  if (has_coding && (fields.coding_count > 1 || !fields.only_chunked)) {
    return fail(ErrorCode::invalid_response, "a transfer coding other than chunked alone");
  }
  if (has_coding && (parser.flags & F_CHUNKED) == 0) {
    // As with a tab behind it: the two of us would disagree on where the body ends.
    return fail(ErrorCode::invalid_response, "a malformed Transfer-Encoding");
  }
  expected_field_count = std::max(usual_field_count, field_count);
  field_count = 0;
  trailer_room = room;
  persistent = !fields.close && (head.minor_version == 1 || fields.keep_alive);
  const bool has_length = fields.length_count > 0;
  if (response_to_head || head.status == 204 || head.status == 304) {
    // A 204 must not announce a body (RFC 9112 §6.1). One that does may well be followed by it.
    const bool body_announced = has_coding || (has_length && parser.content_length > 0);
    if (head.status == 204 && body_announced) persistent = false;
    stage = Stage::fixed_body;
  } else if (has_coding) {
    stage = Stage::chunk_line;
    room = size_limit();
  } else if (has_length) {
    stage = Stage::fixed_body;
    remaining = parser.content_length;
  } else {
    stage = Stage::body_until_close;
    persistent = false;
  }
}

Http1Parser::Step Http1Parser::State::take_body(std::string_view part, std::size_t consumed) {
  body_part = part;
  return {part.empty() ? Event::need_more : Event::body, consumed};
}

Http1Parser::Step Http1Parser::State::feed_fixed_body(std::string_view bytes) {
  if (remaining == 0) {
    stage = Stage::complete;
    return {Event::complete, 0};
  }
  const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), remaining));
  remaining -= part.size();
  return take_body(part, part.size());
}

Http1Parser::Step Http1Parser::State::feed_chunked(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (stage == Stage::chunk_data) {
      const std::string_view rest = bytes.substr(taken);
      const std::string_view part = rest.substr(0, std::min<std::uint64_t>(rest.size(), remaining));
      // llhttp only counts these bytes too, to know where the next chunk line begins.
      room = unlimited;
      advance(part);
      if (stage == Stage::failed) return {Event::failed, taken};
      remaining -= part.size();
      if (remaining == 0) {
        stage = Stage::chunk_line;
        room = size_limit();
      }
      return take_body(part, taken + part.size());
    }
    taken += advance(bytes.substr(taken));
    if (stage == Stage::failed) return {Event::failed, taken};
    if (!section_complete) continue;
    if (stage == Stage::trailers) {
      stage = Stage::complete;
      return {Event::complete, taken};
    }
    accept_chunk_line();
    if (stage == Stage::failed) return {Event::failed, taken};
  }
  return {Event::need_more, taken};
}

void Http1Parser::State::accept_chunk_line() {
  remaining = parser.content_length;
  if (remaining > chunk_size_limit) {
    fail(ErrorCode::invalid_response, "malformed response: chunk size too large");
  } else if (remaining > 0) {
    stage = Stage::chunk_data;
  } else {
    stage = Stage::trailers;
    room = trailer_room + empty_line_size;
  }
}

bool Http1Parser::State::finish() {
  switch (stage) {
    case Stage::complete:
      return true;
    case Stage::failed:
      return false;
    case Stage::fixed_body:
      if (remaining > 0) break;
      [[fallthrough]];
    case Stage::body_until_close:
      stage = Stage::complete;
      return true;
    default:
      break;
  }
  fail(ErrorCode::connection_closed,
       !started               ? detail::says::closed_before_head
       : stage == Stage::head ? "the server closed the connection within the response's head"
                              : detail::says::closed_in_body);
  return false;
}

Http1Parser::Http1Parser() : state_(std::make_unique<State>()) { state_->start(false, {}); }
Http1Parser::~Http1Parser() = default;
Http1Parser::Http1Parser(Http1Parser&&) noexcept = default;
Http1Parser& Http1Parser::operator=(Http1Parser&&) noexcept = default;

void Http1Parser::start(bool response_to_head, const Http1Limits& limits) {
  state_->start(response_to_head, limits);
}

Http1Parser::Step Http1Parser::feed(std::string_view bytes) {
  using Stage = State::Stage;
  State& state = *state_;
  state.body_part = {};
  state.started = state.started || !bytes.empty();
  switch (state.stage) {
    case Stage::head:
      return state.feed_head(bytes);
    case Stage::fixed_body:
      return state.feed_fixed_body(bytes);
    case Stage::body_until_close:
      return state.take_body(bytes, bytes.size());
    case Stage::complete:
      return {Event::complete, 0};
    case Stage::failed:
      return {Event::failed, 0};
    default:
      return state.feed_chunked(bytes);
  }
}

bool Http1Parser::finish() { return state_->finish(); }
const Http1Head& Http1Parser::head() const noexcept { return state_->head; }
Http1Head& Http1Parser::head() noexcept { return state_->head; }
std::string_view Http1Parser::body_part() const noexcept { return state_->body_part; }
bool Http1Parser::started() const noexcept { return state_->started; }
bool Http1Parser::complete() const noexcept { return state_->stage == State::Stage::complete; }
bool Http1Parser::keep_alive() const noexcept { return complete() && state_->persistent; }
const Headers& Http1Parser::trailers() const noexcept { return state_->trailers; }

const detail::Failure& Http1Parser::failure() const noexcept {
  assert(state_->failure.has_value());
  return *state_->failure;
}

std::optional<std::uint64_t> Http1Parser::remaining_length() const noexcept {
  if (state_->stage != State::Stage::fixed_body) return std::nullopt;
  return state_->remaining;
}

std::uint64_t Http1Parser::certain_body() const noexcept {
  switch (state_->stage) {
    case State::Stage::fixed_body:
    case State::Stage::chunk_data:
      return state_->remaining;
    case State::Stage::body_until_close:
      return std::numeric_limits<std::uint64_t>::max();
    default:
      return 0;
  }
}

}  // namespace reqivo::native
