#include <reqivo/detail/result.hpp>
#include <string>
#include <utility>

#include "misuse.hpp"
#include "platform/failure.hpp"

namespace reqivo::detail {

KeptFailure::KeptFailure(std::exception_ptr failure) : thrown_(std::move(failure)) {
  if (!thrown_) throw_misuse("reqivo: a Result is made of a value or of an exception");
  std::string text = "not a std::exception";
  try {
    std::rethrow_exception(thrown_);
  } catch (const Error& error) {
    error_ = &error;
    return;
  } catch (const std::exception& foreign) {
    text = foreign.what();
  } catch (...) {  // NOLINT(bugprone-empty-catch): `text` says it
  }
  try {
    throw_error(Failure(ErrorCode::other, Phase::none, std::move(text)));
  } catch (const Error& error) {
    wrapped_ = std::current_exception();
    error_ = &error;
  }
}

const Error& KeptFailure::error() const {
  if (error_ == nullptr) throw_misuse("reqivo: this Result holds a value and no error");
  return *error_;
}

}  // namespace reqivo::detail
