#include <reqivo/errors.hpp>
#include <reqivo/response.hpp>
#include <stdexcept>

#include "concatenate.hpp"
#include "platform/failure.hpp"
#include "text_decoding.hpp"

namespace reqivo {

// Out of line, as they are many instructions that a request comes by at several places.
ResponseHead::ResponseHead(const ResponseHead& other) = default;
ResponseHead::ResponseHead(ResponseHead&& other) noexcept = default;
ResponseHead& ResponseHead::operator=(const ResponseHead& other) = default;
ResponseHead& ResponseHead::operator=(ResponseHead&& other) noexcept = default;
ResponseHead::~ResponseHead() = default;

void ResponseHead::raise_for_status() const {
  if (status_code_ < 400 || status_code_ > 599) return;
  std::string url = detail::redact_url(url_);
  const std::string message = detail::without_controls(detail::concatenate(
      {method_, " ", url, " answered ", detail::decimal(static_cast<unsigned>(status_code_)),
       reason_.empty() ? "" : " ", reason_}));
  throw HttpStatusError(status_code_, message, method_, std::move(url));
}

std::string Response::text() const {
  // Of several fields the first that has a charset counts: browsers hand them out as one.
  std::string types;
  for (const auto& [name, value] : headers()) {
    if (same_field_name(name, "Content-Type")) types.append(",").append(value);
  }
  return detail::decode_text(body_, types);
}

detail::FixedSlices detail::slices_of(std::size_t size) {
  if (size == 0) throw std::invalid_argument("reqivo: iter_content needs a size above zero");
  return FixedSlices(size);
}

}  // namespace reqivo
