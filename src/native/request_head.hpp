// What a request looks like on the wire.
#pragma once

#include <optional>

#include "native/byte_buffer.hpp"
#include "platform/failure.hpp"
#include "platform/transport.hpp"

namespace reqivo::native {

/// Framing fields set by hand that contradict the body: `invalid_request`.
[[nodiscard]] std::optional<detail::Failure> framing_conflict(
    const detail::TransportRequest& request);

/// Appends request line and fields of `request`, in which there is no `framing_conflict`, as
/// HTTP/1.1 sends them: Host first, then the request's own fields, then Accept-Encoding and the
/// framing fields (RFC 9112 §3.2, §6).
void append_request_head(ByteBuffer& to, const detail::TransportRequest& request);

/// Whether the request says that its connection ends with it.
[[nodiscard]] bool asks_to_close(const Headers& headers) noexcept;

/// Whether sending the request twice is as good as once (RFC 9110 §9.2.2), so that it may be
/// replayed when a kept connection turns out to be closed.
[[nodiscard]] bool may_replay(const detail::TransportRequest& request) noexcept;

}  // namespace reqivo::native
