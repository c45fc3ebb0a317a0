// JSON as a request's body: apart from the rest, so that a program without it does not carry it.
#include <reqivo/detail/request_draft.hpp>
#include <utility>

#include "exchange.hpp"
#include "json_text.hpp"

namespace reqivo::detail {

void RequestDraft::written_json(std::string text) { set_body(std::move(text), "application/json"); }

void RequestDraft::json(const nlohmann::json& value) {
  Outcome<std::string> text = json_text(value);
  if (!text) return exchange().options().refuse(std::move(text).failure());
  set_body(std::move(text).value(), "application/json");
}

}  // namespace reqivo::detail
