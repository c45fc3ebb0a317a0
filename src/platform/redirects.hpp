// The seam for who follows redirects.
#pragma once

#include <reqivo/response.hpp>
#include <vector>

#include "platform/transport.hpp"

namespace reqivo::detail {

class RedirectChain;

/// `detail::follow_redirect` of redirect.hpp.
using FollowRedirect = Task<Outcome<bool>> (*)(RedirectChain& chain, TransportResponse& response,
                                               TransportRequest& request,
                                               std::vector<RedirectHop>& history);

/// Null where the platform follows by itself: a program for it alone need not carry our way.
[[nodiscard]] FollowRedirect redirect_follower() noexcept;

}  // namespace reqivo::detail
