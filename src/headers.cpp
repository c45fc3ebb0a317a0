#include <algorithm>
#include <reqivo/headers.hpp>

#include "ascii.hpp"
#include "checked_fields.hpp"
#include "concatenate.hpp"
#include "platform/failure.hpp"
#include "token.hpp"
#include "white_space.hpp"

namespace reqivo {
namespace {

[[noreturn]] void refuse(std::string why) {
  detail::throw_error(detail::Failure(ErrorCode::invalid_request, Phase::none, std::move(why)));
}

// A refused name is not repeated in the message: it may be a whole "Authorization: ..." line.
void check_name(std::string_view name) {
  if (name.empty()) refuse("invalid header: the name is empty");
  if (!detail::is_token(name))
    refuse("invalid header: the name holds a character that is not allowed in one");
}

void check_value(std::string_view name, std::string_view value) {
  constexpr std::string_view forbidden("\r\n\0", 3);
  if (value.find_first_of(forbidden) != std::string_view::npos) {
    refuse(detail::concatenate({"invalid header: the value of ", name, " holds CR, LF or NUL"}));
  }
}

Headers::value_type checked_field(std::string_view name, std::string_view value) {
  check_name(name);
  check_value(name, value);
  return Headers::value_type(name, detail::trim(value));
}

}  // namespace

bool same_field_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a == b) return true;  // mostly both are spelled as their specification does
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return detail::to_lower(x) == detail::to_lower(y); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const& noexcept {
  for (const auto& [field_name, value] : fields_) {
    // Most names are told apart by their length.
    if (field_name.size() == name.size() && same_field_name(field_name, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const& {
  std::vector<std::string_view> values;
  for (const auto& [field_name, value] : fields_) {
    if (same_field_name(field_name, name)) values.push_back(value);
  }
  return values;
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  // Copied before anything changes: both may be views into this very object.
  value_type field = checked_field(name, value);
  const auto matches = [&field](const value_type& other) {
    return same_field_name(other.first, field.first);
  };
  const auto first = std::find_if(fields_.begin(), fields_.end(), matches);
  if (first == fields_.end()) {
    fields_.push_back(std::move(field));
    return *this;
  }
  fields_.erase(std::remove_if(std::next(first), fields_.end(), matches), fields_.end());
  *first = std::move(field);
  return *this;
}

// Out of line, as they are many instructions that a request comes by at several places.
Headers::Headers(const Headers& other) = default;
Headers& Headers::operator=(const Headers& other) = default;
Headers& Headers::operator=(Headers&& other) noexcept = default;
Headers::~Headers() = default;

Headers& Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back(checked_field(name, value));
  return *this;
}

void detail::CheckedFields::add(Headers& to, std::string_view name, std::string_view value) {
  to.fields_.emplace_back(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  const std::string wanted(name);  // `name` may be a view into a field that goes away
  return std::erase_if(
      fields_, [&wanted](const value_type& field) { return same_field_name(field.first, wanted); });
}

}  // namespace reqivo
