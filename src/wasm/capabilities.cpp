#include <reqivo/capabilities.hpp>

#include "wasm/fetch_bridge.hpp"
#include "wasm/node.hpp"

namespace reqivo {
namespace {

Capabilities of_this_platform() noexcept {
  const bool node = wasm::node() != nullptr;
  Capabilities can{.backend = "wasm"};
  can.blocking = reqivo_can_suspend() != 0;
  can.manual_redirects = node;
  can.tls_options = false;
  can.connection_limits = false;
  can.raw_body = false;
  // Browsers want HTTP/2 for it, which is known of an origin only when it was spoken to before.
  can.streamed_upload = node && reqivo_can_stream_upload() != 0;
  can.body_on_get = false;
  can.all_methods = false;
  can.all_headers = false;
  can.set_cookie_visible = node;
  can.headers_as_received = false;
  can.strict_framing = false;
  can.network_error_detail = node;
  can.connect_timeout = false;
  can.stored_credentials = !node;
  can.http_cache = !node;
  can.integrity = true;
  return can;
}

}  // namespace

const Capabilities& capabilities() noexcept {
  static const Capabilities wasm = of_this_platform();
  return wasm;
}

}  // namespace reqivo
