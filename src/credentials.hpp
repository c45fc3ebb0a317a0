// Authorization values, and credentials in URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/failure.hpp"
#include "platform/url.hpp"

namespace reqivo::detail {

/// "Basic ..." (RFC 7617). Failure: `invalid_request` where `user` holds a colon, which would end
/// it.
[[nodiscard]] Outcome<std::string> basic_credentials(std::string_view user,
                                                     std::string_view password);

/// "Bearer ..." (RFC 6750); empty where `token` is. Throws RequestError where it cannot be in a
/// header.
[[nodiscard]] std::string bearer_credentials(std::string_view token);

/// The user info of `url`, percent-decoded, as "Basic ..."; none where it has none.
[[nodiscard]] std::optional<std::string> url_credentials(const Url& url);

/// `url` without what must not go on the wire, user info and fragment; left alone where it has
/// neither.
[[nodiscard]] Url without_secrets(Url url);

}  // namespace reqivo::detail
