// Concurrent requests: three at once, answered in the order asked and in the
// time of the slowest.
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

using namespace std::chrono_literals;

namespace {

std::string name_in(const reqivo::Response& response) {
  return response.json().at("args").at("name").get<std::string>();
}

}  // namespace

reqivo::Task<nlohmann::json> concurrent_gather(reqivo::AsyncSession session) {
  const auto start = std::chrono::steady_clock::now();

  auto [first, second, third] =
      co_await reqivo::gather(session.get("/delay/1.2").param("name", "first"),
                              session.get("/delay/0.8").param("name", "second"),
                              session.get("/delay/0.4").param("name", "third"));

  const auto took = std::chrono::steady_clock::now() - start;
  nlohmann::json result;
  result["answers"].push_back(name_in(first));
  result["answers"].push_back(name_in(second));
  result["answers"].push_back(name_in(third));
  result["milliseconds"] = took / 1ms;
  result["faster than one after the other"] = took < 2400ms;
  co_return result;
}
