#include "native/tls_bytes.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "native/openssl_handles.hpp"

using reqivo::native::BioHandle;
using reqivo::native::new_tls_bio;
using reqivo::native::TlsBytes;

namespace {

std::string take(TlsBytes& bytes, std::size_t size) {
  std::string text(size, '\0');
  text.resize(bytes.take(text.data(), size));
  return text;
}

}  // namespace

TEST_CASE("ciphertext comes out in order, however it is fed and taken") {
  for (const std::size_t step : {1U, 2U, 3U, 5U, 9U}) {
    INFO("step " << step);
    TlsBytes bytes;
    std::string fed;
    std::string taken;
    for (int round = 0; round < 200; ++round) {
      const std::string text = std::to_string(round * 7919);
      bytes.feed(text);
      fed += text;
      taken += take(bytes, step);
    }
    taken += take(bytes, fed.size());
    CHECK(taken == fed);
    CHECK(take(bytes, 1).empty());
  }
}

TEST_CASE("lent ciphertext comes after what was fed, and what is left of it is kept") {
  TlsBytes bytes;
  bytes.feed("fed ");
  std::string lent = "lent one";
  bytes.lend(lent);
  CHECK(bytes.has_input());
  CHECK(take(bytes, 2) == "fe");
  CHECK(take(bytes, 100) == "d ");
  CHECK(take(bytes, 5) == "lent ");
  bytes.keep_lent();
  lent.assign(lent.size(), '-');  // its owner's again
  CHECK(bytes.has_input());
  bytes.lend(" two");
  CHECK(take(bytes, 100) == "one");
  CHECK(take(bytes, 100) == " two");
  CHECK_FALSE(bytes.has_input());
  bytes.keep_lent();
  CHECK_FALSE(bytes.has_input());
  bytes.lend("dropped");
  bytes.drop_input();
  CHECK_FALSE(bytes.has_input());
}

TEST_CASE("the first five bytes are remembered") {
  TlsBytes bytes;
  bytes.feed("HT");
  CHECK(bytes.first_bytes() == "HT");
  bytes.feed("TP/1.1");
  take(bytes, 100);
  bytes.feed("more");
  CHECK(bytes.first_bytes() == "HTTP/");
  TlsBytes lent;
  lent.lend("SSH-2.0");
  CHECK(lent.first_bytes() == "SSH-2");
}

TEST_CASE("the BIO reads the input, writes the output, and asks to try again when dry") {
  TlsBytes bytes;
  const BioHandle bio(new_tls_bio(bytes));
  REQUIRE(bio != nullptr);
  std::array<char, 8> buffer{};
  CHECK(BIO_read(bio.get(), buffer.data(), 8) <= 0);
  CHECK(BIO_should_retry(bio.get()));
  bytes.feed("abc");
  CHECK(BIO_read(bio.get(), buffer.data(), 8) == 3);
  CHECK(BIO_write(bio.get(), "out", 3) == 3);
  CHECK(BIO_write(bio.get(), "put", 3) == 3);
  CHECK(BIO_flush(bio.get()) == 1);
  CHECK(bytes.output() == "output");
}

TEST_CASE("dropped input is gone") {
  TlsBytes bytes;
  bytes.feed("abcdef");
  CHECK(take(bytes, 2) == "ab");
  bytes.drop_input();
  bytes.release_large();
  CHECK(take(bytes, 10).empty());
  bytes.feed("xyz");
  CHECK(take(bytes, 10) == "xyz");
}
