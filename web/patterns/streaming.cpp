// Streaming: a body in chunks of 256 bytes, each handed out as it arrives. A native program may
// also write `for (auto& chunk : session.get(path).stream().iter_content(256))` with a blocking
// Session; a page must not block, so here it is the same loop in a coroutine.
#include <cstddef>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

#include "reporter.hpp"

reqivo::Task<nlohmann::json> streaming(reqivo::AsyncSession session, Reporter report,
                                       std::string path) {
  reqivo::StreamResponse stream = co_await session.get(path).stream();  // the head only
  stream.raise_for_status();
  report.expected_bytes(stream.headers().get("Content-Length"));

  std::size_t count = 0;
  std::size_t total = 0;
  auto chunks = stream.iter_content(256);
  while (auto chunk = co_await chunks.next()) {
    ++count;
    total += chunk->size();
    report.received(*chunk);
  }

  nlohmann::json result;
  result["chunks"] = count;
  result["bytes"] = total;
  co_return result;
}
