// A client class of your own: it owns its session, and closes its connections
// when it goes.
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

class ApiClient {
 public:
  ApiClient(reqivo::AsyncSession session, const std::string& token)
      : session_(std::move(session)) {
    session_.bearer_token(token).default_timeout(10s);
    session_.headers().set("Accept", "application/json");
  }

  reqivo::Task<bool> signed_in() {
    reqivo::Response response = co_await session_.get("/bearer");
    co_return response.ok() && response.json().at("authenticated").get<bool>();
  }

  reqivo::Task<std::string> rename(std::string name) {
    reqivo::Response response =
        co_await session_.patch("/patch").form("name", name);
    response.raise_for_status();
    co_return response.json().at("form").at("name").get<std::string>();
  }

 private:
  reqivo::AsyncSession session_;
};

}  // namespace

reqivo::Task<nlohmann::json> api_client(reqivo::AsyncSession session) {
  ApiClient api(std::move(session), "example-token");
  nlohmann::json result;
  result["signed in"] = co_await api.signed_in();
  result["name"] = co_await api.rename("Ada");
  co_return result;
}
