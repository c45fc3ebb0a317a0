#include "native/byte_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <string>
#include <string_view>

namespace reqivo::test {

using native::ByteBuffer;

TEST_CASE("a byte buffer holds what was appended, however it grew") {
  ByteBuffer buffer;
  CHECK(buffer.view().empty());
  std::string expected;
  for (std::size_t size = 0; size < 5000; size = size * 2 + 1) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    buffer.append(part);
    std::memcpy(buffer.extend(2), "\r\n", 2);
    expected += part + "\r\n";
    CHECK(buffer.view() == expected);
  }
}

TEST_CASE("a byte buffer that was cleared uses its memory again, unless that is large") {
  ByteBuffer buffer;
  buffer.append("a small one");
  const char* const memory = buffer.view().data();
  buffer.clear();
  CHECK(buffer.view().empty());
  buffer.append("another");
  CHECK(buffer.view() == "another");
  CHECK(buffer.view().data() == memory);

  buffer.append(std::string(100000, 'x'));
  buffer.clear();
  CHECK(buffer.view().data() == nullptr);
  buffer.append("small again");
  CHECK(buffer.view() == "small again");
}

}  // namespace reqivo::test
