#include "concatenate.hpp"

#include <array>
#include <cstddef>

namespace reqivo::detail {

std::string concatenate(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text.append(part);
  return text;
}

std::string decimal(std::uint64_t value) {
  std::array<char, 20> digits{};
  std::size_t begin = digits.size();
  do {
    digits[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return {digits.data() + begin, digits.size() - begin};
}

}  // namespace reqivo::detail
