// Which settings of the Fetch API a backend can honour.
#pragma once

#include <reqivo/capabilities.hpp>
#include <reqivo/fetch_options.hpp>
#include <string_view>

namespace reqivo::detail {

/// The name of the first setting that the backend cannot honour; empty: it can honour all of them.
[[nodiscard]] std::string_view unsupported_setting(const FetchOptions& options,
                                                   const Capabilities& capabilities) noexcept;

}  // namespace reqivo::detail
