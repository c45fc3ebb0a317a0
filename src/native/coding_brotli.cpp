// br by Google's brotli.
#include <brotli/decode.h>

#include <cstdint>
#include <new>

#include "native/coding.hpp"

namespace reqivo::native {
namespace {

class BrotliCoding final : public Coding {
 public:
  BrotliCoding() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  BrotliCoding(const BrotliCoding&) = delete;
  BrotliCoding& operator=(const BrotliCoding&) = delete;
  ~BrotliCoding() override { BrotliDecoderDestroyInstance(state_); }

  [[nodiscard]] std::string_view name() const noexcept override { return "br"; }
  [[nodiscard]] bool decode(std::string_view& input, char* to, std::size_t size,
                            std::size_t& produced) override {
    produced = 0;
    if (at_end()) return true;
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(to);
    std::size_t left = input.size();
    std::size_t room = size;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &left, &next_in, &room, &next_out, nullptr);
    input.remove_prefix(input.size() - left);
    produced = size - room;
    return result != BROTLI_DECODER_RESULT_ERROR;
  }
  [[nodiscard]] bool at_end() const noexcept override {
    return BrotliDecoderIsFinished(state_) == BROTLI_TRUE;
  }

 private:
  BrotliDecoderState* state_;
};

}  // namespace

std::unique_ptr<Coding> make_brotli_coding() { return std::make_unique<BrotliCoding>(); }

}  // namespace reqivo::native
