// What a TlsContext holds; for TlsContext and TlsEngine alone.
#pragma once

#include "native/openssl_handles.hpp"
#include "native/tls_context.hpp"
#include "native/tls_sessions.hpp"

namespace reqivo::native {

struct TlsContext::State {
  SslContextHandle ssl;
  TlsSessions sessions;
};

}  // namespace reqivo::native
