// The seam for who follows redirects.
#pragma once

#include <reqivo/response.hpp>
#include <vector>

#include "platform/transport.hpp"

namespace reqivo::detail {

class RedirectChain;

/// `RedirectChain::follow` for an exchange. True: the redirect's body is out of the way and
/// `history` tells of it. That body has some time to come, so that its connection can be used
/// again; meanwhile `request` is still the one that was answered.
Task<Outcome<bool>> follow_redirect(RedirectChain& chain, TransportResponse& response,
                                    TransportRequest& request, std::vector<RedirectHop>& history);

/// `follow_redirect`, or null.
using FollowRedirect = Task<Outcome<bool>> (*)(RedirectChain& chain, TransportResponse& response,
                                               TransportRequest& request,
                                               std::vector<RedirectHop>& history);

/// Null where the platform follows by itself: a program for it alone need not carry our way.
[[nodiscard]] FollowRedirect redirect_follower() noexcept;

}  // namespace reqivo::detail
