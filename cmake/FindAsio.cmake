# Finds standalone Asio, which ships no CMake package, and defines Asio::asio with the settings Reqivo compiles it
# with. Cache variable: Asio_INCLUDE_DIR. Sets Asio_VERSION and, as ASIO_VERSION is written, Asio_VERSION_NUMBER.
include(FindPackageHandleStandardArgs)

find_path(Asio_INCLUDE_DIR asio.hpp)
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" line REGEX "^#define ASIO_VERSION ")
  string(REGEX REPLACE ".* ([0-9]+) .*" "\\1" Asio_VERSION_NUMBER "${line}")
  math(EXPR major "${Asio_VERSION_NUMBER} / 100000")
  math(EXPR minor "${Asio_VERSION_NUMBER} / 100 % 1000")
  math(EXPR patch "${Asio_VERSION_NUMBER} % 100")
  set(Asio_VERSION ${major}.${minor}.${patch})
endif()

find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR VERSION_VAR Asio_VERSION)

if(Asio_FOUND AND NOT TARGET Asio::asio)
  find_package(Threads REQUIRED)
  add_library(Asio::asio INTERFACE IMPORTED)
  set_target_properties(Asio::asio PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Asio_INCLUDE_DIR}")
  target_link_libraries(Asio::asio INTERFACE Threads::Threads)
  # Whether Asio uses std::aligned_alloc would else depend on which header a file includes before it, and
  # memory would be allocated in one way and freed in the other.
  # Nothing else that changes what Asio's own functions do, such as ASIO_NO_DEPRECATED: a program with code of its own
  # over Asio shares them with the library.
  target_compile_definitions(Asio::asio INTERFACE ASIO_STANDALONE ASIO_DISABLE_STD_ALIGNED_ALLOC)
  # Asio 1.22 looks for the coroutine support of older compilers and so finds none in these.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 17)
    target_compile_definitions(Asio::asio INTERFACE ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
  endif()
endif()
