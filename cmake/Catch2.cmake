# Catch2 3 for the tests: the system's, else its one-file form: one compilation in place of its library's hundred.
# Targets: Catch2::Catch2, Catch2::Catch2WithMain.
include_guard(DIRECTORY)

find_package(Catch2 3.7 QUIET)
if(TARGET Catch2::Catch2)
  return()
endif()

# SOURCE_SUBDIR names a folder that does not exist: its build files would build the library.
FetchContent_Declare(
  catch2
  URL https://github.com/catchorg/Catch2/archive/refs/tags/v${catch2_VERSION}.tar.gz
  URL_HASH SHA256=c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c
  DOWNLOAD_EXTRACT_TIMESTAMP OFF
  SOURCE_SUBDIR no-build-files)
FetchContent_MakeAvailable(catch2)

# The settings that the one-file form has built in, for the headers that the tests include.
set(CATCH_CONFIG_DEFAULT_REPORTER console)
set(CATCH_CONFIG_CONSOLE_WIDTH 80)
configure_file(
  "${catch2_SOURCE_DIR}/src/catch2/catch_user_config.hpp.in"
  "${PROJECT_BINARY_DIR}/catch2/catch2/catch_user_config.hpp")

add_library(Catch2 STATIC "${catch2_SOURCE_DIR}/extras/catch_amalgamated.cpp")
# What it prints depends on the standard it is compiled for, and clang 14's default is older than ours.
target_compile_features(Catch2 PUBLIC cxx_std_20)
target_include_directories(
  Catch2 SYSTEM PUBLIC "${catch2_SOURCE_DIR}/src" "${PROJECT_BINARY_DIR}/catch2")
if(CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  target_compile_definitions(Catch2 PRIVATE CATCH_AMALGAMATED_CUSTOM_MAIN)  # tests/wasm/main.cpp is it
endif()
# The one file holds its main, too, which the linker takes only where there is no other.
add_library(Catch2::Catch2 ALIAS Catch2)
add_library(Catch2::Catch2WithMain ALIAS Catch2)
