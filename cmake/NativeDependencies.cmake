# The native platform's dependencies, all private to the library: targets OpenSSL::*, ZLIB::ZLIB, Brotli::*,
# Zstd::zstd, Asio::asio, and reqivo_llhttp and reqivo_ada, whose objects become part of Reqivo's own archive.
include_guard(DIRECTORY)

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Brotli REQUIRED)
find_package(Zstd REQUIRED)

find_package(Asio 1.22)
if(NOT Asio_FOUND)
  FetchContent_Declare(
    asio
    URL https://github.com/chriskohlhoff/asio/archive/refs/tags/asio-1-30-2.tar.gz
    URL_HASH SHA256=755bd7f85a4b269c67ae0ea254907c078d408cce8e1a352ad2ed664d233780e8
    DOWNLOAD_EXTRACT_TIMESTAMP OFF)
  FetchContent_MakeAvailable(asio)
  set(Asio_INCLUDE_DIR "${asio_SOURCE_DIR}/asio/include" CACHE PATH "" FORCE)
  find_package(Asio 1.22 REQUIRED)
endif()

# SOURCE_SUBDIR names a folder that does not exist: we want the sources and not their build files, which
# would add tools, tests and install rules of their own.
reqivo_pinned_source(llhttp)
FetchContent_Declare(
  llhttp
  URL https://github.com/nodejs/llhttp/archive/refs/tags/release/v${llhttp_VERSION}.tar.gz
  URL_HASH SHA256=1eb813c7437b31a87496a1cd3ed79f00746720f5e7e29c79b42c02cb69f36c39
  DOWNLOAD_EXTRACT_TIMESTAMP OFF
  SOURCE_SUBDIR no-build-files)
FetchContent_MakeAvailable(llhttp)

reqivo_pinned_source(ada)
FetchContent_Declare(
  ada
  URL https://github.com/ada-url/ada/archive/refs/tags/v${ada_VERSION}.tar.gz
  URL_HASH SHA256=77bc5bbc383ed098cc60266ad6ee912de2431bb62d89248c0e17c4e712dcdaf9
  DOWNLOAD_EXTRACT_TIMESTAMP OFF
  SOURCE_SUBDIR no-build-files)
FetchContent_MakeAvailable(ada)

include("${CMAKE_CURRENT_LIST_DIR}/RenameSymbols.cmake")

add_library(reqivo_llhttp OBJECT
  "${llhttp_SOURCE_DIR}/src/api.c" "${llhttp_SOURCE_DIR}/src/http.c" "${llhttp_SOURCE_DIR}/src/llhttp.c")
target_include_directories(reqivo_llhttp SYSTEM PUBLIC "${renamed}/llhttp")

add_library(reqivo_ada OBJECT "${renamed}/ada/ada.cpp")
target_compile_features(reqivo_ada PUBLIC cxx_std_20)
target_include_directories(
  reqivo_ada SYSTEM PUBLIC "${renamed}/ada" "${ada_SOURCE_DIR}/include" PRIVATE "${ada_SOURCE_DIR}/src")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # At -O1, as under the sanitizers, g++ 12 fails on functions that ada wants inlined at any price.
  target_compile_options(reqivo_ada PRIVATE -O2)
endif()

# A project that adds us as a subdirectory may have warnings as errors for all in it, which is for its own code.
target_compile_options(reqivo_llhttp PRIVATE -w)
target_compile_options(reqivo_ada PRIVATE -w)

# Hidden, in a shared library, so that llhttp's functions can be inlined.
set_target_properties(reqivo_llhttp reqivo_ada PROPERTIES
  POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden UNITY_BUILD OFF)
