// A program's own llhttp and ada, of other versions than those in Reqivo: of each a few functions,
// which end the program if Reqivo calls them.
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" {

void llhttp_init(void* /*parser*/, int /*type*/, const void* /*settings*/) { std::abort(); }
int llhttp_execute(void* /*parser*/, const char* /*bytes*/, std::size_t /*size*/) { std::abort(); }
int llhttp__internal_init(void* /*state*/) { std::abort(); }
int llhttp__internal_execute(void* /*state*/, const char* /*begin*/, const char* /*end*/) {
  std::abort();
}
void* ada_parse(const char* /*input*/, std::size_t /*size*/) { std::abort(); }

}  // extern "C"

// Of ada's C interface, where it is a function of C++.
void* get_instance(void* /*result*/) { std::abort(); }

namespace ada {

std::string href_from_file(std::string_view /*path*/) { std::abort(); }

namespace idna {

std::string to_ascii(std::string_view /*host*/) { std::abort(); }

}  // namespace idna
}  // namespace ada
