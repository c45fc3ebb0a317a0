// The yardstick: the straightforward loop of a programmer who needs nothing but these requests.
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "byte_stream.hpp"
#include "client.hpp"
#include "response_parser.hpp"

namespace reqivo::bench {

namespace {

constexpr std::size_t read_buffer_size = 128 * 1024;

// One keep-alive connection with at most one request under way.
class Connection {
 public:
  explicit Connection(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  void start(std::string_view request, ResponseParser::Body body) {
    parser_.reset(body);
    unsent_ = request;
    write();
  }

  void write() {
    if (unsent_.empty()) return;
    unsent_.remove_prefix(stream_->write(unsent_).bytes);
  }

  // Returns whether this made the response complete. TLS can wake a connection without bytes for
  // it.
  bool read(std::span<char> buffer) {
    Progress progress;
    do {
      progress = stream_->read(buffer);
      const std::string_view bytes(buffer.data(), progress.bytes);
      if (parser_.feed(bytes) != bytes.size()) throw std::runtime_error("bytes after a response");
    } while (progress.more_at_hand && !parser_.complete());
    if (parser_.complete() && parser_.status() != 200) throw std::runtime_error("not a 200");
    return progress.bytes > 0 && parser_.complete();
  }

  [[nodiscard]] bool is_writing() const { return !unsent_.empty(); }
  [[nodiscard]] int socket() const { return stream_->socket(); }
  [[nodiscard]] const ResponseParser& response() const { return parser_; }

 private:
  std::unique_ptr<ByteStream> stream_;
  ResponseParser parser_;
  std::string_view unsent_;
};

class EpollClient : public Client {
 public:
  explicit EpollClient(const Target& target)
      : target_(target),
        connector_(target),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        buffer_(read_buffer_size) {
    if (epoll_.get() < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }

  std::uint64_t run_requests(std::string_view path, std::uint64_t count) override {
    return run(path, count, ResponseParser::Body::keep);
  }

  std::uint64_t stream(std::string_view path) override {
    return run(path, 1, ResponseParser::Body::drop);
  }

  std::string fetch(std::string_view path) override {
    run(path, 1, ResponseParser::Body::keep);
    return connections_.front()->response().body();
  }

 private:
  std::uint64_t run(std::string_view path, std::uint64_t count, ResponseParser::Body body) {
    open_connections();
    request_ = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + target_.host + ":" +
               std::to_string(target_.port) + "\r\n\r\n";
    body_ = body;
    unstarted_ = count;
    unfinished_ = count;
    body_bytes_ = 0;
    for (const auto& connection : connections_) start_next(*connection);
    while (unfinished_ > 0) wait_once();
    return body_bytes_;
  }

  void open_connections() {
    while (connections_.size() < target_.requests_in_flight) {
      connections_.push_back(std::make_unique<Connection>(connector_.connect()));
      watch(*connections_.back(), EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void watch(Connection& connection, int operation, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    if (::epoll_ctl(epoll_.get(), operation, connection.socket(), &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
  }

  void start_next(Connection& connection) {
    if (unstarted_ == 0) return;
    --unstarted_;
    connection.start(request_, body_);
    if (connection.is_writing()) watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }

  void wait_once() {
    const int count =
        ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
    if (count < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "epoll_wait");
    }
    for (int i = 0; i < count; ++i) handle(events_[static_cast<std::size_t>(i)]);
  }

  void handle(const epoll_event& event) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0) {
      connection.write();
      if (!connection.is_writing()) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    if (!connection.read(buffer_)) return;
    --unfinished_;
    body_bytes_ += connection.response().body_size();
    start_next(connection);
  }

  Target target_;
  Connector connector_;
  std::string request_;
  FileDescriptor epoll_;
  std::vector<char> buffer_;  // Shared: what one read brings is parsed before the next one.
  std::array<epoll_event, 256> events_{};
  std::vector<std::unique_ptr<Connection>> connections_;
  ResponseParser::Body body_ = ResponseParser::Body::keep;
  std::uint64_t unstarted_ = 0;
  std::uint64_t unfinished_ = 0;
  std::uint64_t body_bytes_ = 0;
};

const ClientRegistration registration("epoll", [](const Target& target) -> std::unique_ptr<Client> {
  return std::make_unique<EpollClient>(target);
});

}  // namespace

}  // namespace reqivo::bench
