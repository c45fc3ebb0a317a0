// The nine patterns as JavaScript functions, each of which gives a Promise of its result as JSON.
#include <emscripten/bind.h>
#include <emscripten/heap.h>

#include <cstddef>
#include <reqivo/js.hpp>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

#include "patterns.hpp"
#include "reporter.hpp"

namespace {

using emscripten::val;

reqivo::Task<std::string> as_text(reqivo::Task<nlohmann::json> task) {
  const nlohmann::json result = co_await std::move(task);
  co_return result.dump();
}

/// `module.basic_request(server, page, signal)`. `server` is the base URL, `page` what a Reporter
/// speaks to, `signal` an AbortSignal. `more` is what else the pattern takes.
template <auto pattern, class... More>
val start(std::string server, val page, val signal, More... more) {
  const Reporter report(std::move(page));
  reqivo::AsyncSession session = report.watch(reqivo::AsyncSession(std::move(server)));
  if constexpr (requires { pattern(std::move(session)); }) {
    return reqivo::to_promise(as_text(pattern(std::move(session))), signal);
  } else {
    return reqivo::to_promise(as_text(pattern(std::move(session), report, std::move(more)...)),
                              signal);
  }
}

std::size_t memory_bytes() { return emscripten_get_heap_size(); }

}  // namespace

EMSCRIPTEN_BINDINGS(demo_page) {
  emscripten::function("basic_request", start<basic_request>);
  emscripten::function("concurrent_gather", start<concurrent_gather>);
  emscripten::function("return_exceptions", start<return_exceptions>);
  emscripten::function("post_json", start<post_json>);
  emscripten::function("background_task", start<background_task>);
  emscripten::function("api_client", start<api_client>);
  emscripten::function("semaphore", start<semaphore>);
  emscripten::function("streaming", start<streaming, std::string>);
  emscripten::function("timeouts", start<timeouts>);
  emscripten::function("memory_bytes", memory_bytes);
}
