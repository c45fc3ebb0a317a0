#include "json_text.hpp"

#include <reqivo/json.hpp>
#include <string>
#include <string_view>

#include "concatenate.hpp"

namespace reqivo {
namespace detail {
namespace {

/// `what` and `where` are about the JSON that came from `url`.
[[noreturn]] void throw_json_error(const std::string& url, std::string_view what,
                                   std::string_view where) {
  throw JsonError(ErrorCode::json, Phase::none, false, concatenate({redact_url(url), what, where}));
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

nlohmann::json Response::json() const {
  std::string_view why = " gave no JSON: a number is too large";
  std::string where;
  try {
    return nlohmann::json::parse(body_);
  } catch (const nlohmann::json::parse_error& error) {
    why = " gave no JSON: wrong at byte ";
    where = std::to_string(error.byte);
  } catch (const nlohmann::json::exception&) {  // NOLINT(bugprone-empty-catch): `why` says it
  }
  detail::throw_json_error(url(), why, where);
}

}  // namespace reqivo
