#include "wasm/fetch_operation.hpp"

#include <algorithm>
#include <utility>

#include "wasm/error_map.hpp"
#include "wasm/event_loop.hpp"
#include "wasm/fetch_bridge.hpp"

namespace reqivo::wasm {

FetchOperation::~FetchOperation() {
  if (handle_ != 0) reqivo_fetch_release(handle_);
}

void FetchOperation::start(std::string_view head, const std::string* body) {
  handle_ = reqivo_fetch_start(this, head.data(), head.size(), body ? body->data() : nullptr,
                               body ? body->size() : 0);
}

void FetchOperation::start_streamed(std::string_view head, UploadFeed& feed) {
  handle_ = reqivo_fetch_start_streamed(this, &feed, head.data(), head.size());
}

void FetchOperation::send_piece(std::string_view piece) {
  reqivo_fetch_send_piece(handle_, piece.data(), piece.size());
}

void FetchOperation::end_upload() { reqivo_fetch_end_upload(handle_); }

void FetchOperation::ask_for_chunk() {
  // Whoever waited for the one under way may be gone; it is still the next.
  if (std::exchange(chunk_asked_, true)) return;
  reqivo_fetch_read(handle_);
}

char* FetchOperation::allocate(std::size_t size) noexcept try {
  arriving_ = std::string();
  // Zeros first would cost as much as the copy that follows.
  arriving_.resize_and_overwrite(size, [](char*, std::size_t count) { return count; });
  return arriving_.data();
} catch (...) {  // std::bad_alloc, or what is larger than any string
  return nullptr;
}

void FetchOperation::take_head(int status, bool has_body, bool is_redirect) {
  Head& head = head_.emplace();
  head.status = status;
  head.has_body = has_body;
  head.is_redirect = is_redirect;
  head.text = std::move(arriving_);
  head_seen_ = true;
  wake();
}

void FetchOperation::take_chunk() {
  chunk_asked_ = false;
  chunk_ = std::move(arriving_);
  wake();
}

void FetchOperation::take_end() {
  chunk_asked_ = false;
  chunk_.emplace();
  wake();
}

void FetchOperation::take_failure() {
  chunk_asked_ = false;
  failure_ = failure_of(std::move(arriving_), head_seen_ ? Phase::body : Phase::head);
  wake();
}

void FetchOperation::wake() noexcept {
  if (waiter_ != nullptr) waiter_->wake();
}

void FetchOperation::set_waiter(detail::PromiseBase& waiter) noexcept {
  waiter_ = &waiter;
  WasmEventLoop::operation_began();
}

void FetchOperation::forget_waiter() noexcept {
  if (waiter_ == nullptr) return;
  waiter_ = nullptr;
  WasmEventLoop::operation_ended();
}

std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace reqivo::wasm

using reqivo::wasm::FetchOperation;
using reqivo::wasm::WasmEventLoop;

char* reqivo_fetch_allocate(FetchOperation* operation, std::size_t size) {
  return operation->allocate(size);
}

int reqivo_fetch_head(FetchOperation* operation, int status, int has_body, int is_redirect) {
  return WasmEventLoop::call_in(
      [&] { operation->take_head(status, has_body != 0, is_redirect != 0); });
}

int reqivo_fetch_chunk(FetchOperation* operation) {
  return WasmEventLoop::call_in([&] { operation->take_chunk(); });
}

int reqivo_fetch_end(FetchOperation* operation) {
  return WasmEventLoop::call_in([&] { operation->take_end(); });
}

int reqivo_fetch_failed(FetchOperation* operation) {
  return WasmEventLoop::call_in([&] { operation->take_failure(); });
}
