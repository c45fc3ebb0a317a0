// Reqivo as a program uses it: public headers only, one session, one task for each connection.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <reqivo/async.hpp>
#include <reqivo/client.hpp>
#include <reqivo/request.hpp>
#include <reqivo/response.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.hpp"

namespace reqivo::bench {

namespace {

class ReqivoClient : public Client {
 public:
  explicit ReqivoClient(const Target& target) : target_(target) {
    session_.limits(Limits()
                        .connections(target.requests_in_flight)
                        .connections_per_host(target.requests_in_flight)
                        .idle_timeout(std::chrono::hours(1)));
    if (target.tls) session_.tls(TlsOptions().ca_file(target.ca_file));
  }

  std::uint64_t run_requests(std::string_view path, std::uint64_t count) override {
    url_ = target_.url(path);
    unstarted_ = count;
    return run(request_all());
  }

  std::uint64_t stream(std::string_view path) override {
    url_ = target_.url(path);
    return run(stream_one());
  }

  std::string fetch(std::string_view path) override {
    url_ = target_.url(path);
    return run(fetch_one());
  }

 private:
  Task<std::uint64_t> request_all() {
    const auto workers =
        std::min(static_cast<std::uint64_t>(target_.requests_in_flight), unstarted_);
    std::vector<Task<std::uint64_t>> tasks;
    tasks.reserve(workers);
    for (std::uint64_t i = 0; i < workers; ++i) tasks.push_back(request_repeatedly());
    const auto sizes = co_await gather(std::move(tasks));
    std::uint64_t body_bytes = 0;
    for (const std::uint64_t size : sizes) body_bytes += size;
    co_return body_bytes;
  }

  Task<std::uint64_t> request_repeatedly() {
    std::uint64_t body_bytes = 0;
    while (unstarted_ > 0) {
      --unstarted_;
      Response response = co_await session_.get(url_);
      response.raise_for_status();
      body_bytes += response.body().size();
    }
    co_return body_bytes;
  }

  Task<std::uint64_t> stream_one() {
    StreamResponse response = co_await session_.get(url_).stream();
    response.raise_for_status();
    std::uint64_t body_bytes = 0;
    while (auto chunk = co_await response.read()) body_bytes += chunk->size();
    co_return body_bytes;
  }

  Task<std::string> fetch_one() {
    Response response = co_await session_.get(url_);
    response.raise_for_status();
    co_return std::string(response.body());
  }

  Target target_;
  std::string url_;
  AsyncSession session_;
  std::uint64_t unstarted_ = 0;
};

const ClientRegistration registration("reqivo",
                                      [](const Target& target) -> std::unique_ptr<Client> {
                                        return std::make_unique<ReqivoClient>(target);
                                      });

}  // namespace

}  // namespace reqivo::bench
