#include "native/http1_writer.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace reqivo::native {

namespace {

constexpr std::string_view line_end = "\r\n";

}  // namespace

void append_request_line(ByteBuffer& to, std::string_view method, std::string_view target) {
  to.append(method);
  to.append(" ");
  to.append(target);
  to.append(" HTTP/1.1\r\n");
}

void append_field(ByteBuffer& to, std::string_view name, std::string_view value) {
  to.append(name);
  to.append(": ");
  to.append(value);
  to.append(line_end);
}

void append_chunk(std::string& to, std::string_view bytes) {
  if (bytes.empty()) return;
  std::array<char, 2 * sizeof(std::size_t)> size_text;
  const auto [end, error] =
      std::to_chars(size_text.data(), size_text.data() + size_text.size(), bytes.size(), 16);
  static_cast<void>(error);  // every size_t fits
  to.append(size_text.data(), end).append(line_end).append(bytes).append(line_end);
}

}  // namespace reqivo::native
