// Measures one client in one scenario and prints one line of JSON. bench/run starts this program
// afresh for every measurement, so that no figure holds the traces of another one.
#include <sched.h>
#include <sys/resource.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "client.hpp"
#include "measurement.hpp"

namespace reqivo::bench {

namespace {

constexpr std::string_view usage =
    "reqivo_bench_native list\n"
    "reqivo_bench_native requests|stream|fetch client=NAME port=N [option=value ...]\n"
    "  requests   `requests` GETs with `in-flight` at a time, after `warm-up` unmeasured ones\n"
    "  stream     one GET whose body is dropped as it arrives, after `warm-up` GETs of "
    "`warm-path`\n"
    "  fetch      one GET, its body to standard output, nothing measured\n"
    "  more options: host, path, ca-file (means TLS), in-flight, requests, warm-up, warm-path\n"
    "  detail=timing|counts   count heap calls and mark the trace (default: timing)\n"
    "  processor=N            stay on this processor\n";

// The `name=value` arguments.
class Options {
 public:
  Options(int count, char** arguments) {
    for (int i = 2; i < count; ++i) {
      const std::string_view argument = arguments[i];
      const auto equals = argument.find('=');
      if (equals == std::string_view::npos) {
        throw std::invalid_argument("not name=value: " + std::string(argument));
      }
      values_.emplace(argument.substr(0, equals), argument.substr(equals + 1));
    }
  }

  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(name);
    return std::string(found == values_.end() ? otherwise : found->second);
  }

  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    std::uint64_t value = 0;
    const char* const end = found->second.data() + found->second.size();
    const auto result = std::from_chars(found->second.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end) {
      throw std::invalid_argument("not a number: " + std::string(name));
    }
    return value;
  }

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }

 private:
  std::map<std::string_view, std::string_view> values_;
};

Target make_target(const Options& options) {
  Target target;
  target.host = options.text("host", "127.0.0.1");
  target.port = static_cast<std::uint16_t>(options.number("port", 0));
  target.tls = options.has("ca-file");
  target.ca_file = options.text("ca-file", "");
  target.requests_in_flight = options.number("in-flight", 1);
  return target;
}

void stay_on_processor(std::uint64_t processor) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(processor, &processors);
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
  }
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Detail detail_of(const Options& options) {
  return options.text("detail", "timing") == "counts" ? Detail::counts : Detail::timing;
}

void run_requests(const Options& options, Client& client) {
  const std::string path = options.text("path", "/");
  const std::uint64_t count = options.number("requests", 1);
  client.run_requests(path, options.number("warm-up", 1));
  const auto result = measure([&] { return client.run_requests(path, count); }, detail_of(options));
  std::cout << result.to_json() << '\n';
}

// The warm-up opens the connection and uses up what any first request costs, so that the growth of
// memory is the stream's own.
void run_stream(const Options& options, Client& client) {
  const std::string path = options.text("path", "/");
  client.run_requests(options.text("warm-path", path), options.number("warm-up", 1));
  const auto result = measure([&] { return client.stream(path); }, detail_of(options));
  std::cout << result.to_json() << '\n';
}

void list_clients() {
  for (const auto name : client_names()) std::cout << name << '\n';
}

void run(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  const Options options(count, arguments);
  allow_many_descriptors();
  if (options.has("processor")) stay_on_processor(options.number("processor", 0));
  if (mode == "list") return list_clients();
  if (mode != "requests" && mode != "stream" && mode != "fetch") {
    throw std::invalid_argument("usage:\n" + std::string(usage));
  }
  const auto client = make_client(options.text("client", ""), make_target(options));
  if (mode == "requests") return run_requests(options, *client);
  if (mode == "stream") return run_stream(options, *client);
  std::cout << client->fetch(options.text("path", "/"));
}

}  // namespace

}  // namespace reqivo::bench

int main(int count, char** arguments) {
  try {
    reqivo::bench::run(count, arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reqivo_bench_native: %s\n", error.what());
    return 1;
  }
}
