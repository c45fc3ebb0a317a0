// A background task: a slow request goes on while the program does other work.
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

#include "reporter.hpp"

using namespace std::chrono_literals;

reqivo::Task<nlohmann::json> background_task(reqivo::AsyncSession session,
                                             Reporter report) {
  auto answer = reqivo::create_task(session.get("/delay/1"));  // starts now

  for (int step = 1; step <= 3; ++step) {
    co_await reqivo::sleep(250ms);  // other work, which lets the request go on
    const std::string state = answer.done() ? "ready" : "on its way";
    report.line("step " + std::to_string(step) + " done, answer " + state);
  }

  reqivo::Response response = co_await answer;
  nlohmann::json result;
  result["answer"] = response.status_code();
  co_return result;
}  // a task whose handle goes without being awaited is cancelled
