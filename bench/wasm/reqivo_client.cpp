// Reqivo as a page uses it: a module whose functions give Promises.
#include <emscripten/bind.h>
#include <emscripten/heap.h>

#include <cstddef>
#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

using emscripten::val;
using reqivo::AsyncSession;
using reqivo::Task;

struct Batch {
  int remaining = 0;
  double body_bytes = 0;
};

Task<void> get_in_turn(AsyncSession& session, const std::string& url, Batch& batch) {
  while (batch.remaining > 0) {
    --batch.remaining;
    const reqivo::Response response = co_await session.get(url);
    response.raise_for_status();
    batch.body_bytes += static_cast<double>(response.body().size());
  }
}

Task<double> get_all(std::string url, int requests, int in_flight) {
  AsyncSession session;
  Batch batch;
  batch.remaining = requests;
  std::vector<Task<void>> tasks;
  for (int i = 0; i < in_flight; ++i) tasks.push_back(get_in_turn(session, url, batch));
  auto all = reqivo::gather(std::move(tasks));
  co_await std::move(all);
  co_return batch.body_bytes;
}

Task<double> read_stream(std::string url) {
  AsyncSession session;
  reqivo::StreamResponse stream = co_await session.get(url).stream();
  stream.raise_for_status();
  double body_bytes = 0;
  while (const auto chunk = co_await stream.read()) {
    body_bytes += static_cast<double>(chunk->size());
  }
  co_return body_bytes;
}

val get(std::string url, int requests, int in_flight) {
  return reqivo::to_promise(get_all(std::move(url), requests, in_flight));
}

val stream(std::string url) { return reqivo::to_promise(read_stream(std::move(url))); }

std::size_t memory_bytes() { return emscripten_get_heap_size(); }

}  // namespace

EMSCRIPTEN_BINDINGS(reqivo_client) {
  emscripten::function("get", get);
  emscripten::function("stream", stream);
  emscripten::function("memory_bytes", memory_bytes);
}
