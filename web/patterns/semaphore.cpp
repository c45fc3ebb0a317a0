// A limit on concurrency: twenty requests, never more than five at once.
#include <algorithm>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

class Crawler {
 public:
  explicit Crawler(reqivo::AsyncSession session)
      : session_(std::move(session)) {}

  reqivo::Task<bool> visit(int page) {
    auto permit = co_await five_at_once_.acquire();  // until the scope ends
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    const std::string url = "/delay/0." + std::to_string(2 + page * 7 % 5);
    reqivo::Response response = co_await session_.get(url).param("page", page);
    --in_flight_;
    co_return response.ok();
  }
  int most_in_flight() const { return most_in_flight_; }

 private:
  reqivo::AsyncSession session_;
  reqivo::Semaphore five_at_once_{5};
  int in_flight_ = 0;
  int most_in_flight_ = 0;
};

}  // namespace

reqivo::Task<nlohmann::json> semaphore(reqivo::AsyncSession session) {
  Crawler crawler(std::move(session));
  std::vector<reqivo::Task<bool>> visits;
  for (int page = 1; page <= 20; ++page) visits.push_back(crawler.visit(page));

  const std::vector<bool> visited = co_await reqivo::gather(std::move(visits));
  nlohmann::json result;
  result["pages"] = std::count(visited.begin(), visited.end(), true);
  result["most in flight"] = crawler.most_in_flight();
  co_return result;
}
