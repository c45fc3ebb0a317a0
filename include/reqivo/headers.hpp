// HTTP fields: an ordered list of names and values, names compared without regard to case.
#pragma once

#include <cstddef>
#include <optional>
#include <reqivo/detail/recycling_allocator.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reqivo {

namespace detail {
class CheckedFields;
}  // namespace detail

/// The fields of a request or a response (RFC 9110 §5), in order, repeats kept, spelling kept.
/// Views handed out stay valid until the next change of the object, or its end.
class Headers {
 public:
  using value_type = std::pair<std::string, std::string>;
  using iterator = std::vector<value_type, detail::RecyclingAllocator<value_type>>::const_iterator;
  using const_iterator = iterator;

  Headers() = default;
  Headers(const Headers& other);
  Headers(Headers&& other) noexcept = default;
  Headers& operator=(const Headers& other);
  Headers& operator=(Headers&& other) noexcept;
  ~Headers();

  /// The first value under `name`.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const& noexcept;
  /// Of a temporary, such as `(co_await session.get(url)).headers()`: copies.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) && {
    const auto value = std::as_const(*this).get(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }
  /// All values under `name`, in order.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const&;
  [[nodiscard]] std::vector<std::string> get_all(std::string_view name) && {
    const auto values = std::as_const(*this).get_all(name);
    return {values.begin(), values.end()};
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return get(name).has_value();
  }

  /// Replaces every field called `name` by this one, in the place of the first.
  /// Errors: RequestError (`invalid_request`) where `name` is no token (RFC 9110 §5.6.2) or `value`
  /// holds CR, LF or NUL; nothing is changed then. White space around the value is cut off.
  Headers& set(std::string_view name, std::string_view value);
  /// A literal 0 is no number here but a null pointer.
  void set(std::string_view name, std::nullptr_t value) = delete;
  /// Adds a field after all others, whether or not the name is there. Errors: as `set`.
  Headers& add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::nullptr_t value) = delete;
  /// Removes every field called `name`; returns how many there were.
  std::size_t remove(std::string_view name);
  void clear() noexcept { fields_.clear(); }

  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
  [[nodiscard]] iterator begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] iterator end() const noexcept { return fields_.end(); }

  void reserve(std::size_t count) { fields_.reserve(count); }

 private:
  friend class detail::CheckedFields;
  std::vector<value_type, detail::RecyclingAllocator<value_type>> fields_;
};

/// True where the two names are the same field name: ASCII letters without regard to case.
[[nodiscard]] bool same_field_name(std::string_view a, std::string_view b) noexcept;

}  // namespace reqivo
