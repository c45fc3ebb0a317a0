// One request over fetch, and what it has in common with one whose body is streamed.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

#include "platform/transport.hpp"
#include "wasm/fetch_operation.hpp"

namespace reqivo::wasm {

/// Sends a request whose body is whole, once. This and what follows keep to the rules of
/// `detail::Transport::send`.
Task<detail::Outcome<detail::Done>> exchange_whole(
    std::shared_ptr<const detail::TransportRequest> request, detail::TransportResponse& response);

/// Hands out the answer once its head has come.
[[nodiscard]] detail::Outcome<detail::Done> take_answer(std::unique_ptr<FetchOperation> operation,
                                                        const detail::TransportRequest& request,
                                                        detail::TransportResponse& response);

/// The failure of a request that asks for `what`.
[[nodiscard]] detail::Failure unsupported(std::string_view what);

/// Sends a request whose body is streamed, from memory up to `upload_buffer` bytes. Null until
/// `detail::enable_uploads`: a program that streams no body does not carry the code for it.
using SendUpload = Task<detail::Outcome<detail::Done>> (*)(
    std::shared_ptr<const detail::TransportRequest> request, detail::TransportResponse& response,
    std::size_t upload_buffer);
inline constinit std::atomic<SendUpload> send_upload{nullptr};

}  // namespace reqivo::wasm
