#include "platform/transport.hpp"

namespace reqivo::detail {

// Out of line, as they are many instructions that a request comes by at several places.
RequestBody::RequestBody(const RequestBody& other) = default;
RequestBody::RequestBody(RequestBody&& other) noexcept = default;
RequestBody& RequestBody::operator=(const RequestBody& other) = default;
RequestBody& RequestBody::operator=(RequestBody&& other) noexcept = default;
RequestBody::~RequestBody() = default;

}  // namespace reqivo::detail
