#include "credentials.hpp"

#include <reqivo/headers.hpp>
#include <utility>

#include "concatenate.hpp"
#include "encoding.hpp"

namespace reqivo::detail {
namespace {

std::string basic(std::string_view text) { return concatenate({"Basic ", base64(text)}); }

}  // namespace

Outcome<std::string> basic_credentials(std::string_view user, std::string_view password) {
  if (user.find(':') != std::string_view::npos) {
    return Failure(ErrorCode::invalid_request, Phase::none,
                   "the user name of basic authentication holds a colon");
  }
  return basic(concatenate({user, ":", password}));
}

std::string bearer_credentials(std::string_view token) {
  if (token.empty()) return {};
  Headers checked;
  checked.set("Authorization", concatenate({"Bearer ", token}));
  return checked.begin()->second;
}

std::optional<std::string> url_credentials(const Url& url) {
  if (!url.has_user_info()) return std::nullopt;
  return basic(concatenate({percent_decode(url.username()), ":", percent_decode(url.password())}));
}

Url without_secrets(Url url) {
  if (url.has_user_info() || url.has_fragment()) return without_user_info_and_fragment(url);
  return url;
}

}  // namespace reqivo::detail
