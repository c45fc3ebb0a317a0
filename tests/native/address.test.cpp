#include "native/address.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using reqivo::native::Address;
using reqivo::native::is_localhost;
using reqivo::native::literal_address;
using reqivo::native::loopback_addresses;
using reqivo::native::ordered_for_racing;

namespace {

Address literal(const char* text) { return *literal_address(text, 80); }

std::vector<std::string> texts(const std::vector<Address>& addresses) {
  std::vector<std::string> result;
  for (const Address& address : addresses) result.push_back(address.to_string());
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("literal addresses are read as URLs spell them") {
  CHECK(literal_address("127.0.0.1", 8080)->to_string() == "127.0.0.1:8080");
  CHECK(literal_address("127.0.0.1", 8080)->family() == AF_INET);
  CHECK(literal_address("[2001:db8::1]", 443)->to_string() == "[2001:db8::1]:443");
  CHECK(literal_address("[2001:db8::1]", 443)->family() == AF_INET6);
  for (const char* name :
       {"example.com", "", "[", "[]", "::1", "[127.0.0.1]", "1.2.3", "1.2.3.4.example"}) {
    INFO(name);
    CHECK_FALSE(literal_address(name, 80).has_value());
  }
}

TEST_CASE("an address takes another port") {
  Address v4 = literal("10.0.0.1");
  v4.set_port(65535);
  CHECK(v4.port() == 65535);
  CHECK(v4.to_string() == "10.0.0.1:65535");
  Address v6 = literal("[::1]");
  v6.set_port(1);
  CHECK(v6.to_string() == "[::1]:1");
}

TEST_CASE("addresses are equal with equal family, address and port") {
  CHECK(literal("10.0.0.1") == literal("10.0.0.1"));
  CHECK_FALSE(literal("10.0.0.1") == literal("10.0.0.2"));
  CHECK_FALSE(literal("10.0.0.1") == *literal_address("10.0.0.1", 81));
  CHECK_FALSE(literal("[::1]") == literal("[::2]"));
  CHECK_FALSE(literal("[::]") == literal("0.0.0.0"));
}

TEST_CASE("localhost and all names below it are loopback") {
  for (const char* name :
       {"localhost", "LocalHost", "localhost.", "a.localhost", "b.a.localhost."}) {
    INFO(name);
    CHECK(is_localhost(name));
  }
  for (const char* name :
       {"", ".", "mylocalhost", "localhost.example", "localhost..", "ocalhost"}) {
    INFO(name);
    CHECK_FALSE(is_localhost(name));
  }
  CHECK(texts(loopback_addresses(80)) == Texts({"[::1]:80", "127.0.0.1:80"}));
}

TEST_CASE("families take turns, beginning with the system's first") {
  const std::vector<Address> given{literal("[::1]"), literal("[::2]"), literal("[::3]"),
                                   literal("10.0.0.1"), literal("10.0.0.2")};
  CHECK(texts(ordered_for_racing(given)) ==
        Texts({"[::1]:80", "10.0.0.1:80", "[::2]:80", "10.0.0.2:80", "[::3]:80"}));
  const std::vector<Address> other{literal("10.0.0.1"), literal("[::1]"), literal("[::2]")};
  CHECK(texts(ordered_for_racing(other)) == Texts({"10.0.0.1:80", "[::1]:80", "[::2]:80"}));
}

TEST_CASE("an address that is given twice is tried once") {
  const std::vector<Address> given{literal("10.0.0.1"), literal("10.0.0.2"), literal("10.0.0.1")};
  CHECK(texts(ordered_for_racing(given)) == Texts({"10.0.0.1:80", "10.0.0.2:80"}));
  CHECK(ordered_for_racing({}).empty());
}
