// JSON of requests and responses. The one header that includes nlohmann/json.
#pragma once

#include <nlohmann/json.hpp>
#include <reqivo/request.hpp>
#include <reqivo/response.hpp>

namespace reqivo {
namespace detail {

/// `from` is what a conversion of nlohmann/json threw; `url` is where the document came from.
[[noreturn]] void throw_json_mismatch(const std::exception& from, const std::string& url);

template <class T>
class JsonValue {
 public:
  /// Turns `value` into the draft's body. A conversion that fails refuses the request.
  static void put(RequestDraft& draft, const T& value) {
    try {
      const nlohmann::json document = value;
      draft.json(document);
    } catch (const nlohmann::json::exception& mismatch) {
      draft.refuse_json(mismatch.what());
    }
  }
};

/// Its keys have an order, which another kind of document would lose.
template <>
class JsonValue<nlohmann::ordered_json> {
 public:
  static void put(RequestDraft& draft, const nlohmann::ordered_json& value) {
    try {
      draft.written_json(value.dump());
    } catch (const nlohmann::json::exception&) {  // its text repeats bytes of the value
      draft.refuse_json("a string in it is not UTF-8");
    }
  }
};

}  // namespace detail

template <class T>
T Response::json() const {
  const nlohmann::json document = json();
  try {
    return document.get<T>();
  } catch (const nlohmann::json::exception& mismatch) {
    detail::throw_json_mismatch(mismatch, url());
  }
}

/// Keeps the order of the keys, which another kind of document would lose.
template <>
nlohmann::ordered_json Response::json<nlohmann::ordered_json>() const;

}  // namespace reqivo
