#include <reqivo/detail/request_draft.hpp>
#include <reqivo/request.hpp>
#include <utility>

#include "concatenate.hpp"
#include "credentials.hpp"
#include "encoding.hpp"
#include "exchange.hpp"
#include "misuse.hpp"
#include "unsupported_setting.hpp"

namespace reqivo::detail {
namespace {

/// Pulls a request body from its caller's generator.
class GeneratorUpload final : public UploadSource {
 public:
  explicit GeneratorUpload(Generator<std::string> pieces) noexcept : pieces_(std::move(pieces)) {}
  Task<std::optional<std::string>> next() override { return next_of(pieces_); }

 private:
  static Task<std::optional<std::string>> next_of(Generator<std::string>& pieces) {
    co_return co_await pieces.next();
  }
  Generator<std::string> pieces_;
};

/// `change` to the options' headers; what Headers refuses is kept for when the request is sent.
template <class Change>
void change_headers(RequestOptions& options, const Change& change) {
  try {
    change(options.headers);
  } catch (const RequestError& refused) {
    options.refuse(invalid_request(refused.what()));
  }
}

/// `option` is empty where the backend can do what was asked.
void refuse_unsupported(Exchange& request, std::string_view option) {
  if (!option.empty()) request.options().refuse(unsupported(option, request.session()));
}

}  // namespace

void RequestDraft::set_body(RequestBody body, std::string_view type) {
  RequestOptions& options = exchange().options();
  if (options.has_form || !options.body.empty()) {
    options.refuse(invalid_request("it was given more than one body"));
    return;
  }
  options.body = std::move(body);
  options.body_type = type;
}

void RequestDraft::set_body(std::string bytes, std::string_view type) {
  set_body(RequestBody(std::make_shared<const std::string>(std::move(bytes))), type);
}

Exchange& RequestDraft::exchange() const {
  if (!exchange_) throw_misuse("reqivo: a request builder can be sent once only");
  return *exchange_;
}

std::shared_ptr<Exchange> RequestDraft::take() {
  static_cast<void>(exchange());
  return std::exchange(exchange_, nullptr);
}

void RequestDraft::header(std::string_view name, std::string_view value) {
  change_headers(exchange().options(), [&](Headers& headers) { headers.set(name, value); });
}

void RequestDraft::add_header(std::string_view name, std::string_view value) {
  change_headers(exchange().options(), [&](Headers& headers) { headers.add(name, value); });
}

void RequestDraft::headers(const Headers& fields) {
  change_headers(exchange().options(), [&](Headers& headers) {
    for (const auto& [name, value] : fields) headers.remove(name);
    for (const auto& [name, value] : fields) headers.add(name, value);
  });
}

void RequestDraft::param(std::string_view name, std::string_view value) {
  exchange().options().params.emplace_back(name, value);
}

void RequestDraft::signed_param(std::string_view name, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  param(name, value < 0 ? concatenate({"-", decimal(0 - bits)}) : decimal(bits));
}

void RequestDraft::unsigned_param(std::string_view name, std::uint64_t value) {
  param(name, decimal(value));
}

void RequestDraft::body(std::string bytes) { set_body(std::move(bytes), {}); }

void RequestDraft::body(Generator<std::string> pieces, std::optional<std::uint64_t> length) {
  if (!pieces) {
    exchange().options().refuse(
        invalid_request("the generator of its body is empty: it was given away before"));
    return;
  }
  enable_uploads();
  auto source = std::make_shared<GeneratorUpload>(std::move(pieces));
  set_body(RequestBody(std::move(source), length), {});
}

void RequestDraft::refuse_json(std::string_view why) {
  exchange().options().refuse(Failure(ErrorCode::json, Phase::none,
                                      concatenate({"the value cannot be written as JSON: ", why})));
}

void RequestDraft::form(std::string_view name, std::string_view value) {
  RequestOptions& options = exchange().options();
  if (!options.body.empty()) {
    options.refuse(invalid_request("it was given a form and another body"));
    return;
  }
  if (options.has_form) options.form += '&';
  options.has_form = true;
  options.body_type = "application/x-www-form-urlencoded";
  append_form_encoded(options.form, name, "+");
  options.form += '=';
  append_form_encoded(options.form, value, "+");
}

void RequestDraft::limits(const Limits& limits) {
  RequestOptions& options = exchange().options();
  if (!limits.transport_limit().empty() || limits.upload_buffer() != Limits().upload_buffer()) {
    options.refuse(invalid_request("of all limits only body_size can be that of one request"));
  }
  options.body_limit = limits.body_size();
}

void RequestDraft::timeout(const Timeout& limits) {
  Exchange& request = exchange();
  refuse_unsupported(request, unsupported_setting(limits, *request.session().capabilities));
  request.options().timeout.apply(limits);
}

void RequestDraft::redirect(Redirect mode) {
  Exchange& request = exchange();
  refuse_unsupported(request, unsupported_setting(mode, *request.session().capabilities));
  request.options().redirect = mode;
}

void RequestDraft::max_redirects(std::size_t count) {
  Exchange& request = exchange();
  refuse_unsupported(request, unsupported_max_redirects(*request.session().capabilities));
  request.options().max_redirects = count;
}

void RequestDraft::decode(bool on) {
  Exchange& request = exchange();
  refuse_unsupported(request, unsupported_decode(on, *request.session().capabilities));
  request.options().decode = on;
}

void RequestDraft::fetch(FetchOptions options) {
  Exchange& request = exchange();
  refuse_unsupported(request, unsupported_setting(options, *request.session().capabilities));
  request.options().fetch.apply(options);
}

void RequestDraft::bearer_token(std::string_view token) {
  RequestOptions& options = exchange().options();
  change_headers(options, [&](Headers&) { options.authorization = bearer_credentials(token); });
}

void RequestDraft::basic_auth(std::string_view user, std::string_view password) {
  RequestOptions& options = exchange().options();
  Outcome<std::string> credentials = basic_credentials(user, password);
  if (!credentials) return options.refuse(std::move(credentials).failure());
  options.authorization = std::move(credentials).value();
}

Task<Response> RequestDraft::send() { return Exchange::send(take()); }

Task<StreamResponse> RequestDraft::open() { return Exchange::open(take()); }

}  // namespace reqivo::detail
