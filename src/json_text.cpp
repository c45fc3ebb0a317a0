#include "json_text.hpp"

#include <cstddef>
#include <reqivo/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concatenate.hpp"
#include "platform/failure.hpp"

namespace reqivo {
namespace detail {
namespace {

/// `what` and `where` are about the JSON that came from `url`.
[[noreturn]] void throw_json_error(const std::string& url, std::string_view what,
                                   std::string_view where) {
  throw_error(Failure(ErrorCode::json, Phase::none,
                      without_controls(concatenate({redact_url(url), what, where}))));
}

/// Makes a value of what nlohmann's parser reads. `json::parse` would do, but brings along a second
/// parser, for callers with a filter, which is a good part of a small program.
template <class Json>
class JsonBuilder {
 public:
  /// Writing or copying a value goes as deep on the stack as it is nested; a page has 64 KiB of it.
  static constexpr std::size_t deepest = 128;

  explicit JsonBuilder(Json& root) : root_(root) {}

  /// Notes what is wrong with the document, of which there is to be no more.
  bool refuse(const char* why, std::size_t number) noexcept {
    why_ = why;
    number_ = number;
    return false;
  }
  /// Notes that the text is wrong at that byte, from 1 on.
  bool refuse(std::size_t position) noexcept {
    return refuse(" gave no JSON: wrong at byte ", position);
  }
  [[noreturn]] void throw_refusal(const std::string& url) const {
    throw_json_error(url, why_, decimal(number_));
  }

  // What the parser calls; false would end it.
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(typename Json::number_integer_t value) { return add(value); }
  bool number_unsigned(typename Json::number_unsigned_t value) { return add(value); }
  bool number_float(typename Json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(typename Json::binary_t& value) { return add(std::move(value)); }
  bool start_object(std::size_t) { return open(Json::value_t::object); }
  bool key(std::string& name) {
    member_ = &(*open_.back())[std::move(name)];  // of several members of a name the last stays
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::value_t::array); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) {
    constexpr int out_of_range = 4;  // the hundreds of its ids
    if (error.id / 100 != out_of_range) return refuse(position);
    return refuse(" gave no JSON: a number is too large, at byte ", position);
  }

 private:
  /// Puts `value` where the next one goes.
  template <class Value>
  Json& put(Value&& value) {
    if (!open_.empty() && open_.back()->is_array()) {
      return open_.back()->emplace_back(std::forward<Value>(value));
    }
    Json& to = open_.empty() ? root_ : *member_;
    to = std::forward<Value>(value);
    return to;
  }
  template <class Value>
  bool add(Value&& value) {
    put(std::forward<Value>(value));
    return true;
  }
  bool open(typename Json::value_t type) {
    if (open_.size() == deepest) return refuse(" gave JSON nested deeper than ", deepest);
    open_.push_back(&put(Json(type)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  std::vector<Json*> open_;  // each in the one before
  Json* member_ = nullptr;
  const char* why_ = "";
  std::size_t number_ = 0;
};

/// The document that `body`, from `url`, is.
template <class Json>
Json parse_json(const std::string& body, const std::string& url) {
  Json value;
  JsonBuilder<Json> builder(value);
  if (Json::sax_parse(body, &builder)) {
    // A NUL, of which JSON has none, is the end of the text to the parser.
    const std::size_t end = body.find('\0');
    if (end == std::string::npos) return value;
    builder.refuse(end + 1);
  }
  builder.throw_refusal(url);
}

}  // namespace

Outcome<std::string> json_text(const nlohmann::json& value) {
  try {
    return value.dump();
  } catch (const nlohmann::json::exception&) {  // its text repeats bytes of the value
    return Failure(ErrorCode::json, Phase::none,
                   "the value cannot be written as JSON: a string in it is not UTF-8");
  }
}

void throw_json_mismatch(const std::exception& from, const std::string& url) {
  throw_json_error(url, " gave JSON that does not fit the wanted type: ", from.what());
}

}  // namespace detail

nlohmann::json Response::json() const { return detail::parse_json<nlohmann::json>(body_, url()); }

template <>
nlohmann::ordered_json Response::json<nlohmann::ordered_json>() const {
  return detail::parse_json<nlohmann::ordered_json>(body_, url());
}

}  // namespace reqivo
