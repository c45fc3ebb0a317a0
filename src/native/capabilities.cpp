#include <reqivo/capabilities.hpp>

namespace reqivo {

// Natively everything is possible: the defaults say so.
const Capabilities& capabilities() noexcept {
  static constexpr Capabilities native{.backend = "native"};
  return native;
}

}  // namespace reqivo
