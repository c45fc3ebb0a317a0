// Concurrent requests that may fail: return_exceptions gives every outcome instead of the first
// failure.
#include <chrono>
#include <cstdio>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

reqivo::Task<reqivo::Response> fetch(reqivo::RequestBuilder request) {
  reqivo::Response response = co_await request;
  response.raise_for_status();  // HttpStatusError on 4xx and 5xx
  co_return response;
}

reqivo::Task<void> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));
  std::vector<reqivo::Task<reqivo::Response>> tasks;
  tasks.push_back(fetch(session.get("/get")));
  tasks.push_back(fetch(session.get("/status/404")));
  tasks.push_back(fetch(session.get("/delay/5").timeout(500ms)));

  const auto results = co_await reqivo::gather(std::move(tasks), reqivo::return_exceptions);
  for (const auto& result : results) {
    if (result) {
      std::printf("answer: %d\n", result->status_code());
    } else {
      const std::string code(to_string(result.error().code()));
      std::printf("failure: %s\n", code.c_str());
    }
  }
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
