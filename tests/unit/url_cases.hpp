// What the URL Standard makes of odd input. Strings only, so that any parser can be held against
// the tables.
#pragma once

#include <string_view>

namespace url_cases {

/// In place of a result: the parser must refuse the input.
inline constexpr std::string_view refused;

/// What a browser's own parser makes of an input in place of what the standard says.
struct Deviation {
  std::string_view target;
  std::string_view input;
  std::string_view href;
};

// clang-format off
inline constexpr Deviation deviations[] = {
    {"chromium", "http://example.com/\"<>`{}|[]", "http://example.com/%22%3C%3E%60%7B%7D%7C[]"},
    {"chromium", "http://a*b!$&()+,;=~", "http://a%2Ab!$&()+,;=~/"},
    {"firefox", "http://0x", refused},
    {"firefox", "http://a*b!$&()+,;=~", refused},
};
// clang-format on

/// `href`, which the standard gives for `input`, or what `target` makes of it.
constexpr std::string_view expected(std::string_view target, std::string_view input,
                                    std::string_view href) {
  for (const Deviation& one : deviations) {
    if (one.target == target && one.input == input) return one.href;
  }
  return href;
}

struct AbsoluteCase {
  std::string_view input;
  std::string_view href;
};

// clang-format off
inline constexpr AbsoluteCase absolute[] = {
    // schemes and ports
    {"http://example.com", "http://example.com/"},
    {"HTTP://EXAMPLE.com/Path", "http://example.com/Path"},
    {"http://example.com:80/", "http://example.com/"},
    {"https://example.com:443", "https://example.com/"},
    {"https://example.com:80", "https://example.com:80/"},
    {"http://example.com:0", "http://example.com:0/"},
    {"http://example.com:65535", "http://example.com:65535/"},
    {"http://example.com:65536", refused},
    {"http://example.com:", "http://example.com/"},
    {"http://example.com:abc", refused},
    {"http://example.com:-1", refused},
    {"http://example.com:00080/", "http://example.com/"},
    {"http://example.com: 80/", refused},
    {"http://example.com:8 0/", refused},
    // slashes, white space and percent-encoding
    {"http:example.com", "http://example.com/"},
    {"http:/example.com", "http://example.com/"},
    {"http:///example.com", "http://example.com/"},
    {"http:\\\\example.com\\a\\b?c\\d#e\\f", "http://example.com/a/b?c\\d#e\\f"},
    {"http:/\\/example.com", "http://example.com/"},
    {"http://a\\b", "http://a/b"},
    {"  http://example.com/ \n", "http://example.com/"},
    {"\001http://example.com/\037", "http://example.com/"},
    {"ht\ntp://exa\tmple.com/a\r\nb", "http://example.com/ab"},
    {"http://example.com/a b c", "http://example.com/a%20b%20c"},
    {"http://example.com/?a b", "http://example.com/?a%20b"},
    {"http://example.com/#a b", "http://example.com/#a%20b"},
    {"http://exa mple.com", refused},
    {"http://example.com/a%20b", "http://example.com/a%20b"},
    {"http://example.com/%zz%", "http://example.com/%zz%"},
    {"http://example.com/\"<>`{}|[]", "http://example.com/%22%3C%3E%60%7B%7D|[]"},
    {"http://example.com/?\"<>'`{}|^", "http://example.com/?%22%3C%3E%27`{}|^"},
    {"http://example.com/#\"<>`{}", "http://example.com/#%22%3C%3E%60{}"},
    {"http://example.com/~!$&'()*+,;=:@", "http://example.com/~!$&'()*+,;=:@"},
    // empty queries and fragments
    {"http://example.com?", "http://example.com/?"},
    {"http://example.com#", "http://example.com/#"},
    {"http://example.com/?#", "http://example.com/?#"},
    {"http://example.com?x", "http://example.com/?x"},
    {"http://example.com#x?y", "http://example.com/#x?y"},
    // dot segments
    {"http://example.com/a/./b/../c", "http://example.com/a/c"},
    {"http://example.com/..", "http://example.com/"},
    {"http://example.com/a/..", "http://example.com/"},
    {"http://example.com/a/../..", "http://example.com/"},
    {"http://example.com/a/.", "http://example.com/a/"},
    {"http://example.com/%2e/%2E%2e/b", "http://example.com/b"},
    {"http://example.com/.%2e", "http://example.com/"},
    {"http://example.com//a//b", "http://example.com//a//b"},
    {"http://example.com/a/...", "http://example.com/a/..."},
    {"http://example.com/a/.b", "http://example.com/a/.b"},
    {"http://example.com/a\\..\\b", "http://example.com/b"},
    {"http://example.com/?/../x", "http://example.com/?/../x"},
    // user info
    {"http://user@example.com", "http://user@example.com/"},
    {"http://user:@example.com", "http://user@example.com/"},
    {"http://:@example.com", "http://example.com/"},
    {"http://@example.com", "http://example.com/"},
    {"http://:pw@example.com", "http://:pw@example.com/"},
    {"http://user:p@ss@example.com", "http://user:p%40ss@example.com/"},
    {"http://us er:p/w@example.com", refused},
    {"http://u;=[]^|:p:q@example.com", "http://u%3B%3D%5B%5D%5E%7C:p%3Aq@example.com/"},
    {"http://%75ser:%70@example.com/", "http://%75ser:%70@example.com/"},
    {"http://ü:€@example.com", "http://%C3%BC:%E2%82%AC@example.com/"},
    {"http://user:pass@/x", refused},
    {"http://user@:80/", refused},
    // host names
    {"http://bücher.example", "http://xn--bcher-kva.example/"},
    {"http://BÜCHER.example", "http://xn--bcher-kva.example/"},
    {"http://xn--bcher-kva.example", "http://xn--bcher-kva.example/"},
    {"http://faß.example", "http://xn--fa-hia.example/"},
    {"http://例え.テスト", "http://xn--r8jz45g.xn--zckzah/"},
    {"http://☃.net", "http://xn--n3h.net/"},
    {"http://a\u00ADb.example", "http://ab.example/"},
    {"http://ＧＯ.com", "http://go.com/"},
    {"http://example。com", "http://example.com/"},
    {"http://a_b.example", "http://a_b.example/"},
    {"http://-a-.example", "http://-a-.example/"},
    {"http://a..b", "http://a..b/"},
    {"http://.example", "http://.example/"},
    {"http://example.", "http://example./"},
    {"http://example..", "http://example../"},
    {"http://%65xample.com", "http://example.com/"},
    {"http://%E2%98%83.net", "http://xn--n3h.net/"},
    {"http://ex%20ample.com", refused},
    {"http://ex%00.com", refused},
    {"http://ex%zz.com", refused},
    // IPv4 addresses
    {"http://127.0.0.1", "http://127.0.0.1/"},
    {"http://0x7f.0.0.1", "http://127.0.0.1/"},
    {"http://0177.0.0.1", "http://127.0.0.1/"},
    {"http://127.1", "http://127.0.0.1/"},
    {"http://2130706433", "http://127.0.0.1/"},
    {"http://0x7F000001", "http://127.0.0.1/"},
    {"http://127.0.0.1.", "http://127.0.0.1/"},
    {"http://1.2.3", "http://1.2.0.3/"},
    {"http://256.1.1.1", refused},
    {"http://1.2.3.256", refused},
    {"http://4294967296", refused},
    {"http://1.2.3.4.5", refused},
    {"http://0x", "http://0.0.0.0/"},
    {"http://0", "http://0.0.0.0/"},
    {"http://1.2.3.08", refused},
    {"http://09.1", refused},
    {"http://a.1", refused},
    {"http://1.a", "http://1.a/"},
    {"http://1..2", refused},
    {"http://１２７.0.0.1", "http://127.0.0.1/"},
    {"http://0xffffffff", "http://255.255.255.255/"},
    {"http://1.2.65535", "http://1.2.255.255/"},
    {"http://1.2.65536", refused},
    // IPv6 addresses
    {"http://[::1]", "http://[::1]/"},
    {"http://[::1]:80/", "http://[::1]/"},
    {"http://[::1]:8080/", "http://[::1]:8080/"},
    {"http://[0:0:0:0:0:0:0:1]", "http://[::1]/"},
    {"http://[2001:DB8::0:1]", "http://[2001:db8::1]/"},
    {"http://[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]/"},
    {"http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]/"},
    {"http://[1::2::3]", refused},
    {"http://[::1", refused},
    {"http://::1", refused},
    {"http://[::1%25eth0]", refused},
    {"http://[1:2:3:4:5:6:7:8:9]", refused},
    {"http://[:1]", refused},
    {"http://[::1.2.3.256]", refused},
    {"http://[]", refused},
    {"http://[::1]x", refused},
    // host code points
    {"http://a<b", refused},
    {"http://a>b", refused},
    {"http://a^b", refused},
    {"http://a|b", refused},
    {"http://a%b", refused},
    {"http://a[b", refused},
    {"http://a]b", refused},
    {"http://a\177b", refused},
    {"http://a'b", "http://a'b/"},
    {"http://a*b!$&()+,;=~", "http://a*b!$&()+,;=~/"},
    {"http://", refused},
    {"https:", refused},
    {"http:", refused},
    {"http:///", refused},
    {"http://?x", refused},
    {"http://#x", refused},
    {"", refused},
    {"/path", refused},
    {"path", refused},
    {"//host/path", refused},
    {"?q", refused},
    {"#f", refused},
    {"://x", refused},
    {"1http://x", refused},
    {"ht_tp://x", refused},
    {"foo", refused},
    {"http//x", refused},
    // no absolute URL
    {"ftp://example.com:21/a", "ftp://example.com/a"},
    {"ws://example.com:80/", "ws://example.com/"},
    {"wss://example.com:443", "wss://example.com/"},
    {"file:///etc/passwd", "file:///etc/passwd"},
    {"mailto:a@b", "mailto:a@b"},
    {"foo://Bar/../x", "foo://Bar/x"},
    {"foo:/a/../b", "foo:/b"},
    {"urn:a:b", "urn:a:b"},
    {"blob:https://a/b", "blob:https://a/b"},
    {"foo://h:0/", "foo://h:0/"},
    {"foo://a b/", refused},
    // other schemes
    {"http://example.com/ü", "http://example.com/%C3%BC"},
    {"http://example.com/?ü", "http://example.com/?%C3%BC"},
    {"http://example.com/#ü", "http://example.com/#%C3%BC"},
    {"http://example.com/😀", "http://example.com/%F0%9F%98%80"},
    {"http://example.com/\uFEFF", "http://example.com/%EF%BB%BF"},
    {"http://example.com/\177", "http://example.com/%7F"},
    {"http://user:pw@example.com:8080/p/a/t/h?query=string#hash", "http://user:pw@example.com:8080/p/a/t/h?query=string#hash"},
};
// clang-format on

struct RelativeCase {
  std::string_view input;
  std::string_view base;
  std::string_view href;
};

/// The base of RFC 3986 §5.4.
inline constexpr std::string_view rfc_base = "http://a/b/c/d;p?q";

// clang-format off
inline constexpr RelativeCase relative[] = {
    {"g:h", rfc_base, "g:h"},
    {"g", rfc_base, "http://a/b/c/g"},
    {"./g", rfc_base, "http://a/b/c/g"},
    {"g/", rfc_base, "http://a/b/c/g/"},
    {"/g", rfc_base, "http://a/g"},
    {"//g", rfc_base, "http://g/"},
    {"?y", rfc_base, "http://a/b/c/d;p?y"},
    {"g?y", rfc_base, "http://a/b/c/g?y"},
    {"#s", rfc_base, "http://a/b/c/d;p?q#s"},
    {"g#s", rfc_base, "http://a/b/c/g#s"},
    {"g?y#s", rfc_base, "http://a/b/c/g?y#s"},
    {";x", rfc_base, "http://a/b/c/;x"},
    {"g;x", rfc_base, "http://a/b/c/g;x"},
    {"g;x?y#s", rfc_base, "http://a/b/c/g;x?y#s"},
    {"", rfc_base, "http://a/b/c/d;p?q"},
    {".", rfc_base, "http://a/b/c/"},
    {"./", rfc_base, "http://a/b/c/"},
    {"..", rfc_base, "http://a/b/"},
    {"../", rfc_base, "http://a/b/"},
    {"../g", rfc_base, "http://a/b/g"},
    {"../..", rfc_base, "http://a/"},
    {"../../", rfc_base, "http://a/"},
    {"../../g", rfc_base, "http://a/g"},
    {"../../../g", rfc_base, "http://a/g"},
    {"../../../../g", rfc_base, "http://a/g"},
    {"/./g", rfc_base, "http://a/g"},
    {"/../g", rfc_base, "http://a/g"},
    {"g.", rfc_base, "http://a/b/c/g."},
    {".g", rfc_base, "http://a/b/c/.g"},
    {"g..", rfc_base, "http://a/b/c/g.."},
    {"..g", rfc_base, "http://a/b/c/..g"},
    {"./../g", rfc_base, "http://a/b/g"},
    {"./g/.", rfc_base, "http://a/b/c/g/"},
    {"g/./h", rfc_base, "http://a/b/c/g/h"},
    {"g/../h", rfc_base, "http://a/b/c/h"},
    {"g;x=1/./y", rfc_base, "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", rfc_base, "http://a/b/c/y"},
    {"g?y/./x", rfc_base, "http://a/b/c/g?y/./x"},
    {"g?y/../x", rfc_base, "http://a/b/c/g?y/../x"},
    {"g#s/./x", rfc_base, "http://a/b/c/g#s/./x"},
    {"g#s/../x", rfc_base, "http://a/b/c/g#s/../x"},
    {"http:g", rfc_base, "http://a/b/c/g"},
    {"http:/g", rfc_base, "http://a/g"},
    {"http://g", rfc_base, "http://g/"},
    {"https:g", rfc_base, "https://g/"},
    {"\\g", rfc_base, "http://a/g"},
    {"\\\\g\\h", rfc_base, "http://g/h"},
    {"/\\g", rfc_base, "http://g/"},
    {"///g", rfc_base, "http://g/"},
    {" g ", rfc_base, "http://a/b/c/g"},
    {"\tg\n", rfc_base, "http://a/b/c/g"},
    {"%2e%2e/g", rfc_base, "http://a/b/g"},
    {"g\\..\\h", rfc_base, "http://a/b/c/h"},
    {"//", rfc_base, refused},
    {"//:80", rfc_base, refused},
    {"//g:81", rfc_base, "http://g:81/"},
    {"//u:p@g", rfc_base, "http://u:p@g/"},
    {"http:?y", rfc_base, "http://a/b/c/d;p?y"},
    {"http:#s", rfc_base, "http://a/b/c/d;p?q#s"},
    {"http:", rfc_base, "http://a/b/c/d;p?q"},
    {"?", rfc_base, "http://a/b/c/d;p?"},
    {"#", rfc_base, "http://a/b/c/d;p?q#"},
    {"/", rfc_base, "http://a/"},
    {"ü", rfc_base, "http://a/b/c/%C3%BC"},
    {"a:", rfc_base, "a:"},
    {"1:2", rfc_base, "http://a/b/c/1:2"},
    {"//[::1]/x", rfc_base, "http://[::1]/x"},
    {"c:/x", rfc_base, "c:/x"},
    {"file:x", rfc_base, "file:///x"},
    {"//g:x", rfc_base, refused},
    {"x", "http://u:p@h:81/a/b?c#d", "http://u:p@h:81/a/x"},
    {"", "http://u:p@h:81/a/b?c#d", "http://u:p@h:81/a/b?c"},
    {"?x", "http://u:p@h:81/a/b?c#d", "http://u:p@h:81/a/b?x"},
    {"/x", "http://u:p@h:81", "http://u:p@h:81/x"},
    {"//k", "http://u:p@h:81/a", "http://k/"},
    {"x", "http://h", "http://h/x"},
    {"https:x", "http://h/a/", "https://x/"},
    {"http:x", "https://h/a/", "http://x/"},
    {"x", "mailto:a@b", refused},
    {"#f", "mailto:a@b", "mailto:a@b#f"},
    {"x", "data:text/plain,y", refused},
    {"../x", "http://h/a/b/", "http://h/a/x"},
    {"x", "http://h/a/b//", "http://h/a/b//x"},
    {"x", "http://h/a/b", "http://h/a/x"},
    {"http://other/", "http://h/", "http://other/"},
    {"x", "foo://h/a/b", "foo://h/a/x"},
};
// clang-format on

}  // namespace url_cases
