// Streaming: a body in chunks of 256 bytes, each handed out as it arrives.
// Natively a blocking Session does the same in a plain loop, without
// coroutines; a page must not block, so here the loop is in a coroutine.
#include <cstddef>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

#include "reporter.hpp"

reqivo::Task<nlohmann::json> streaming(reqivo::AsyncSession session,
                                       Reporter report, std::string path) {
  // The head is here, the body is not.
  reqivo::StreamResponse stream = co_await session.get(path).stream();
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
