#include "support/test_server.hpp"

#include <algorithm>
#include <cstdlib>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;

TestServer from_environment() {
  const char* const ready_line = std::getenv("REQIVO_TEST_SERVER");
  if (ready_line == nullptr) {
    throw std::runtime_error(
        "REQIVO_TEST_SERVER is not set: run by node tests/server/main.mjs --run");
  }
  return TestServer(ready_line);
}

TagRecord record_of(const nlohmann::json& answer) {
  TagRecord record;
  answer.at("started").get_to(record.started);
  answer.at("finished").get_to(record.finished);
  answer.at("aborted").get_to(record.aborted);
  answer.at("bytes_written").get_to(record.bytes_written);
  answer.at("closed").get_to(record.closed);
  return record;
}

Task<TagRecord> ask_control(std::string path) {
  AsyncSession session(test_server().http());
  const Response answer = co_await session.get(path).timeout(20s);
  answer.raise_for_status();
  co_return record_of(answer.json());
}

}  // namespace

TestServer::TestServer(const std::string& ready_line) {
  const nlohmann::json ready = nlohmann::json::parse(ready_line);
  ready.at("http").get_to(http_);
  ready.at("https").get_to(https_);
  ready.at("other_origin").get_to(other_origin_);
  ready.at("raw").get_to(raw_);
  ready.at("ca_file").get_to(ca_file_);
  closed_ = "http://127.0.0.1:" + std::to_string(ready.at("closed_port").get<int>());
}

std::string TestServer::silent_https(std::string_view path) const {
  // The plain raw listener waits for the end of a request, which a TLS greeting is not.
  return at("https" + raw_.substr(raw_.find(':')), path);
}

const TestServer& test_server() {
  static const TestServer server = from_environment();
  return server;
}

RawScript& RawScript::send(std::string_view bytes, int times) {
  return step(R"({"send64":")" + base64(bytes) + R"(","times":)" + std::to_string(times) + "}");
}

RawScript& RawScript::answer(std::string_view status_line, std::string_view fields,
                             std::string_view body) {
  std::string bytes(status_line);
  bytes.append("\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n");
  bytes.append(fields).append("\r\n").append(body);
  return send(bytes);
}

RawScript& RawScript::wait(std::chrono::milliseconds time) {
  return step(R"({"wait":)" + std::to_string(time.count()) + "}");
}

RawScript& RawScript::stall() { return step(R"({"stall":true})"); }

RawScript& RawScript::close() { return step(R"({"close":true})"); }

RawScript& RawScript::reset() {
  return wait(std::chrono::milliseconds(50)).step(R"({"close":true,"reset":true})");
}

RawScript& RawScript::step(std::string json) {
  if (!steps_.empty()) steps_ += ',';
  steps_ += json;
  return *this;
}

std::string RawScript::url() const {
  std::string coded = base64("[" + steps_ + "]");
  std::replace(coded.begin(), coded.end(), '+', '-');
  std::replace(coded.begin(), coded.end(), '/', '_');
  coded.erase(std::find(coded.begin(), coded.end(), '='), coded.end());
  return test_server().raw("/raw?script=" + coded);
}

std::string unique_tag() {
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count();
  static int last = 0;
  return "t" + std::to_string(run) + "-" + std::to_string(++last);
}

std::string tagged(std::string_view path, std::string_view tag) {
  std::string target(path);
  target += target.find('?') == std::string::npos ? '?' : '&';
  return target.append("tag=").append(tag);
}

Task<TagRecord> tag_record(std::string tag) { return ask_control("/control/tag/" + tag); }

Task<TagRecord> wait_started(std::string tag, int count) {
  for (;;) {
    const TagRecord record = co_await tag_record(tag);
    if (record.started >= count) co_return record;
    co_await sleep(5ms);
  }
}

Task<TagRecord> wait_closed(std::string tag) {
  return ask_control("/control/wait-closed?timeout=10000&tag=" + tag);
}

std::string seeded_bytes(std::size_t count, std::uint32_t seed) {
  std::string bytes(count, '\0');
  std::uint32_t state = seed;
  for (char& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte_at = [bytes](std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
  };
  std::string coded;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t three = byte_at(at) << 16 | byte_at(at + 1) << 8 | byte_at(at + 2);
    coded += letters[three >> 18];
    coded += letters[three >> 12 & 63];
    coded += at + 1 < bytes.size() ? letters[three >> 6 & 63] : '=';
    coded += at + 2 < bytes.size() ? letters[three & 63] : '=';
  }
  return coded;
}

}  // namespace reqivo::test
