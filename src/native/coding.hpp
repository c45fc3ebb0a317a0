// One content coding being undone: the part that differs from coding to coding.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace reqivo::native {

/// An incremental decoder of one coding. Never throws on bad input.
class Coding {
 public:
  Coding() = default;
  Coding(const Coding&) = delete;
  Coding& operator=(const Coding&) = delete;
  virtual ~Coding() = default;

  /// "gzip" and the like, for messages.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Decodes from the front of `input`, which is cut by what was used, into `to`; `produced` bytes
  /// are written. False: the bytes are corrupt. Output that did not fit is kept for the next call.
  /// Nothing is used after the end of a coding that cannot go on there.
  [[nodiscard]] virtual bool decode(std::string_view& input, char* to, std::size_t size,
                                    std::size_t& produced) = 0;
  /// The coded data is whole: nothing more is needed.
  [[nodiscard]] virtual bool at_end() const noexcept = 0;
};

/// RFC 1952, with several members one after the other (§2.2).
[[nodiscard]] std::unique_ptr<Coding> make_gzip_coding();
/// RFC 1950 or, as some servers send it, RFC 1951 without the wrapper; told apart by the first two
/// bytes.
[[nodiscard]] std::unique_ptr<Coding> make_deflate_coding();
/// RFC 7932.
[[nodiscard]] std::unique_ptr<Coding> make_brotli_coding();
/// RFC 8878, with several frames one after the other; windows up to 8 MiB (RFC 9659).
[[nodiscard]] std::unique_ptr<Coding> make_zstd_coding();

}  // namespace reqivo::native
