#include "redirect.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <reqivo/detail/wait_for.hpp>
#include <string_view>
#include <utility>

#include "concatenate.hpp"
#include "content_length.hpp"
#include "credentials.hpp"
#include "encoding.hpp"
#include "platform/redirects.hpp"

namespace reqivo::detail {
namespace {

/// The body of a redirect is of use to nobody, but its connection is, once the body is out of the
/// way. Up to this many bytes are waited for, this long: about what a new connection would cost.
constexpr std::size_t most_drained = 64 * 1024;
constexpr std::chrono::milliseconds longest_drain(100);

/// False where the body is large, or ends with its connection.
bool worth_draining(const Headers& headers) {
  if (!headers.contains("Content-Length")) return headers.contains("Transfer-Encoding");
  return content_length(headers).value_or(0) <= most_drained;
}

Task<void> read_to_end(BodySource& body) {
  std::size_t drained = 0;
  while (drained <= most_drained) {
    Outcome<std::string> piece = co_await body.read();
    if (!piece || piece.value().empty()) co_return;
    drained += piece.value().size();
  }
}

/// Whatever happens to the body does not matter to the request.
Task<void> drain(std::unique_ptr<BodySource> body) {
  Task<void> reading = read_to_end(*body);
  PromiseBase& self = co_await ThisPromise();
  if (detail_promise(reading).start(&self, wake_context, &self)) co_return;
  Alarm alarm(self, longest_drain);
  co_await alarm;
}

Failure redirect_failure(ErrorCode code, const char* what) {
  return Failure(code, Phase::head, what);
}

/// Fetch Standard, "HTTP-redirect fetch": POST becomes GET after 301 and 302, all but GET and HEAD
/// after 303.
bool becomes_get(int status, std::string_view method) noexcept {
  if (status == 301 || status == 302) return method == "POST";
  return status == 303 && method != "GET" && method != "HEAD";
}

void drop_body(TransportRequest& request) {
  request.method = "GET";
  request.body = RequestBody();
  constexpr std::array<std::string_view, 5> request_body_headers = {
      "Content-Encoding", "Content-Language", "Content-Location", "Content-Type", "Content-Length"};
  for (const std::string_view name : request_body_headers) request.headers.remove(name);
}

/// A server's bytes stand for themselves, whatever charset they are in (Fetch Standard, "location
/// URL", and browsers): the URL parser would take them for UTF-8.
std::string escape_bytes(std::string_view location) {
  std::string escaped;
  for (const char byte : location) {
    if (static_cast<unsigned char>(byte) < 0x80) {
      escaped += byte;
    } else {
      append_form_encoded(escaped, std::string_view(&byte, 1), "");
    }
  }
  return escaped;
}

/// What was meant for one origin only. True: there was something of that.
bool drop_origin_headers(Headers& headers) {
  constexpr std::array<std::string_view, 4> of_one_origin = {"Authorization", "Proxy-Authorization",
                                                             "Cookie", "Host"};
  std::size_t dropped = 0;
  for (const std::string_view name : of_one_origin) dropped += headers.remove(name);
  return dropped > 0;
}

std::string key_of(const TransportRequest& request) {
  return concatenate({request.method, " ", request.url.href()});
}

}  // namespace

bool is_redirect_status(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool RedirectChain::follows(int status, const Headers& answer) const {
  return mode_ == Redirect::follow && is_redirect_status(status) && answer.contains("Location");
}

Outcome<bool> RedirectChain::follow(int status, const Headers& answer, TransportRequest& request) {
  if (mode_ == Redirect::manual || !is_redirect_status(status)) return false;
  const auto location = answer.get("Location");
  if (!location) return false;
  if (mode_ == Redirect::error) {
    return redirect_failure(ErrorCode::too_many_redirects, says::redirect_not_allowed);
  }
  if (followed_ == limit_) {
    return Failure(ErrorCode::too_many_redirects, Phase::head,
                   concatenate({"more than ", decimal(limit_), " redirects"}));
  }
  for (const auto& [name, value] : answer) {
    // Whose is the other one? Browsers refuse it, too (Fetch Standard, "location URL").
    if (same_field_name(name, "Location") && value != *location) {
      return redirect_failure(ErrorCode::invalid_response, "the redirect has several Locations");
    }
  }
  Outcome<Url> target = read_location(*location, request.url);
  if (!target) return std::move(target).failure();
  Url& url = target.value();

  const bool drops_body = becomes_get(status, request.method);
  if (!drops_body && !request.body.replayable()) {
    return Failure(ErrorCode::invalid_request, Phase::head,
                   "a redirect asks for the streamed body again, and it can be read once only");
  }
  remember(request);
  if (drops_body) drop_body(request);
  if (!url.same_origin(request.url)) {
    request.show_client_certificate = false;
    if (drop_origin_headers(request.headers)) seen_.clear();  // the same URL is another request now
  } else if (auto credentials = url_credentials(url);
             credentials && !request.headers.contains("Authorization")) {
    request.headers.set("Authorization", *credentials);
    seen_.clear();  // here, too
  }
  request.url = without_secrets(std::move(url));
  if (was_seen(request)) {
    return redirect_failure(ErrorCode::redirect_loop, "the redirects lead in a circle");
  }
  ++followed_;
  return true;
}

Outcome<Url> RedirectChain::read_location(std::string_view location, const Url& from) const {
  std::optional<Url> url = parse_url(escape_bytes(location), &from);
  if (!url) {
    return redirect_failure(ErrorCode::invalid_response, "the redirect's Location is no valid URL");
  }
  if (!url->is_http()) {
    return redirect_failure(ErrorCode::invalid_response,
                            "the redirect's Location is neither http nor https");
  }
  return std::move(*url);
}

void RedirectChain::remember(const TransportRequest& request) {
  if (request.body.empty() && !was_seen(request)) seen_.push_back(key_of(request));
}

/// Requests with a body are let through: the server may have changed by the first one.
bool RedirectChain::was_seen(const TransportRequest& request) const {
  return request.body.empty() &&
         std::find(seen_.begin(), seen_.end(), key_of(request)) != seen_.end();
}

Task<Outcome<bool>> follow_redirect(RedirectChain& chain, TransportResponse& response,
                                    TransportRequest& request, std::vector<RedirectHop>& history) {
  if (chain.follows(response.status, response.headers)) {
    history.emplace_back(response.status, request.url.href());
    request.progress->enter(Phase::url);  // the answer is there: no limit of reading holds now
    std::unique_ptr<BodySource> body = std::move(response.body);
    if (body && worth_draining(response.headers)) co_await drain(std::move(body));
  }
  Outcome<bool> followed = chain.follow(response.status, response.headers, request);
  co_return followed;
}

}  // namespace reqivo::detail
