// zstd by Facebook's zstd.
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>

#include "native/coding.hpp"

namespace reqivo::native {
namespace {

/// The largest window to allocate for: 8 MiB, RFC 9659 §3.
constexpr int window_log_max = 23;
/// Magic number and frame header, RFC 8878 §3.1.1.
constexpr std::size_t longest_header = 18;
constexpr std::string_view frame_magic = "\x28\xB5\x2F\xFD";
constexpr std::string_view skippable_magic = "\x50\x2A\x4D\x18";

class ZstdCoding final : public Coding {
 public:
  ZstdCoding() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log_max);
  }
  ZstdCoding(const ZstdCoding&) = delete;
  ZstdCoding& operator=(const ZstdCoding&) = delete;
  ~ZstdCoding() override { ZSTD_freeDCtx(context_); }

  [[nodiscard]] std::string_view name() const noexcept override { return "zstd"; }
  [[nodiscard]] bool decode(std::string_view& input, char* to, std::size_t size,
                            std::size_t& produced) override {
    produced = 0;
    // Asked again between frames without input, zstd would expect a new frame.
    if (frame_ended_ && input.empty()) return true;
    if (frame_ended_) begin_frame();
    if (!may_begin_frame(input)) return false;
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{to, size, 0};
    const std::size_t status = ZSTD_decompressStream(context_, &out, &in);
    produced = out.pos;
    note(input.substr(0, in.pos), produced);
    input.remove_prefix(in.pos);
    if (ZSTD_isError(status) != 0) return false;
    frame_ended_ = status == 0;
    return !frame_ended_ || has_announced_size();
  }
  [[nodiscard]] bool at_end() const noexcept override { return frame_ended_; }

 private:
  void begin_frame() noexcept {
    frame_ended_ = false;
    header_.clear();
    frame_size_ = 0;
  }
  /// Whether the magic number, as far as it is known, is one of RFC 8878: distributions build zstd
  /// with the decoders of its formats from before the standard, which nobody should be able to
  /// reach.
  [[nodiscard]] bool may_begin_frame(std::string_view input) const {
    const std::size_t length = std::min<std::size_t>(frame_magic.size(), header_.size());
    std::string magic = header_.substr(0, length);
    magic.append(input.substr(0, frame_magic.size() - length));
    if (frame_magic.starts_with(magic)) return true;
    magic[0] = static_cast<char>(magic[0] & 0xF0);  // 16 magic numbers for skippable frames, §3.1.2
    return skippable_magic.starts_with(magic);
  }
  void note(std::string_view used, std::size_t produced) {
    header_.append(used.substr(0, longest_header - header_.size()));
    frame_size_ += produced;
  }
  /// zstd itself does not look where the last block is empty, unless it sees the whole frame at
  /// once.
  [[nodiscard]] bool has_announced_size() const noexcept {
    const auto announced = ZSTD_getFrameContentSize(header_.data(), header_.size());
    return announced == ZSTD_CONTENTSIZE_UNKNOWN || announced == frame_size_;
  }

  ZSTD_DCtx* context_;
  bool frame_ended_ = false;
  std::string header_;  // the frame's first bytes, up to `longest_header`
  std::uint64_t frame_size_ = 0;
};

}  // namespace

std::unique_ptr<Coding> make_zstd_coding() { return std::make_unique<ZstdCoding>(); }

}  // namespace reqivo::native
