// POST of JSON: a type of your own goes out, and comes back.
#include <cstdio>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

struct Order {
  std::string item;
  int count = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, item, count)

reqivo::Task<void> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));
  Order order;
  order.item = "green tea";
  order.count = 2;

  reqivo::Response response = co_await session.post("/post").json(order);
  response.raise_for_status();

  const nlohmann::json answer = response.json();  // the server tells what it was sent
  const auto echoed = answer.at("json").get<Order>();
  const auto type = answer.at("headers").at("Content-Type").get<std::string>();
  std::printf("sent as: %s\n", type.c_str());
  std::printf("the server read: %d x %s\n", echoed.count, echoed.item.c_str());
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
