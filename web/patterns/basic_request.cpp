// A basic request: GET a page and look at what came back.
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>

reqivo::Task<nlohmann::json> basic_request(reqivo::AsyncSession session) {
  reqivo::Response response =
      co_await session.get("/get").param("greeting", "hello, world");
  response.raise_for_status();

  nlohmann::json result;
  result["status"] = response.status_code();
  result["content type"] =
      response.headers().get("Content-Type").value_or("unknown");
  result["the server read"] = response.json().at("args").at("greeting");
  co_return result;
}
