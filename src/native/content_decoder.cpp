#include "native/content_decoder.hpp"

#include <algorithm>
#include <array>
#include <reqivo/headers.hpp>

#include "native/coding.hpp"
#include "white_space.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Failure;
using detail::Outcome;

namespace {

/// No honest server stacks more.
constexpr std::size_t most_codings = 5;
/// What one stage hands to the next at a time.
constexpr std::size_t between_stages = 16 * 1024;

struct KnownCoding {
  std::string_view name;
  std::unique_ptr<Coding> (*make)();
};
constexpr std::array<KnownCoding, 5> known_codings = {{{"gzip", make_gzip_coding},
                                                       {"x-gzip", make_gzip_coding},
                                                       {"deflate", make_deflate_coding},
                                                       {"br", make_brotli_coding},
                                                       {"zstd", make_zstd_coding}}};

const KnownCoding* find_coding(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(known_codings.begin(), known_codings.end(),
                   [name](const KnownCoding& known) { return same_field_name(known.name, name); });
  return found == known_codings.end() ? nullptr : found;
}

/// The elements of all the fields, in order; empty ones and "identity" are none (RFC 9110 §5.6.1).
std::vector<std::string_view> codings_of(const std::vector<std::string_view>& values) {
  std::vector<std::string_view> codings;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::string_view element = detail::take_element(rest);
      if (!element.empty() && !same_field_name(element, "identity")) codings.push_back(element);
    }
  }
  return codings;
}

Failure failure(std::string text) {
  return Failure(ErrorCode::decoding, Phase::body, std::move(text));
}

/// One coding and what it is fed with.
class Stage {
 public:
  explicit Stage(std::unique_ptr<Coding> coding) : coding_(std::move(coding)) {}

  void feed(std::string_view input) noexcept {
    input_ = input;
    more_ = true;
  }
  void feed_owned(std::string input) {
    owned_ = std::move(input);
    feed(owned_);
  }
  /// Decoded bytes, at most `most`; empty: this stage needs input.
  Outcome<std::string> next(std::size_t most) {
    if (room_size_ < most) {
      room_ = std::make_unique_for_overwrite<char[]>(most);
      room_size_ = most;
    }
    while (more_) {
      std::size_t produced = 0;
      const std::size_t had = input_.size();
      if (!coding_->decode(input_, room_.get(), most, produced)) {
        return failure("the " + std::string(coding_->name()) + " body is corrupt");
      }
      // Room left, input used up: nothing is kept back.
      more_ = produced == most || (!input_.empty() && (produced > 0 || input_.size() < had));
      if (produced > 0) return std::string(room_.get(), produced);
    }
    if (!input_.empty()) {
      return failure("bytes follow the end of the " + std::string(coding_->name()) + " body");
    }
    return std::string();
  }
  [[nodiscard]] const Coding& coding() const noexcept { return *coding_; }

 private:
  std::unique_ptr<Coding> coding_;
  std::unique_ptr<char[]> room_;
  std::size_t room_size_ = 0;
  std::string owned_;
  std::string_view input_;
  bool more_ = false;
};

}  // namespace

struct ContentDecoder::Stack {
  std::vector<Stage> stages;  // in the order in which they are undone
  bool fed = false;

  Outcome<std::string> next(std::size_t stage, std::size_t most) {
    for (;;) {
      auto output = stages[stage].next(most);
      if (!output.ok() || !output.value().empty() || stage == 0) return output;
      auto input = next(stage - 1, between_stages);
      if (!input.ok() || input.value().empty()) return input;
      stages[stage].feed_owned(std::move(input).value());
    }
  }
};

ContentDecoder::ContentDecoder(std::unique_ptr<Stack> stack) noexcept : stack_(std::move(stack)) {}
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;
ContentDecoder::~ContentDecoder() = default;

Outcome<std::optional<ContentDecoder>> ContentDecoder::for_codings(
    const std::vector<std::string_view>& content_encoding_values) {
  std::vector<std::string_view> codings = codings_of(content_encoding_values);
  if (codings.empty()) return std::optional<ContentDecoder>();
  if (codings.size() > most_codings) {
    return failure("the body has " + std::to_string(codings.size()) + " content codings");
  }
  auto stack = std::make_unique<Stack>();
  for (auto name = codings.rbegin(); name != codings.rend(); ++name) {
    const KnownCoding* const known = find_coding(*name);
    if (known == nullptr) return std::optional<ContentDecoder>();
    stack->stages.emplace_back(known->make());
  }
  return std::optional<ContentDecoder>(ContentDecoder(std::move(stack)));
}

void ContentDecoder::feed(std::string_view encoded) {
  if (encoded.empty()) return;
  stack_->fed = true;
  stack_->stages.front().feed(encoded);
}

Outcome<std::string> ContentDecoder::next(std::size_t most) {
  if (most == 0) return std::string();
  return stack_->next(stack_->stages.size() - 1, most);
}

Outcome<Done> ContentDecoder::finish() {
  if (!stack_->fed) return Done();
  for (const Stage& stage : stack_->stages) {
    if (!stage.coding().at_end()) {
      return failure("the " + std::string(stage.coding().name()) + " body is truncated");
    }
  }
  return Done();
}

}  // namespace reqivo::native
