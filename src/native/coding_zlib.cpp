// gzip and deflate by zlib.
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "native/coding.hpp"

namespace reqivo::native {
namespace {

// zlib's codes for what wraps the data.
constexpr int gzip_wrapped = 15 + 16;
constexpr int zlib_wrapped = 15;
constexpr int unwrapped = -15;

uInt clamp(std::size_t size) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class Inflater {
 public:
  explicit Inflater(int wrapping) {
    if (inflateInit2(&stream_, wrapping) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Decodes until the input or the room is used up, or the data ends.
  [[nodiscard]] bool run(std::string_view& input, char* to, std::size_t size,
                         std::size_t& produced) {
    // zlib does not write to its input, but its interface predates const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = clamp(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = clamp(size);
    const uInt had = stream_.avail_in;
    const uInt room = stream_.avail_out;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(had - stream_.avail_in);
    produced = room - stream_.avail_out;
    ended_ = status == Z_STREAM_END;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  void restart() noexcept {
    inflateReset(&stream_);
    ended_ = false;
  }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

class GzipCoding final : public Coding {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "gzip"; }
  [[nodiscard]] bool decode(std::string_view& input, char* to, std::size_t size,
                            std::size_t& produced) override {
    produced = 0;
    if (inflater_.ended()) {
      if (input.empty()) return true;
      inflater_.restart();  // another member
    }
    return inflater_.run(input, to, size, produced);
  }
  [[nodiscard]] bool at_end() const noexcept override { return inflater_.ended(); }

 private:
  Inflater inflater_{gzip_wrapped};
};

/// RFC 1950 §2.2: a valid header's method is 8, its window at most 7, and it is a multiple of 31.
bool is_zlib_header(unsigned char first, unsigned char second) noexcept {
  return (first & 15U) == 8 && (first >> 4U) <= 7 && (first * 256U + second) % 31 == 0;
}

class DeflateCoding final : public Coding {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "deflate"; }
  [[nodiscard]] bool decode(std::string_view& input, char* to, std::size_t size,
                            std::size_t& produced) override {
    produced = 0;
    if (!inflater_ && !look_at_header(input)) return true;
    if (inflater_->ended()) return true;
    if (!header_.empty()) {
      const bool good = inflater_->run(header_, to, size, produced);
      if (!good || produced == size || inflater_->ended()) return good;
    }
    std::size_t more = 0;
    const bool good = inflater_->run(input, to + produced, size - produced, more);
    produced += more;
    return good;
  }
  [[nodiscard]] bool at_end() const noexcept override {
    return inflater_ != nullptr && inflater_->ended();
  }

 private:
  /// Keeps the first two bytes until both are there. False: more input is needed.
  bool look_at_header(std::string_view& input) {
    while (seen_ < 2 && !input.empty()) {
      first_[seen_++] = input.front();
      input.remove_prefix(1);
    }
    if (seen_ < 2) return false;
    const bool wrapped = is_zlib_header(static_cast<unsigned char>(first_[0]),
                                        static_cast<unsigned char>(first_[1]));
    inflater_ = std::make_unique<Inflater>(wrapped ? zlib_wrapped : unwrapped);
    header_ = std::string_view(first_, 2);
    return true;
  }

  std::unique_ptr<Inflater> inflater_;
  char first_[2] = {};
  std::size_t seen_ = 0;
  std::string_view header_;  // what of `first_` is still to be decoded
};

}  // namespace

std::unique_ptr<Coding> make_gzip_coding() { return std::make_unique<GzipCoding>(); }
std::unique_ptr<Coding> make_deflate_coding() { return std::make_unique<DeflateCoding>(); }

}  // namespace reqivo::native
