// Which settings of a session or a request a backend can honour.
#pragma once

#include <reqivo/capabilities.hpp>
#include <reqivo/fetch_options.hpp>
#include <reqivo/options.hpp>
#include <string_view>

namespace reqivo::detail {

// Each gives the name of the first option that the backend cannot honour; empty: it can honour all.

[[nodiscard]] std::string_view unsupported_setting(const FetchOptions& options,
                                                   const Capabilities& capabilities) noexcept;
[[nodiscard]] std::string_view unsupported_setting(const Timeout& limits,
                                                   const Capabilities& capabilities) noexcept;
[[nodiscard]] std::string_view unsupported_setting(Redirect mode,
                                                   const Capabilities& capabilities) noexcept;
[[nodiscard]] std::string_view unsupported_max_redirects(const Capabilities& capabilities) noexcept;
[[nodiscard]] std::string_view unsupported_decode(bool on,
                                                  const Capabilities& capabilities) noexcept;

}  // namespace reqivo::detail
