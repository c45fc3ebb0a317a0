// POST of JSON: a type of your own goes out, and comes back.
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

namespace {

struct Order {
  std::string item;
  int count = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, item, count)

}  // namespace

reqivo::Task<nlohmann::json> post_json(reqivo::AsyncSession session) {
  Order order;
  order.item = "green tea";
  order.count = 2;

  reqivo::Response response = co_await session.post("/post").json(order);
  response.raise_for_status();

  const nlohmann::json answer =
      response.json();  // the server tells what it was sent
  const auto echoed = answer.at("json").get<Order>();
  nlohmann::json result;
  result["sent as"] = answer.at("headers").at("Content-Type");
  result["the server read"] =
      std::to_string(echoed.count) + " x " + echoed.item;
  co_return result;
}
