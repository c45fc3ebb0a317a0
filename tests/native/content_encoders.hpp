// What a server does: bodies encoded by the libraries themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reqivo::native::test {

/// `parts` encoded one after the other as one body, flushed after each, so that all of it up to
/// there can be decoded from the pieces up to there. Codings: "gzip", "deflate" (zlib-wrapped),
/// "raw" (deflate without the wrapper), "br", "zstd" (with checksum).
[[nodiscard]] std::vector<std::string> encode_parts(std::string_view coding,
                                                    const std::vector<std::string_view>& parts);

/// `text` encoded by one coding.
[[nodiscard]] std::string encode(std::string_view coding, std::string_view text);

/// `text` encoded by several codings, the first one first.
[[nodiscard]] std::string encode_stack(const std::vector<std::string_view>& codings,
                                       std::string_view text);

/// `size` zero bytes, encoded in little memory.
[[nodiscard]] std::string encode_zeros(std::string_view coding, std::size_t size);

}  // namespace reqivo::native::test
