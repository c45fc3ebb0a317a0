#include "native/tls_engine.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "native/openssl_handles.hpp"
#include "native/tls_bytes.hpp"
#include "native/tls_context_state.hpp"
#include "native/tls_error.hpp"
#include "native/tls_peer.hpp"

namespace reqivo::native {

namespace {

constexpr std::string_view offered_protocol = "http/1.1";
constexpr std::size_t record_plaintext = SSL3_RT_MAX_PLAIN_LENGTH;
/// At least what any cipher adds to a record: header, nonce, padding, MAC.
constexpr std::size_t record_overhead = 128;
/// SSL_write takes what fits an int.
constexpr std::size_t most_at_once = std::size_t{1} << 30;

/// The host as certificates and SNI spell it (RFC 6066 §3: no final dot).
std::string_view bare_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

/// Has OpenSSL check the certificate for `host`, and name it to the server.
bool expect_host(SSL* ssl, const std::string& host) {
  if (host.empty()) return false;
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
  // RFC 9525 §6.3 and §2: a wildcard is a whole label, and a name in the subject is none.
  SSL_set_hostflags(ssl,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

/// Every operation begins with an empty error queue. Looking is cheaper than clearing.
void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

struct TlsEngine::State {
  std::shared_ptr<TlsContext> context;
  TlsSessions* sessions = nullptr;
  TlsPeer peer;
  TlsBytes bytes;
  /// Once it is `closed` or `failed` it stays so; until then `want_input`.
  Progress end = Progress::want_input;
  bool started = false;
  bool connected = false;
  detail::Failure failure{ErrorCode::other, Phase::none, std::string()};
  SslHandle ssl;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();
  [[nodiscard]] bool ended() const noexcept { return end != Progress::want_input; }
  Progress fail(detail::Failure why);
  Progress fail_by_openssl();
  Progress stopped();
  [[nodiscard]] bool dry() const noexcept;
  void start();
  Progress finish_handshake();
};

TlsEngine::State::~State() {
  // Freed without close_notify, OpenSSL would forbid to resume the session; RFC 8446 does not ask
  // for that.
  if (connected && end != Progress::failed) {
    SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

TlsEngine::Progress TlsEngine::State::fail(detail::Failure why) {
  failure = std::move(why);
  end = Progress::failed;
  bytes.drop_input();
  return end;
}

TlsEngine::Progress TlsEngine::State::fail_by_openssl() {
  TlsFailureContext known;
  if (!connected) known.first_bytes = bytes.first_bytes();
  known.refusal = peer.refusal;
  known.least_version = static_cast<int>(SSL_get_min_proto_version(ssl.get()));
  return fail(tls_failure(describe_tls_failure(known), !connected));
}

/// After an operation that did not give what was asked for.
TlsEngine::Progress TlsEngine::State::stopped() {
  switch (SSL_get_error(ssl.get(), 0)) {
    case SSL_ERROR_WANT_READ:
      return Progress::want_input;
    case SSL_ERROR_ZERO_RETURN:
      if (!connected) return fail(tls_failure("the server ended the TLS handshake", true));
      end = Progress::closed;
      bytes.drop_input();
      return end;
    default:
      return fail_by_openssl();
  }
}

/// True where OpenSSL cannot give a byte: asking it all the same costs as much as a small record.
bool TlsEngine::State::dry() const noexcept {
  return !bytes.has_input() && SSL_pending(ssl.get()) == 0;
}

void TlsEngine::State::start() {
  started = true;
  const SslSessionHandle session = sessions->take(peer.origin);
  if (session && SSL_set_session(ssl.get(), session.get()) != 1) clear_errors();
}

TlsEngine::Progress TlsEngine::State::finish_handshake() {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl.get(), &name, &size);
  const std::string_view chosen(reinterpret_cast<const char*>(name), size);
  // OpenSSL before 3.0.15 takes any answer.
  if (!chosen.empty() && chosen != offered_protocol) {
    return fail(tls_failure("the server chose a protocol by ALPN that was not offered", true));
  }
  connected = true;
  return Progress::done;
}

TlsEngine::TlsEngine(std::shared_ptr<TlsContext> context, std::string_view host, std::uint16_t port)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.context = std::move(context);
  state.sessions = &state.context->state_->sessions;
  state.peer.host = bare_host(host);
  state.peer.origin = std::string(host) + ':' + std::to_string(port);
  state.peer.sessions = state.sessions;
  clear_errors();
  state.ssl.reset(SSL_new(state.context->state_->ssl.get()));
  BIO* bio = state.ssl ? new_tls_bio(state.bytes) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  SSL_set_bio(state.ssl.get(), bio, bio);
  SSL_set_app_data(state.ssl.get(), &state.peer);
  SSL_set_connect_state(state.ssl.get());
  if (!expect_host(state.ssl.get(), state.peer.host)) {
    clear_errors();
    state.fail(tls_failure("no certificate can be for this host name", true));
  }
}

TlsEngine::~TlsEngine() = default;

TlsEngine::TlsEngine(TlsEngine&&) noexcept = default;
TlsEngine& TlsEngine::operator=(TlsEngine&&) noexcept = default;

TlsEngine::Progress TlsEngine::handshake() {
  State& state = *state_;
  if (state.ended()) return state.end;
  if (state.connected) return Progress::done;
  clear_errors();
  if (!state.started) state.start();
  if (SSL_do_handshake(state.ssl.get()) == 1) return state.finish_handshake();
  return state.stopped();
}

void TlsEngine::receive(std::string_view ciphertext) {
  if (!state_->ended()) state_->bytes.feed(ciphertext);
}

TlsEngine::Progress TlsEngine::read(char* to, std::size_t size, std::size_t& got) {
  State& state = *state_;
  got = 0;
  if (state.ended()) return state.end;
  clear_errors();
  while (got < size) {
    if (state.dry()) break;
    std::size_t count = 0;
    if (SSL_read_ex(state.ssl.get(), to + got, size - got, &count) != 1) {
      const Progress progress = state.stopped();
      return got > 0 ? Progress::done : progress;
    }
    got += count;
  }
  return got > 0 || size == 0 ? Progress::done : Progress::want_input;
}

TlsEngine::Progress TlsEngine::read(std::string_view ciphertext, char* to, std::size_t size,
                                    std::size_t& got) {
  State& state = *state_;
  if (!state.ended()) state.bytes.lend(ciphertext);
  const Progress progress = read(to, size, got);
  state.bytes.keep_lent();
  return progress;
}

bool TlsEngine::quiet() const noexcept { return !state_->ended() && state_->dry(); }

bool TlsEngine::write(std::string_view plaintext) {
  State& state = *state_;
  if (state.end == Progress::failed) return false;
  clear_errors();
  std::string& output = state.bytes.output();
  const std::size_t records = plaintext.size() / record_plaintext + 1;
  output.reserve(output.size() + plaintext.size() + records * record_overhead);
  while (!plaintext.empty()) {
    std::size_t count = 0;
    const std::size_t size = std::min(plaintext.size(), most_at_once);
    if (SSL_write_ex(state.ssl.get(), plaintext.data(), size, &count) != 1) {
      state.fail_by_openssl();
      return false;
    }
    plaintext.remove_prefix(count);
  }
  return true;
}

void TlsEngine::release_memory() noexcept { state_->bytes.release_large(); }

void TlsEngine::shutdown() {
  State& state = *state_;
  if (!state.connected || state.end == Progress::failed) return;
  clear_errors();
  if (SSL_shutdown(state.ssl.get()) < 0) clear_errors();
}

void TlsEngine::peer_vanished() {
  State& state = *state_;
  if (state.ended()) return;
  if (state.connected) {
    const char* text = "the server closed the connection without ending TLS";
    state.fail(detail::Failure(ErrorCode::connection_closed, Phase::body, text));
    return;
  }
  std::string text = describe_non_tls(state.bytes.first_bytes());
  if (text.empty()) text = "the server closed the connection in the TLS handshake";
  state.fail(tls_failure(std::move(text), true));
}

std::string& TlsEngine::pending_output() noexcept { return state_->bytes.output(); }

const detail::Failure& TlsEngine::failure() const noexcept { return state_->failure; }

std::string_view TlsEngine::negotiated_protocol() const noexcept {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(state_->ssl.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

bool TlsEngine::resumed() const noexcept {
  return state_->connected && SSL_session_reused(state_->ssl.get()) == 1;
}

}  // namespace reqivo::native
