#include "json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <reqivo/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concatenate.hpp"

namespace reqivo {
namespace detail {
namespace {

/// `what` and `where` are about the JSON that came from `url`.
[[noreturn]] void throw_json_error(const std::string& url, std::string_view what,
                                   std::string_view where) {
  throw JsonError(ErrorCode::json, Phase::none, false,
                  without_controls(concatenate({redact_url(url), what, where})));
}

/// Makes a value of what nlohmann's parser reads. `json::parse` would do, but brings along a second
/// parser, for callers with a filter, which is a good part of a small program.
class JsonBuilder {
 public:
  /// Writing, copying or comparing a value goes as deep on the stack as it is nested.
  static constexpr std::size_t deepest = 200;

  using Json = nlohmann::json;

  explicit JsonBuilder(Json& root) : root_(root) {}

  [[nodiscard]] bool nested_too_deep() const noexcept { return nested_too_deep_; }
  [[nodiscard]] bool number_too_large() const noexcept { return number_too_large_; }
  [[nodiscard]] std::size_t error_position() const noexcept { return error_position_; }

  // What the parser calls; false would end it.
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& value) { return add(std::move(value)); }
  bool start_object(std::size_t) { return open(Json::value_t::object); }
  bool key(std::string& name) {
    member_ = &(*open_.back())[std::move(name)];  // of several members of a name the last stays
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::value_t::array); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    constexpr int out_of_range = 4;  // the hundreds of its ids
    number_too_large_ = error.id / 100 == out_of_range;
    error_position_ = position;
    return false;
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
  bool open(Json::value_t type) {
    nested_too_deep_ = open_.size() == deepest;
    if (nested_too_deep_) return false;
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
  std::size_t error_position_ = 0;
  bool number_too_large_ = false;
  bool nested_too_deep_ = false;
};

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

nlohmann::json Response::json() const {
  nlohmann::json value;
  detail::JsonBuilder builder(value);
  // A NUL, which JSON has none of, is the end of the text to the parser.
  const std::size_t text_end = std::min(body_.find('\0'), body_.size());
  const bool parsed = nlohmann::json::sax_parse(body_, &builder);
  if (parsed && text_end == body_.size()) return value;
  if (builder.nested_too_deep()) {
    detail::throw_json_error(url(), " gave JSON that is nested too deep: over ",
                             detail::decimal(detail::JsonBuilder::deepest));
  }
  const bool too_large = builder.number_too_large();
  detail::throw_json_error(url(),
                           too_large ? " gave no JSON: a number is too large, at byte "
                                     : " gave no JSON: wrong at byte ",
                           detail::decimal(parsed ? text_end + 1 : builder.error_position()));
}

}  // namespace reqivo
