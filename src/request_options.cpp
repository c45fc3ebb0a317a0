#include "request_options.hpp"

#include <algorithm>
#include <memory>
#include <reqivo/version.hpp>
#include <utility>

#include "ascii.hpp"
#include "checked_fields.hpp"
#include "concatenate.hpp"
#include "credentials.hpp"
#include "session_state.hpp"
#include "token.hpp"

namespace reqivo::detail {
namespace {

constexpr std::string_view authorization_name = "Authorization";
/// Authorization, Content-Type, User-Agent, Accept: room for them is made at once.
constexpr std::size_t added_headers = 4;

/// Nearly all are. A plain loop: what the standard algorithms unroll is of no use to short texts.
bool is_normal_method(std::string_view method) noexcept {
  for (const char c : method) {
    if (!is_upper(c)) return false;
  }
  return !method.empty();
}

Failure invalid_url(const char* why) { return Failure(ErrorCode::invalid_url, Phase::url, why); }

/// Requests of one session mostly differ in the path alone. False: it is not a URL. True: `text`
/// may be used up.
bool parse_request_url(std::string& text, SessionState& session, Url& to) {
  const bool has_base = session.base.has_value();
  const std::optional<Url>& known = has_base ? session.base : session.last;
  if (known && assign_plain_target(to, text, *known, has_base)) return true;
  std::optional<Url> url = parse_url(text, has_base ? &*known : nullptr);
  if (!url) return false;
  to = std::move(*url);
  if (!has_base && !to.has_user_info()) session.last = to;
  return true;
}

/// None: `to` is the URL of the request, its parameters included.
std::optional<Failure> read_url(RequestOptions& options, SessionState& session, Url& to) {
  if (session.has_bad_base()) {
    return invalid_url("the session's base URL is no http or https URL");
  }
  if (!parse_request_url(options.url, session, to)) {
    return invalid_url(session.base ? "it is not a valid URL" : "it is not a valid absolute URL");
  }
  if (!to.is_http()) return invalid_url("its scheme is neither http nor https");
  if (!options.params.empty()) to = with_query_parameters(std::move(to), options.params);
  return std::nullopt;
}

/// The request's own fields in place of the session's of the same name.
Headers merged_headers(const Headers& defaults, Headers own) {
  if (defaults.empty()) {
    own.reserve(own.size() + added_headers);
    return own;
  }
  Headers merged;
  merged.reserve(defaults.size() + own.size() + added_headers);
  for (const auto& [name, value] : defaults) {
    if (!own.contains(name)) CheckedFields::add(merged, name, value);
  }
  for (const auto& [name, value] : own) CheckedFields::add(merged, name, value);
  return merged;
}

/// Request header, request auth, URL, session header, session auth: the first of them that there
/// is.
void set_authorization(Headers& headers, bool own_header, const RequestOptions& options,
                       const Url& url, const SessionState& session) {
  if (own_header) return;
  if (!options.authorization.empty()) {
    headers.set(authorization_name, options.authorization);
  } else if (const auto credentials = url_credentials(url)) {
    headers.set(authorization_name, *credentials);
  } else if (!session.authorization.empty() && !headers.contains(authorization_name)) {
    headers.set(authorization_name, session.authorization);
  }
}

/// Where the platform leaves all headers to us: what every client sends. A browser has its own.
void add_defaults(Headers& headers, const Capabilities& capabilities) {
  if (!capabilities.all_headers) return;
  if (!headers.contains("User-Agent"))
    CheckedFields::add(headers, "User-Agent", "reqivo/" REQIVO_VERSION);
  if (!headers.contains("Accept")) CheckedFields::add(headers, "Accept", "*/*");
}

/// A body of no bytes is none with the methods that mostly have none; others say that it is empty.
std::optional<Failure> check_body(RequestOptions& options, const SessionState& session) {
  if (options.method != "GET" && options.method != "HEAD") return std::nullopt;
  RequestBody& body = options.body;
  if (body.bytes() && body.bytes()->empty()) body = RequestBody();
  if (!body.empty() && !session.capabilities->body_on_get) {
    return Failure(ErrorCode::invalid_request, Phase::none,
                   concatenate({"the ", session.capabilities->backend,
                                " backend cannot send a body with ", options.method}));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> normalize_method(std::string& method) {
  if (!is_normal_method(method)) {
    if (!is_token(method)) return invalid_request("the method is not a token");
    std::transform(method.begin(), method.end(), method.begin(), to_upper);
  }
  if (method == "CONNECT") {
    return invalid_request("CONNECT asks for a tunnel, which is not a request with a response");
  }
  return std::nullopt;
}

Outcome<Done> prepare_request(RequestOptions& options, SessionState& session,
                              TransportRequest& request) {
  request.method = options.method;
  Url& url = request.url;
  auto bad_url = read_url(options, session, url);
  if (bad_url) url = Url();
  // The first refusal wins, and yet names the absolute URL.
  if (options.refused) return std::move(*options.refused);
  if (bad_url) return std::move(*bad_url);
  if (options.has_form) {
    options.body = RequestBody(std::make_shared<const std::string>(std::move(options.form)));
  }
  if (auto refused = check_body(options, session)) return std::move(*refused);

  const bool own_authorization = options.headers.contains(authorization_name);
  Headers headers = merged_headers(session.headers, std::move(options.headers));
  set_authorization(headers, own_authorization, options, url, session);
  if (!options.body_type.empty() && !headers.contains("Content-Type")) {
    headers.set("Content-Type", options.body_type);
  }
  add_defaults(headers, *session.capabilities);

  url = without_secrets(std::move(url));
  request.headers = std::move(headers);
  request.body = std::move(options.body);
  request.redirect = options.redirect.value_or(session.redirect);
  request.decode = options.decode.value_or(session.decode);
  request.fetch = session.fetch;
  request.fetch.apply(options.fetch);
  return Done();
}

ResolvedTimeout resolve_timeout(const Timeout& request, const SessionState& session) {
  ResolvedTimeout limits;
  limits.apply(session.timeout);
  limits.apply(request);
  return limits;
}

}  // namespace reqivo::detail
