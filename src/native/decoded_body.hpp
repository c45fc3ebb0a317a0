// A body with its Content-Encoding undone.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "native/content_decoder.hpp"
#include "native/turn_taking.hpp"
#include "platform/transport.hpp"

namespace reqivo::native {

/// Decodes another source as it is read: never more than one piece of encoded and one of decoded
/// bytes is held. A body that ends before its coding does is a failure.
class DecodedBody final : public detail::BodySource {
 public:
  DecodedBody(std::unique_ptr<detail::BodySource> encoded, ContentDecoder decoder)
      : encoded_(std::move(encoded)), decoder_(std::move(decoder)) {}

  Task<detail::Outcome<std::string>> read() override;

 private:
  detail::Failure fail(detail::Failure failure);

  std::unique_ptr<detail::BodySource> encoded_;
  ContentDecoder decoder_;
  std::string piece_;  // what the decoder reads from
  std::optional<detail::Failure> failure_;
  bool ended_ = false;
  TurnTaking turns_;
};

}  // namespace reqivo::native
