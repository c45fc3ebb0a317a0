// libcurl's multi interface, driven in the two ways that it offers: by curl_multi_poll, and by its
// socket callbacks from an epoll loop. Easy handles are kept and reused, so are their connections.
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "client.hpp"

namespace reqivo::bench {

namespace {

void check(CURLcode code, const char* what) {
  if (code != CURLE_OK) throw std::runtime_error(std::string(what) + curl_easy_strerror(code));
}

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
}

// Sets up libcurl once; a client's first member, so that it is there before the handles.
struct GlobalState {
  GlobalState() { check(curl_global_init(CURL_GLOBAL_DEFAULT), "curl_global_init: "); }
  GlobalState(const GlobalState&) = delete;
  GlobalState& operator=(const GlobalState&) = delete;
  ~GlobalState() { curl_global_cleanup(); }
};

// One easy handle and the body that it receives.
class Transfer {
 public:
  explicit Transfer(const Target& target) : easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw std::runtime_error("curl_easy_init failed");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::receive);
    set(CURLOPT_WRITEDATA, this);
    if (target.tls) set(CURLOPT_CAINFO, target.ca_file.c_str());
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() { curl_easy_cleanup(easy_); }

  void reset(bool keep_body) {
    keeps_body_ = keep_body;
    body_size_ = 0;
    body_.clear();
    // The largest buffer that it takes pays for a long body; for a short one its own is right.
    set(CURLOPT_BUFFERSIZE, keep_body ? 16384L : 524288L);
  }

  void set_url(const std::string& url) { set(CURLOPT_URL, url.c_str()); }

  [[nodiscard]] CURL* easy() const { return easy_; }
  [[nodiscard]] std::uint64_t body_size() const { return body_size_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    check(curl_easy_setopt(easy_, option, value), "curl_easy_setopt: ");
  }

  static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.body_size_ += size * count;
    if (transfer.keeps_body_) transfer.body_.append(bytes, size * count);
    return size * count;
  }

  CURL* easy_;
  bool keeps_body_ = true;
  std::uint64_t body_size_ = 0;
  std::string body_;
};

// Everything but how it waits for the sockets.
class CurlClient : public Client {
 public:
  explicit CurlClient(const Target& target) : target_(target), multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::runtime_error("curl_multi_init failed");
    for (std::size_t i = 0; i < target.requests_in_flight; ++i) {
      transfers_.push_back(std::make_unique<Transfer>(target));
    }
    const auto connections = static_cast<long>(target.requests_in_flight);
    check(curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections));
    check(curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING));
  }
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  ~CurlClient() override {
    transfers_.clear();
    curl_multi_cleanup(multi_);
  }

  std::uint64_t run_requests(std::string_view path, std::uint64_t count) override {
    return run(path, count, true);
  }

  std::uint64_t stream(std::string_view path) override { return run(path, 1, false); }

  std::string fetch(std::string_view path) override {
    run(path, 1, true);
    return transfers_.front()->body();
  }

 protected:
  // Lets libcurl work until no transfer is under way; calls finish_transfers whenever one may be
  // done.
  virtual void drive() = 0;

  void finish_transfers() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
  }

  [[nodiscard]] CURLM* multi() const { return multi_; }
  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  std::uint64_t run(std::string_view path, std::uint64_t count, bool keep_body) {
    for (const auto& transfer : transfers_) transfer->set_url(target_.url(path));
    unstarted_ = count;
    body_bytes_ = 0;
    keeps_body_ = keep_body;
    for (const auto& transfer : transfers_) start_next(*transfer);
    drive();
    return body_bytes_;
  }

  void start_next(Transfer& transfer) {
    if (unstarted_ == 0) return;
    --unstarted_;
    ++under_way_;
    transfer.reset(keeps_body_);
    check(curl_multi_add_handle(multi_, transfer.easy()));
  }

  void finish(CURL* easy, CURLcode result) {
    check(result, "transfer: ");
    Transfer* transfer = nullptr;
    check(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer), "curl_easy_getinfo: ");
    check(curl_multi_remove_handle(multi_, easy));
    --under_way_;
    body_bytes_ += transfer->body_size();
    start_next(*transfer);
  }

  GlobalState global_state_;
  Target target_;
  CURLM* multi_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::uint64_t unstarted_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t body_bytes_ = 0;
  bool keeps_body_ = true;
};

class CurlPollClient : public CurlClient {
 public:
  using CurlClient::CurlClient;

 private:
  void drive() override {
    while (under_way() > 0) {
      int running = 0;
      check(curl_multi_perform(multi(), &running));
      finish_transfers();
      if (running > 0) check(curl_multi_poll(multi(), nullptr, 0, 1000, nullptr));
    }
  }
};

class CurlEpollClient : public CurlClient {
 public:
  explicit CurlEpollClient(const Target& target)
      : CurlClient(target), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    check(curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, &CurlEpollClient::watch));
    check(curl_multi_setopt(multi(), CURLMOPT_SOCKETDATA, this));
    check(curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, &CurlEpollClient::set_timeout));
    check(curl_multi_setopt(multi(), CURLMOPT_TIMERDATA, this));
  }
  CurlEpollClient(const CurlEpollClient&) = delete;
  CurlEpollClient& operator=(const CurlEpollClient&) = delete;

  ~CurlEpollClient() override {
    // The base closes the connections, which must not call back into a destroyed object.
    curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, nullptr);
    ::close(epoll_);
  }

 private:
  void drive() override {
    while (under_way() > 0) {
      if (timeout_ == 0) {
        timeout_ = -1;
        act(CURL_SOCKET_TIMEOUT, 0);
      } else {
        wait_once();
      }
      finish_transfers();
    }
  }

  void wait_once() {
    const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                                   static_cast<int>(std::min(timeout_, 1000L)));
    if (count == 0) act(CURL_SOCKET_TIMEOUT, 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      int ready = 0;
      if ((event.events & EPOLLIN) != 0) ready |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0) ready |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) ready |= CURL_CSELECT_ERR;
      act(event.data.fd, ready);
    }
  }

  void act(curl_socket_t socket, int ready) {
    int running = 0;
    check(curl_multi_socket_action(multi(), socket, ready, &running));
  }

  static int watch(CURL*, curl_socket_t socket, int wanted, void* self, void* known) {
    auto& client = *static_cast<CurlEpollClient*>(self);
    epoll_event event{};
    event.data.fd = socket;
    if ((wanted & CURL_POLL_REMOVE) == CURL_POLL_REMOVE) {
      return ::epoll_ctl(client.epoll_, EPOLL_CTL_DEL, socket, &event) == 0 ? 0 : -1;
    }
    if ((wanted & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((wanted & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    const int operation = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    curl_multi_assign(client.multi(), socket, self);
    return ::epoll_ctl(client.epoll_, operation, socket, &event) == 0 ? 0 : -1;
  }

  static int set_timeout(CURLM*, long milliseconds, void* self) {
    static_cast<CurlEpollClient*>(self)->timeout_ = milliseconds;
    return 0;
  }

  int epoll_;
  long timeout_ = -1;  // Milliseconds, -1: none.
  std::array<epoll_event, 256> events_{};
};

template <class Kind>
std::unique_ptr<Client> make(const Target& target) {
  return std::make_unique<Kind>(target);
}

const ClientRegistration poll_registration("curl-poll", &make<CurlPollClient>);
const ClientRegistration epoll_registration("curl-epoll", &make<CurlEpollClient>);

}  // namespace

}  // namespace reqivo::bench
