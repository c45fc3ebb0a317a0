// A limit on concurrency: twenty requests, never more than five of them at once.
#include <algorithm>
#include <cstdio>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>
#include <vector>

class Crawler {
 public:
  explicit Crawler(std::string server) : session_(std::move(server)) {}

  reqivo::Task<bool> visit(int page) {
    auto permit = co_await five_at_once_.acquire();  // given back at the end of the scope
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    reqivo::Response response = co_await session_.get("/delay/0.1").param("page", page);
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

reqivo::Task<int> program(std::string server) {
  Crawler crawler(std::move(server));
  std::vector<reqivo::Task<bool>> visits;
  for (int page = 1; page <= 20; ++page) visits.push_back(crawler.visit(page));

  const std::vector<bool> visited = co_await reqivo::gather(std::move(visits));
  std::printf("pages: %d\n", static_cast<int>(std::count(visited.begin(), visited.end(), true)));
  std::printf("most in flight: %d\n", crawler.most_in_flight());
  co_return crawler.most_in_flight() == 5 ? 0 : 1;
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
