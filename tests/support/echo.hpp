// What an echoing endpoint of the test server (/anything, /get, /post, /headers) says it was sent.
#pragma once

#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo::test {

/// Stands for what was not sent.
inline const std::string not_sent = "(not sent)";

class Echo {
 public:
  explicit Echo(const Response& response) : seen_(response.json()) {}

  [[nodiscard]] std::string method() const { return text_at(seen_, "method"); }
  /// The body, where it is text and no form.
  [[nodiscard]] std::string data() const { return text_at(seen_, "data"); }
  /// A header by its Name-In-This-Case; repeated ones are joined by commas.
  [[nodiscard]] std::string header(std::string_view name) const { return member("headers", name); }
  /// A parameter of the query, decoded; repeated ones as a JSON array.
  [[nodiscard]] std::string arg(std::string_view name) const { return member("args", name); }
  /// A field of a form, likewise.
  [[nodiscard]] std::string form(std::string_view name) const { return member("form", name); }
  /// The whole of what was sent, by a server that answers in JSON.
  [[nodiscard]] const nlohmann::json& json() const noexcept { return seen_; }

 private:
  [[nodiscard]] static std::string text_at(const nlohmann::json& object, std::string_view name) {
    const auto found = object.find(name);
    if (found == object.end()) return not_sent;
    return found->is_string() ? found->get<std::string>() : found->dump();
  }
  [[nodiscard]] std::string member(std::string_view group, std::string_view name) const {
    const auto found = seen_.find(group);
    return found == seen_.end() ? not_sent : text_at(*found, name);
  }
  nlohmann::json seen_;
};

/// Sends the request and reads the echo.
inline Task<Echo> echo_of(Task<Response> sent) {
  const Response response = co_await std::move(sent);
  response.raise_for_status();
  co_return Echo(response);
}

}  // namespace reqivo::test
