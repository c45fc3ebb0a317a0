// Bodies that lie above 2 GiB, where an address is negative for JavaScript: what is sent is what is
// there.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <reqivo/reqivo.hpp>
#include <string>

namespace {

constexpr std::size_t block_size = std::size_t{16} << 20;

bool is_high(const void* place) {
  constexpr std::uintptr_t middle = 0x8000'0000;
  return reinterpret_cast<std::uintptr_t>(place) > middle;
}

/// Takes memory, without touching it, until what comes next is above 2 GiB.
bool fill_lower_half() {
  while (void* const block = std::malloc(block_size)) {
    if (is_high(block)) return true;
  }
  return false;
}

/// A body of the letter, which is of no use to this test anywhere else.
std::string high_body(char letter) {
  std::string body(200'000, letter);
  if (!is_high(body.data())) std::abort();
  return body;
}

reqivo::Generator<std::string> pieces() {
  for (const char letter : {'a', 'b'}) {
    std::string piece = high_body(letter);
    co_yield std::move(piece);
  }
}

/// The body that the server got, in short; it sends back what it is sent.
void print(const char* name, const reqivo::Response& response) {
  const std::string& body = response.body();
  const std::size_t as = body.find_first_not_of('a');
  std::printf("%s %zu %zu\n", name, body.size(), as);
}

reqivo::Task<int> program(const char* url) {
  if (!fill_lower_half()) co_return 1;
  reqivo::AsyncSession session(url);
  const reqivo::Response streamed = co_await session.post("/").body(pieces());
  print("streamed", streamed);
  std::string whole = high_body('a');
  const reqivo::Response sent = co_await session.post("/").body(std::move(whole));
  print("whole", sent);
  co_return 0;
}

}  // namespace

int main(int, char** arguments) { return reqivo::run_main(program(arguments[1])); }
