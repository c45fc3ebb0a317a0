#include "json_text.hpp"

#include <reqivo/json.hpp>
#include <string>

#include "concatenate.hpp"

namespace reqivo {
namespace detail {
namespace {

[[noreturn]] void throw_json_error(const std::string& message) {
  throw JsonError(ErrorCode::json, Phase::none, false, message);
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
  throw_json_error(concatenate(
      {"the JSON of ", redact_url(url), " does not fit the wanted type: ", from.what()}));
}

}  // namespace detail

nlohmann::json Response::json() const {
  try {
    return nlohmann::json::parse(body_);
  } catch (const nlohmann::json::parse_error& error) {
    detail::throw_json_error(
        detail::concatenate({"the body of ", detail::redact_url(url()),
                             " is not JSON: wrong at byte ", std::to_string(error.byte)}));
  } catch (const nlohmann::json::exception&) {
    detail::throw_json_error(detail::concatenate(
        {"the body of ", detail::redact_url(url()), " is not JSON: a number in it is too large"}));
  }
}

}  // namespace reqivo
