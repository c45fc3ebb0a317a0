// A module without a program, whose tasks call functions of JavaScript, which may throw.
#include <emscripten/bind.h>
#include <emscripten/stack.h>

#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

using emscripten::val;

namespace {

reqivo::Task<void> call(val function) {
  function();
  co_return;
}

reqivo::Task<void> call_later(val function) {
  co_await reqivo::sleep(std::chrono::milliseconds(1));
  function();
}

reqivo::Task<std::string> load(std::string url) {
  reqivo::AsyncSession session;
  const reqivo::Response response = co_await session.get(url);
  co_return response.body();
}

/// Where the stack is whenever JavaScript calls.
std::size_t stack_pointer() { return emscripten_stack_get_current(); }

}  // namespace

EMSCRIPTEN_BINDINGS(callback) {
  emscripten::function("stack_pointer", &stack_pointer);
  emscripten::function(
      "call", +[](val function) { return to_promise(call(function)); });
  emscripten::function(
      "call_later", +[](val function) { return to_promise(call_later(function)); });
  emscripten::function(
      "load", +[](std::string url, val signal) { return to_promise(load(url), signal); });
}
