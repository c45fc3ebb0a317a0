#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <vector>

#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// Requests that share a semaphore, and how many of them were under way at once.
class Crowd {
 public:
  explicit Crowd(std::size_t permits) : permits_(permits), session_(test_server().http()) {}

  Task<Response> get(std::string path) { return get_from(*this, path); }
  [[nodiscard]] int most_at_once() const { return most_at_once_; }
  [[nodiscard]] Semaphore& permits() { return permits_; }

 private:
  static Task<Response> get_from(Crowd& crowd, std::string path) {
    const Permit permit = co_await crowd.permits_.acquire();
    ++crowd.at_once_;
    crowd.most_at_once_ = std::max(crowd.most_at_once_, crowd.at_once_);
    const Response response = co_await crowd.session_.get(path);
    --crowd.at_once_;
    co_return response;
  }

  Semaphore permits_;
  AsyncSession session_;
  int at_once_ = 0;
  int most_at_once_ = 0;
};

}  // namespace

TEST_CASE("twenty requests go through a semaphore five at a time", "[semaphore]") {
  run_test([]() -> Task<void> {
    Crowd crowd(5);
    std::vector<Task<Response>> requests;
    for (int i = 0; i < 20; ++i) requests.push_back(crowd.get("/delay/0.02"));
    const std::vector<Response> responses = co_await gather(std::move(requests));
    CHECK(responses.size() == 20);
    CHECK(crowd.most_at_once() == 5);
    CHECK(crowd.permits().available() == 5);
  });
}

TEST_CASE("a request that is cancelled or fails gives its permit back", "[semaphore]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    Crowd crowd(1);
    auto holding = create_task(crowd.get(tagged("/stall", tag)));
    static_cast<void>(co_await wait_started(tag));
    auto waiting = create_task(crowd.get("/get"));
    auto given_up = create_task(crowd.get("/get"));
    given_up.cancel();
    CHECK_FALSE(waiting.done());
    holding.cancel();
    const Response response = co_await waiting;
    CHECK(response.ok());
    const auto failure = co_await failure_of<InvalidUrlError>(crowd.get("http://"));
    CHECK(failure.code() == ErrorCode::invalid_url);
    CHECK(crowd.permits().available() == 1);
  });
}
