// Result: the outcome of a task, kept instead of thrown.
#pragma once

#include <exception>
#include <optional>
#include <reqivo/errors.hpp>
#include <type_traits>
#include <utility>

namespace reqivo {
namespace detail {

/// An exception kept together with its view as an `Error`. What is moved from keeps it, too: a
/// failure is not to become a success.
class KeptFailure {
 public:
  KeptFailure() noexcept = default;
  /// Errors: std::logic_error where it is null.
  explicit KeptFailure(std::exception_ptr failure);
  KeptFailure(const KeptFailure&) noexcept = default;
  KeptFailure& operator=(const KeptFailure&) noexcept = default;
  ~KeptFailure() = default;

  [[nodiscard]] bool present() const noexcept { return thrown_ != nullptr; }
  [[noreturn]] void rethrow() const { std::rethrow_exception(thrown_); }
  /// Errors: std::logic_error where there is no failure.
  [[nodiscard]] const Error& error() const;
  [[nodiscard]] const std::exception_ptr& exception() const noexcept { return thrown_; }

 private:
  std::exception_ptr thrown_;
  // An Error around a foreign exception; null where thrown_ is an Error.
  std::exception_ptr wrapped_;
  const Error* error_ = nullptr;  // inside thrown_ or wrapped_, and alive as long as they are
};

}  // namespace detail

/// A value of type T, or the exception that took its place.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  explicit Result(std::exception_ptr failure) requires(!std::is_same_v<T, std::exception_ptr>)
      : failure_(std::move(failure)) {}
  /// For the kit, whatever T is.
  explicit Result(detail::KeptFailure failure) noexcept : failure_(std::move(failure)) {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws the kept exception, with its own type, where there is none.
  [[nodiscard]] T& value() & {
    check();
    return *value_;
  }
  [[nodiscard]] const T& value() const& {
    check();
    return *value_;
  }
  [[nodiscard]] T&& value() && {
    check();
    return std::move(*value_);
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  /// The failure. An exception that is no `Error` is shown as one with code `other` and its text.
  /// Lifetime: as long as this object. Errors: std::logic_error where there is a value.
  [[nodiscard]] const Error& error() const { return failure_.error(); }
  /// The exception itself; null where there is a value.
  [[nodiscard]] const std::exception_ptr& exception() const noexcept {
    return failure_.exception();
  }

 private:
  void check() const {
    if (!value_) failure_.rethrow();
  }
  std::optional<T> value_;
  detail::KeptFailure failure_;
};

/// Success without a value, or the exception that took its place.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  explicit Result(std::exception_ptr failure) : failure_(std::move(failure)) {}
  explicit Result(detail::KeptFailure failure) noexcept : failure_(std::move(failure)) {}

  [[nodiscard]] bool has_value() const noexcept { return !failure_.present(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  /// Throws the kept exception, if there is one.
  void value() const {
    if (failure_.present()) failure_.rethrow();
  }
  /// As in `Result<T>`.
  [[nodiscard]] const Error& error() const { return failure_.error(); }
  [[nodiscard]] const std::exception_ptr& exception() const noexcept {
    return failure_.exception();
  }

 private:
  detail::KeptFailure failure_;
};

}  // namespace reqivo
