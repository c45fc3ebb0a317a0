// From JavaScript: a C++ coroutine as a Promise. Under wasm only; link `reqivo::js`, which brings
// embind along.
#pragma once

#include <emscripten/val.h>

#include <reqivo/detail/task.hpp>
#include <type_traits>
#include <utility>

namespace reqivo {
namespace detail {

/// Starts the task now and gives the Promise of its result. `abort_signal`: an AbortSignal, or
/// undefined.
[[nodiscard]] emscripten::val start_promise(Task<emscripten::val> task,
                                            emscripten::val abort_signal);

/// Calls `convert(context)`. Throws std::runtime_error where embind refuses, whose own exception no
/// C++ would be told of.
void convert_with_embind(void (*convert)(void*), void* context);

template <class T>
emscripten::val converted(T value) {
  struct Conversion {
    T from;
    emscripten::val to;
  } conversion{std::move(value), emscripten::val::undefined()};
  const auto convert = [](void* context) {
    auto& [from, to] = *static_cast<Conversion*>(context);
    to = emscripten::val(std::move(from));
  };
  convert_with_embind(convert, &conversion);
  return std::move(conversion.to);
}

template <class T>
Task<emscripten::val> to_js_value(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    co_return emscripten::val::undefined();
  } else if constexpr (std::is_same_v<T, emscripten::val>) {
    co_return co_await std::move(task);
  } else {
    T value = co_await std::move(task);
    co_return converted(std::move(value));
  }
}

}  // namespace detail

/// Starts `task` now and gives a Promise of its result, as embind turns it into a JavaScript value:
/// T is void, bool, a number, std::string (UTF-8; for bytes give a `val` of a copy of
/// `emscripten::typed_memory_view`), emscripten::val, or a type registered with embind; one that
/// is not rejects with the code "other".
///
/// A failure rejects with an Error whose `name` ("ConnectTimeout"), `code` ("connect_timeout"),
/// `phase` ("connect"), `retryable` and `message` are the C++ error's; a foreign exception gives
/// `name` "Error" and `code` "other". Lifetime: the task goes on by itself until it has finished.
///
/// C++ does not see an exception of JavaScript, such as one of a function that the task calls
/// through emscripten::val: the task stops where it is, without its destructors. Before it first
/// waits the Promise rejects with that exception; later it is an uncaught one, and the Promise is
/// never settled. So let functions that are called so catch their own.
template <class T>
[[nodiscard]] emscripten::val to_promise(Task<T> task) {
  return detail::start_promise(detail::to_js_value(std::move(task)), emscripten::val::undefined());
}

/// The same with an AbortSignal (DOM Standard §3.3): once it is aborted the task is destroyed, with
/// all that it waits for (a micro-task later), and the Promise rejects with the signal's reason.
/// With what is neither undefined, null nor an AbortSignal, it rejects with a TypeError.
template <class T>
[[nodiscard]] emscripten::val to_promise(Task<T> task, emscripten::val abort_signal) {
  return detail::start_promise(detail::to_js_value(std::move(task)), std::move(abort_signal));
}

}  // namespace reqivo
