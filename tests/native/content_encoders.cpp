#include "content_encoders.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace reqivo::native::test {
namespace {

using Parts = std::vector<std::string_view>;
using Buffer = std::array<char, 16384>;

void require(bool good) {
  if (!good) throw std::runtime_error("an encoder of the tests failed");
}

std::vector<std::string> deflate_parts(int wrapping, const Parts& parts) {
  z_stream stream{};
  require(deflateInit2(&stream, 6, Z_DEFLATED, wrapping, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::string> encoded(parts.size());
  Buffer buffer;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(parts[i].data()));
    stream.avail_in = static_cast<uInt>(parts[i].size());
    const int flush = i + 1 == parts.size() ? Z_FINISH : Z_SYNC_FLUSH;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      require(deflate(&stream, flush) != Z_STREAM_ERROR);
      encoded[i].append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return encoded;
}

std::vector<std::string> brotli_parts(const Parts& parts) {
  const std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> state(
      BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), BrotliEncoderDestroyInstance);
  BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_QUALITY, 4);
  std::vector<std::string> encoded(parts.size());
  Buffer buffer;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(parts[i].data());
    std::size_t left = parts[i].size();
    const bool last = i + 1 == parts.size();
    do {
      auto* next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
      std::size_t room = buffer.size();
      require(BrotliEncoderCompressStream(
                  state.get(), last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH, &left,
                  &next_in, &room, &next_out, nullptr) == BROTLI_TRUE);
      encoded[i].append(buffer.data(), buffer.size() - room);
    } while (left > 0 || BrotliEncoderHasMoreOutput(state.get()) == BROTLI_TRUE);
  }
  return encoded;
}

std::vector<std::string> zstd_parts(const Parts& parts) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                        ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::vector<std::string> encoded(parts.size());
  Buffer buffer;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ZSTD_inBuffer in{parts[i].data(), parts[i].size(), 0};
    const ZSTD_EndDirective end = i + 1 == parts.size() ? ZSTD_e_end : ZSTD_e_flush;
    std::size_t left = 1;
    while (left != 0) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, end);
      require(ZSTD_isError(left) == 0);
      encoded[i].append(buffer.data(), out.pos);
    }
  }
  return encoded;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  return whole;
}

}  // namespace

std::vector<std::string> encode_parts(std::string_view coding, const Parts& parts) {
  if (coding == "gzip") return deflate_parts(15 + 16, parts);
  if (coding == "deflate") return deflate_parts(15, parts);
  if (coding == "raw") return deflate_parts(-15, parts);
  if (coding == "br") return brotli_parts(parts);
  require(coding == "zstd");
  return zstd_parts(parts);
}

std::string encode(std::string_view coding, std::string_view text) {
  return joined(encode_parts(coding, {text}));
}

std::string encode_stack(const Parts& codings, std::string_view text) {
  std::string encoded(text);
  for (const std::string_view coding : codings) encoded = encode(coding, encoded);
  return encoded;
}

std::string encode_zeros(std::string_view coding, std::size_t size) {
  const std::string zeros(std::size_t{1} << 20U, '\0');
  const Parts parts(size / zeros.size(), zeros);
  return joined(encode_parts(coding, parts));
}

}  // namespace reqivo::native::test
