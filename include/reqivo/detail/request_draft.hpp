// What request builders have in common, not as templates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <reqivo/detail/generator.hpp>
#include <reqivo/detail/task.hpp>
#include <reqivo/errors.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo {

class Response;
class StreamResponse;

namespace detail {

class Exchange;
class RequestBody;

/// A request that is being described. Nothing here throws for what the caller asks: the first
/// refusal is kept, and thrown when the request is sent. Errors: std::logic_error once it was sent
/// or moved from.
class RequestDraft {
 public:
  explicit RequestDraft(std::shared_ptr<Exchange> exchange) noexcept
      : exchange_(std::move(exchange)) {}
  // Not copied: what describes a request may be read once only, such as the generator of its body.
  RequestDraft(RequestDraft&&) noexcept = default;
  RequestDraft& operator=(RequestDraft&&) noexcept = default;
  ~RequestDraft() = default;

  void header(std::string_view name, std::string_view value);
  void add_header(std::string_view name, std::string_view value);
  void headers(const Headers& fields);
  void param(std::string_view name, std::string_view value);
  void signed_param(std::string_view name, std::int64_t value);
  void unsigned_param(std::string_view name, std::uint64_t value);
  void body(std::string bytes);
  void body(Generator<std::string> pieces, std::optional<std::uint64_t> length);
  void json(const nlohmann::json& value);
  /// The same as it is written already.
  void written_json(std::string text);
  /// A value could not be turned into JSON.
  void refuse_json(std::string_view why);
  void form(std::string_view name, std::string_view value);
  void limits(const Limits& limits);
  void timeout(const Timeout& limits);
  void redirect(Redirect mode);
  void max_redirects(std::size_t count);
  void decode(bool on);
  void fetch(FetchOptions options);
  void bearer_token(std::string_view token);
  void basic_auth(std::string_view user, std::string_view password);

  [[nodiscard]] Task<Response> send();
  [[nodiscard]] Task<StreamResponse> open();

 private:
  [[nodiscard]] Exchange& exchange() const;
  void set_body(RequestBody body, std::string_view type);
  void set_body(std::string bytes, std::string_view type);
  [[nodiscard]] std::shared_ptr<Exchange> take();
  std::shared_ptr<Exchange> exchange_;
};

/// Defined in reqivo/json.hpp: include that to send JSON of one's own types.
template <class T>
class JsonValue;

}  // namespace detail
}  // namespace reqivo
