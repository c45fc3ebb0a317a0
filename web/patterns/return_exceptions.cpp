// Concurrent requests that may fail: return_exceptions gives every outcome
// instead of the first failure.
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

#include "reporter.hpp"

using namespace std::chrono_literals;

namespace {

reqivo::Task<reqivo::Response> fetch(reqivo::RequestBuilder request) {
  reqivo::Response response = co_await request;
  response.raise_for_status();  // HttpStatusError on 4xx and 5xx
  co_return response;
}

}  // namespace

reqivo::Task<nlohmann::json> return_exceptions(reqivo::AsyncSession session,
                                               Reporter report) {
  std::vector<reqivo::Task<reqivo::Response>> tasks;
  tasks.push_back(fetch(session.get("/delay/0.3")));
  tasks.push_back(fetch(session.get("/status/404")));
  tasks.push_back(fetch(session.get("/delay/5").timeout(800ms)));

  const auto results =
      co_await reqivo::gather(std::move(tasks), reqivo::return_exceptions);
  nlohmann::json outcomes;
  for (const auto& result : results) {
    if (result) {
      outcomes.push_back(result->status_code());
    } else {
      report.caught(result.error());
      outcomes.push_back(to_string(result.error().code()));
    }
  }
  co_return outcomes;
}
