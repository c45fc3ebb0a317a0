#include "native/http1_framing.hpp"

#include <algorithm>
#include <string_view>

#include "white_space.hpp"

namespace reqivo::native {

namespace {

void read_connection_options(std::string_view list, FramingFields& fields) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const std::string_view option = detail::trim(list.substr(0, comma));
    fields.close = fields.close || same_field_name(option, "close");
    fields.keep_alive = fields.keep_alive || same_field_name(option, "keep-alive");
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace

FramingFields read_framing_fields(const Headers& headers) {
  FramingFields fields;
  for (const auto& [name, value] : headers) {
    // This runs for every field of every response: most names are told apart by their length.
    switch (name.size()) {
      case 10:
        if (same_field_name(name, "Connection")) read_connection_options(value, fields);
        break;
      case 14:
        if (same_field_name(name, "Content-Length")) ++fields.length_count;
        break;
      case 17:
        if (!same_field_name(name, "Transfer-Encoding")) break;
        ++fields.coding_count;
        fields.only_chunked = fields.only_chunked && same_field_name(value, "chunked");
        break;
      default:
        break;
    }
  }
  return fields;
}

}  // namespace reqivo::native
