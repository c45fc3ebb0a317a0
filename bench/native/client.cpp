#include "client.hpp"

#include <map>
#include <stdexcept>

namespace reqivo::bench {

namespace {

// A function's static: registrations run before main in an order that is not specified.
std::map<std::string_view, ClientFactory>& registered_factories() {
  static std::map<std::string_view, ClientFactory> factories;
  return factories;
}

}  // namespace

std::string Target::url(std::string_view path) const {
  return (tls ? "https://" : "http://") + host + ":" + std::to_string(port) + std::string(path);
}

ClientRegistration::ClientRegistration(std::string_view name, ClientFactory factory) {
  registered_factories().emplace(name, factory);
}

std::vector<std::string_view> client_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, factory] : registered_factories()) names.push_back(name);
  return names;
}

std::unique_ptr<Client> make_client(std::string_view name, const Target& target) {
  const auto found = registered_factories().find(name);
  if (found == registered_factories().end()) {
    throw std::invalid_argument("no such client: " + std::string(name));
  }
  return found->second(target);
}

}  // namespace reqivo::bench
