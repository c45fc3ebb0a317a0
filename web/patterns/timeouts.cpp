// Two ways to give up: a limit on the request, and wait_for around anything.
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <utility>

#include "reporter.hpp"

using namespace std::chrono_literals;

reqivo::Task<nlohmann::json> timeouts(reqivo::AsyncSession session,
                                      Reporter report) {
  nlohmann::json result;
  try {
    co_await session.get("/delay/5").timeout(700ms);  // in all, body included
  } catch (const reqivo::TimeoutError& error) {
    report.caught(error);
    result["request"] = to_string(error.code());
  }

  try {
    auto both =
        reqivo::gather(session.get("/delay/5"), session.get("/delay/0.2"));
    co_await reqivo::wait_for(std::move(both), 700ms);  // cancels them
  } catch (const reqivo::WaitTimeoutError& error) {
    report.caught(error);
    result["wait_for"] = to_string(error.code());
  }

  reqivo::Response response = co_await session.get("/get");  // goes on
  result["afterwards"] = response.status_code();
  co_return result;
}
