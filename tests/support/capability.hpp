// Where a backend cannot do what a test needs, the test is skipped with a reason; nothing else may
// skip one.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <reqivo/capabilities.hpp>
#include <string>
#include <string_view>

namespace reqivo::test {

/// `require(capabilities().manual_redirects, "manual_redirects")`
inline void require(bool supported, std::string_view name) {
  if (!supported) {
    SKIP("the " << capabilities().backend << " backend lacks " << name);
  }
}

}  // namespace reqivo::test
