// Streaming without coroutines: a body in chunks of 256 bytes, each handed out as it arrives.
#include <cstdio>
#include <reqivo/reqivo.hpp>
#include <string>

int main(int argc, char** argv) {
  try {
    reqivo::Session session(argc > 1 ? argv[1] : "https://httpbin.org");
    auto stream = session.get("/stream-bytes/1000").stream();  // the head is here, the body is not
    stream.raise_for_status();

    std::size_t total = 0;
    for (const std::string& chunk : stream.iter_content(256)) {
      std::printf("chunk of %zu bytes\n", chunk.size());
      total += chunk.size();
    }
    std::printf("total: %zu bytes\n", total);
    return 0;
  } catch (const reqivo::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
