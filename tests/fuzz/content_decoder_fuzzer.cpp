// libFuzzer: any bytes, cut anywhere and read at any pace, must come to the same end as the same
// bytes at once. The first input byte chooses the codings, the second how the rest is cut and read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "native/content_decoder.hpp"

namespace {

using reqivo::native::ContentDecoder;

constexpr std::string_view values[] = {
    "gzip",     "deflate",  "br",         "zstd",
    "br, gzip", "zstd, br", "gzip, zstd", "deflate, deflate, gzip"};
constexpr std::size_t values_count = sizeof values / sizeof values[0];

/// More than this is a bomb: nothing new to learn.
constexpr std::size_t enough = std::size_t{1} << 18U;

void require(bool condition) {
  if (!condition) std::abort();
}

struct End {
  bool ok = false;
  bool stopped = false;  // at `enough`
  std::string body;
};

/// Reads all that there is for now. False: no use going on.
bool drain(ContentDecoder& decoder, std::size_t most, End& end) {
  for (;;) {
    auto next = decoder.next(most);
    if (!next.ok()) return false;
    require(next.value().size() <= most);
    if (next.value().empty()) return true;
    end.body += next.value();
    end.stopped = end.body.size() >= enough;
    if (end.stopped) return false;
  }
}

template <class Cut>
End decode(std::string_view value, std::string_view encoded, std::size_t most, Cut cut) {
  auto made = ContentDecoder::for_codings({value});
  require(made.ok() && made.value().has_value());
  ContentDecoder decoder = *std::move(made).value();
  End end;
  while (!encoded.empty()) {
    const std::string piece(encoded.substr(0, cut()));
    encoded.remove_prefix(piece.size());
    decoder.feed(piece);
    if (!drain(decoder, most, end)) return end;
  }
  end.ok = decoder.finish().ok();
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view value = values[data[0] % values_count];
  const std::string_view encoded(reinterpret_cast<const char*>(data) + 2, size - 2);
  const End at_once = decode(value, encoded, 65536, [] { return std::string_view::npos; });
  std::minstd_rand random(data[1]);
  const std::size_t longest_cut = 1 + data[1] % 16U;
  const std::size_t most = 1 + data[1] / 2U;
  const End in_pieces = decode(value, encoded, most, [&] { return 1 + random() % longest_cut; });
  if (at_once.stopped || in_pieces.stopped) {
    const std::size_t common = std::min(at_once.body.size(), in_pieces.body.size());
    require(at_once.body.compare(0, common, in_pieces.body, 0, common) == 0);
    return 0;
  }
  require(at_once.ok == in_pieces.ok);
  if (at_once.ok) require(at_once.body == in_pieces.body);
  return 0;
}
