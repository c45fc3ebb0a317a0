#include "native/tls_sessions.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace reqivo::native {

namespace {

bool usable(const SSL_SESSION* session) {
  const long age = static_cast<long>(std::time(nullptr)) - SSL_SESSION_get_time(session);
  const auto promised = static_cast<long>(SSL_SESSION_get_ticket_lifetime_hint(session));
  const long own = SSL_SESSION_get_timeout(session);
  const long lifetime = promised > 0 ? std::min(promised, own) : own;
  return SSL_SESSION_is_resumable(session) == 1 && age < lifetime;
}

}  // namespace

void TlsSessions::add(std::string_view origin, SslSessionHandle session) {
  const auto same = [&](const Entry& entry) { return entry.origin == origin; };
  const auto held = std::count_if(entries_.begin(), entries_.end(), same);
  if (static_cast<std::size_t>(held) >= most_per_origin) {
    entries_.erase(std::find_if(entries_.begin(), entries_.end(), same));
  }
  if (entries_.size() >= most_in_all) entries_.erase(entries_.begin());
  entries_.push_back(Entry{std::string(origin), std::move(session)});
}

SslSessionHandle TlsSessions::take(std::string_view origin) {
  for (std::size_t index = entries_.size(); index-- > 0;) {
    Entry& entry = entries_[index];
    if (entry.origin != origin) continue;
    const bool good = usable(entry.session.get());
    if (good && SSL_SESSION_get_protocol_version(entry.session.get()) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(entry.session.get());
      return SslSessionHandle(entry.session.get());
    }
    SslSessionHandle session = std::move(entry.session);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    if (good) return session;
  }
  return nullptr;
}

}  // namespace reqivo::native
