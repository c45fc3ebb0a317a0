#include "server_view.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <system_error>

#include "support/test_server.hpp"

namespace reqivo::test {
namespace {

/// What the descriptors of this process stand for ("socket:[123]").
std::vector<std::string> descriptor_targets() {
  std::vector<std::string> targets;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the directory's own descriptor is in it too
    const std::filesystem::path target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone) targets.push_back(target.string());
  }
  return targets;
}

}  // namespace

std::string ready_field(std::string_view pointer) {
  const char* const line = std::getenv("REQIVO_TEST_SERVER");
  if (line == nullptr) throw std::runtime_error("REQIVO_TEST_SERVER is not set");
  static const nlohmann::json ready = nlohmann::json::parse(line);
  return ready.value(nlohmann::json::json_pointer(std::string(pointer)), std::string());
}

TlsOptions trusting_server() { return TlsOptions().ca_file(test_server().ca_file()); }

Task<ConnectionUse> use_of(Task<Response> sent) {
  const Response response = co_await std::move(sent);
  response.raise_for_status();
  const nlohmann::json answer = response.json();
  ConnectionUse use;
  answer.at("connection").get_to(use.connection);
  answer.at("requests").get_to(use.requests);
  co_return use;
}

Task<std::vector<int>> connections_with(std::string tag) {
  AsyncSession session(test_server().http());
  const Response response = co_await session.get("/control/tag/" + tag);
  co_return response.json().at("connections").get<std::vector<int>>();
}

std::size_t open_sockets() {
  const std::vector<std::string> targets = descriptor_targets();
  return static_cast<std::size_t>(
      std::count_if(targets.begin(), targets.end(),
                    [](const std::string& target) { return target.starts_with("socket:"); }));
}

std::size_t open_descriptors() { return descriptor_targets().size(); }

std::size_t inherited_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int flags = ::fcntl(std::stoi(entry.path().filename().string()), F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
  }
  return count;
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    std::size_t kib = 0;
    status >> kib;
    return kib;
  }
  throw std::runtime_error("/proc/self/status does not tell VmRSS");
}

bool under_sanitizer() noexcept {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

}  // namespace reqivo::test
