// What tasks that nobody awaits report.
#pragma once

#include <exception>
#include <reqivo/async.hpp>
#include <string>
#include <utility>
#include <vector>

namespace reqivo::test {

/// Keeps the texts of what is reported to the unhandled exception handler while it lives.
class UnhandledExceptions {
 public:
  UnhandledExceptions() {
    set_unhandled_exception_handler([this](std::exception_ptr failure) {
      const Result<void> kept(std::move(failure));
      texts_.emplace_back(kept.error().what());
    });
  }
  UnhandledExceptions(const UnhandledExceptions&) = delete;
  UnhandledExceptions& operator=(const UnhandledExceptions&) = delete;
  ~UnhandledExceptions() { set_unhandled_exception_handler({}); }

  [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

 private:
  std::vector<std::string> texts_;
};

}  // namespace reqivo::test
