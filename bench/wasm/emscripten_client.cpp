// Emscripten's own fetch API behind the same functions; they end by calling `done` or `failed`.
#include <emscripten/bind.h>
#include <emscripten/fetch.h>
#include <emscripten/heap.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace {

using emscripten::val;

/// The requests of one call. It goes with the last of them.
class Batch {
 public:
  Batch(std::string url, std::uint32_t attributes, int requests, val done, val failed)
      : url_(std::move(url)),
        attributes_(attributes),
        remaining_(requests),
        done_(std::move(done)),
        failed_(std::move(failed)) {}

  static void start(std::unique_ptr<Batch> batch, int in_flight) {
    Batch* const started = batch.release();
    for (int i = 0; i < in_flight; ++i) started->fetch_next();
  }

 private:
  static Batch& of(const emscripten_fetch_t* fetch) {
    return *static_cast<Batch*>(fetch->userData);
  }

  static void on_progress(emscripten_fetch_t* fetch) {
    Batch& batch = of(fetch);
    if (batch.is_streamed()) batch.body_bytes_ += static_cast<double>(fetch->numBytes);
  }

  static void on_end(emscripten_fetch_t* fetch) {
    Batch& batch = of(fetch);
    if (!batch.is_streamed()) batch.body_bytes_ += static_cast<double>(fetch->numBytes);
    if (fetch->status != 200) batch.has_failed_ = true;
    emscripten_fetch_close(fetch);
    --batch.in_flight_;
    if (batch.remaining_ > 0) {
      batch.fetch_next();
    } else if (batch.in_flight_ == 0) {
      finish(std::unique_ptr<Batch>(&batch));
    }
  }

  static void finish(std::unique_ptr<Batch> batch) {
    if (batch->has_failed_) {
      batch->failed_(val("a request has failed"));
    } else {
      batch->done_(val(batch->body_bytes_));
    }
  }

  [[nodiscard]] bool is_streamed() const {
    return (attributes_ & EMSCRIPTEN_FETCH_STREAM_DATA) != 0;
  }

  void fetch_next() {
    if (remaining_ == 0) return;
    --remaining_;
    ++in_flight_;
    emscripten_fetch_attr_t settings;
    emscripten_fetch_attr_init(&settings);
    settings.attributes = attributes_;
    settings.userData = this;
    settings.onsuccess = on_end;
    settings.onerror = on_end;
    if (is_streamed()) settings.onprogress = on_progress;
    emscripten_fetch(&settings, url_.c_str());
  }

  std::string url_;
  std::uint32_t attributes_;
  int remaining_;
  int in_flight_ = 0;
  double body_bytes_ = 0;
  bool has_failed_ = false;
  val done_;
  val failed_;
};

void get(std::string url, int requests, int in_flight, val done, val failed) {
  Batch::start(std::make_unique<Batch>(std::move(url), EMSCRIPTEN_FETCH_LOAD_TO_MEMORY, requests,
                                       std::move(done), std::move(failed)),
               in_flight);
}

void stream(std::string url, val done, val failed) {
  constexpr std::uint32_t attributes =
      EMSCRIPTEN_FETCH_LOAD_TO_MEMORY | EMSCRIPTEN_FETCH_STREAM_DATA;
  Batch::start(
      std::make_unique<Batch>(std::move(url), attributes, 1, std::move(done), std::move(failed)),
      1);
}

std::size_t memory_bytes() { return emscripten_get_heap_size(); }

}  // namespace

EMSCRIPTEN_BINDINGS(emscripten_client) {
  emscripten::function("get", get);
  emscripten::function("stream", stream);
  emscripten::function("memory_bytes", memory_bytes);
}
