#include "native/http1_framing.hpp"

#include <string_view>

#include "white_space.hpp"

namespace reqivo::native {

bool has_connection_option(std::string_view list, std::string_view option) noexcept {
  while (!list.empty()) {
    if (same_field_name(detail::take_element(list), option)) return true;
  }
  return false;
}

FramingFields read_framing_fields(const Headers& headers) {
  FramingFields fields;
  for (const auto& [name, value] : headers) {
    // This runs for every field of every response: most names are told apart by their length.
    switch (name.size()) {
      case 10:
        if (!same_field_name(name, "Connection")) break;
        fields.close = fields.close || has_connection_option(value, "close");
        fields.keep_alive = fields.keep_alive || has_connection_option(value, "keep-alive");
        break;
      case 14:
        if (same_field_name(name, "Content-Length")) ++fields.length_count;
        break;
      case 17:
        if (!same_field_name(name, "Transfer-Encoding")) break;
        ++fields.coding_count;
        fields.only_chunked = same_field_name(value, "chunked");
        break;
      default:
        break;
    }
  }
  return fields;
}

}  // namespace reqivo::native
