// JSON of requests and responses. The one header that includes nlohmann/json.
#pragma once

#include <nlohmann/json.hpp>
#include <reqivo/request.hpp>
#include <reqivo/response.hpp>

namespace reqivo {
namespace detail {

/// `from` is what a conversion of nlohmann/json threw.
[[noreturn]] void throw_json_mismatch(const std::exception& from);

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

}  // namespace detail

template <class T>
T Response::json() const {
  const nlohmann::json document = json();
  try {
    return document.get<T>();
  } catch (const nlohmann::json::exception& mismatch) {
    detail::throw_json_mismatch(mismatch);
  }
}

}  // namespace reqivo
