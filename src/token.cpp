#include "token.hpp"

#include <array>

#include "ascii.hpp"

namespace reqivo::detail {
namespace {

/// tchar.
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '\0'; c < '\x7F'; ++c) table[static_cast<unsigned char>(c)] = is_alphanumeric(c);
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> token_table = make_token_table();

}  // namespace

// A plain loop: what the standard algorithms unroll is of no use to short texts.
bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!token_table[static_cast<unsigned char>(c)]) return false;
  }
  return !text.empty();
}

}  // namespace reqivo::detail
