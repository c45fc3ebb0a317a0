// Memory runs out while a body arrives: the stream fails, and what was freed since can be used. So
// it is where a body is larger than all of it.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Takes all the memory there is but for some KiB, in blocks of less and less.
std::vector<void*> fill_memory() {
  std::vector<void*> blocks;
  blocks.reserve(100'000);
  blocks.push_back(std::malloc(std::size_t{16} * 1024));
  for (std::size_t size = std::size_t{1} << 20; size >= 256; size /= 2) {
    while (void* const block = std::malloc(size)) blocks.push_back(block);
  }
  std::free(std::exchange(blocks.front(), nullptr));
  return blocks;
}

reqivo::Task<int> program(const char* url) {
  reqivo::AsyncSession session(url);
  reqivo::StreamResponse stream = co_await session.get("/").stream();
  co_await stream.read();
  const std::vector<void*> blocks = fill_memory();
  std::string failure = "none";
  try {
    while (co_await stream.read()) continue;
  } catch (const reqivo::InvalidResponseError& error) {
    failure = to_string(error.code());
  }
  for (void* const block : blocks) std::free(block);
  const reqivo::Response after = co_await session.get("/");
  std::printf("%s %zu\n", failure.c_str(), after.body().size());
  try {
    co_await session.get("/more_than_there_is");
  } catch (const reqivo::InvalidResponseError& error) {
    std::puts(error.what());
  }
  co_return 0;
}

}  // namespace

int main(int, char** arguments) { return reqivo::run_main(program(arguments[1])); }
