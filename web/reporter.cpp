#include "reporter.hpp"

#include <charconv>
#include <reqivo/request.hpp>
#include <utility>

namespace {

/// A frame of the screen.
constexpr auto interval = std::chrono::milliseconds(16);

}  // namespace

reqivo::AsyncSession Reporter::watch(reqivo::AsyncSession session) const {
  session.on_request([page = page_](reqivo::Request&) { page.call<void>("request"); });
  return session;
}

void Reporter::line(const std::string& text) const { page_.call<void>("line", text); }

void Reporter::caught(const reqivo::Error& error) const {
  emscripten::val told = emscripten::val::object();
  told.set("code", std::string(to_string(error.code())));
  told.set("phase", std::string(to_string(error.phase())));
  told.set("message", std::string(error.what()));
  const auto* of_request = dynamic_cast<const reqivo::RequestError*>(&error);
  if (of_request != nullptr) told.set("url", of_request->url());
  page_.call<void>("caught", told);
}

void Reporter::expected_bytes(std::optional<std::string_view> content_length) const {
  if (!content_length) return;
  std::size_t bytes = 0;
  const char* end = content_length->data() + content_length->size();
  const auto [stop, problem] = std::from_chars(content_length->data(), end, bytes);
  if (problem == std::errc() && stop == end) page_.call<void>("expected", bytes);
}

void Reporter::received(std::string_view chunk) {
  bytes_ += chunk.size();
  ++chunks_;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval;
  page_.call<void>("received", bytes_, chunks_);
}
