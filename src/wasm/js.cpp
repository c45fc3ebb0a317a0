#include <cstdint>
#include <exception>
#include <reqivo/async.hpp>
#include <reqivo/errors.hpp>
#include <reqivo/js.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "scheduler.hpp"
#include "wasm/event_loop.hpp"
#include "wasm/fetch_bridge.hpp"

namespace reqivo::detail {
namespace {

/// The tasks behind promises that are not settled, by the promise's handle.
std::unordered_map<std::int32_t, JoinHandle<void>>& running() {
  thread_local std::unordered_map<std::int32_t, JoinHandle<void>> tasks;  // each counts its own
  return tasks;
}

/// The type that throw_failure throws for the code.
std::string_view type_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_url:
      return "InvalidUrlError";
    case ErrorCode::invalid_request:
      return "RequestError";
    case ErrorCode::dns:
      return "DnsError";
    case ErrorCode::connect:
      return "ConnectError";
    case ErrorCode::tls:
      return "TlsError";
    case ErrorCode::connection_closed:
      return "ConnectionClosedError";
    case ErrorCode::network:
      return "NetworkError";
    case ErrorCode::connect_timeout:
      return "ConnectTimeout";
    case ErrorCode::read_timeout:
      return "ReadTimeout";
    case ErrorCode::total_timeout:
      return "TotalTimeout";
    case ErrorCode::pool_timeout:
      return "PoolTimeout";
    case ErrorCode::invalid_response:
    case ErrorCode::limit_exceeded:
      return "InvalidResponseError";
    case ErrorCode::decoding:
      return "DecodingError";
    case ErrorCode::too_many_redirects:
      return "TooManyRedirects";
    case ErrorCode::redirect_loop:
      return "RedirectLoopError";
    case ErrorCode::http_status:
      return "HttpStatusError";
    case ErrorCode::json:
      return "JsonError";
    case ErrorCode::unsupported:
      return "UnsupportedError";
    case ErrorCode::wait_timeout:
      return "WaitTimeoutError";
    case ErrorCode::closed:
      return "ClosedError";
    case ErrorCode::other:
    case ErrorCode::cancelled:
      break;
  }
  return "Error";
}

void reject(std::int32_t promise, ErrorCode code, Phase phase, bool retryable,
            std::string_view message) {
  std::string text;
  const auto add_line = [&text](std::string_view line) { text.append(line).append(1, '\n'); };
  add_line(type_name(code));
  add_line(to_string(code));
  add_line(to_string(phase));
  text.append(message);
  reqivo_promise_reject(promise, text.data(), text.size(), retryable ? 1 : 0);
}

Task<void> settle(std::int32_t promise, Task<emscripten::val> task) {
  try {
    const emscripten::val value = co_await std::move(task);
    reqivo_promise_resolve(promise, value.as_handle());
  } catch (const Error& error) {
    reject(promise, error.code(), error.phase(), error.retryable(), error.what());
  } catch (const std::exception& error) {
    reject(promise, ErrorCode::other, Phase::none, false, error.what());
  } catch (...) {
    reject(promise, ErrorCode::other, Phase::none, false, "not a std::exception");
  }
}

}  // namespace

void convert_with_embind(void (*convert)(void*), void* context) {
  if (emscripten::EM_VAL refusal = reqivo_embind(convert, context)) {
    throw std::runtime_error(emscripten::val::take_ownership(refusal).as<std::string>());
  }
}

emscripten::val start_promise(Task<emscripten::val> task, emscripten::val abort_signal) {
  const std::int32_t promise = reqivo_promise_make(abort_signal.as_handle());
  auto object = emscripten::val::take_ownership(reqivo_promise_object(promise));
  if (reqivo_promise_settled(promise) != 0) return object;  // the signal was aborted before
  struct Start {
    std::int32_t promise;
    Task<emscripten::val> task;
  } start{promise, std::move(task)};
  const auto call = [](void* context) {
    auto& [handle, work] = *static_cast<Start*>(context);
    JoinHandle<void> started = create_task(settle(handle, std::move(work)));
    if (!started.done()) running().emplace(handle, std::move(started));
  };
  Scheduler& scheduler = Scheduler::current();
  const Scheduler::StackMark mark = scheduler.stack_mark();
  if (reqivo_promise_start(promise, call, &start) == 0) scheduler.return_to(mark);
  return object;
}

}  // namespace reqivo::detail

void reqivo_promise_forget(std::int32_t promise) { reqivo::detail::running().erase(promise); }

int reqivo_promise_abort(std::int32_t promise) {
  return reqivo::wasm::WasmEventLoop::call_in(
      [promise] { reqivo::detail::running().erase(promise); });
}
