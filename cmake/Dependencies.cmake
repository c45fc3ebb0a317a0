# Where Reqivo's dependencies come from.
#
# Libraries of the system (OpenSSL, zlib, brotli, zstd) are found and never fetched: their security fixes are the
# system's business. The rest is looked for first and else fetched from its authors, pinned by checksum.
# What toolchains/fetch-source has put into the per-user cache is taken instead of a download;
# FETCHCONTENT_SOURCE_DIR_<NAME> overrides both.
include_guard(DIRECTORY)
include(FetchContent)

if(DEFINED ENV{XDG_CACHE_HOME})
  set(default_cache "$ENV{XDG_CACHE_HOME}/reqivo/sources")
else()
  set(default_cache "$ENV{HOME}/.cache/reqivo/sources")
endif()
set(REQIVO_SOURCE_CACHE "${default_cache}" CACHE PATH "Where toolchains/fetch-source puts sources")
mark_as_advanced(REQIVO_SOURCE_CACHE)

set(source_list "${PROJECT_SOURCE_DIR}/toolchains/sources.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source_list}")

# Sets <name>_VERSION from sources.txt and, where the cache has that version, the folder to take it from.
macro(reqivo_pinned_source name)
  file(STRINGS "${source_list}" line REGEX "^${name} ")
  string(REGEX REPLACE "^${name} +([^ ]+) .*" "\\1" ${name}_VERSION "${line}")
  string(TOUPPER ${name} upper)
  if(NOT FETCHCONTENT_SOURCE_DIR_${upper} AND EXISTS "${REQIVO_SOURCE_CACHE}/${name}-${${name}_VERSION}")
    set(FETCHCONTENT_SOURCE_DIR_${upper} "${REQIVO_SOURCE_CACHE}/${name}-${${name}_VERSION}")
  endif()
endmacro()

if(CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  include("${CMAKE_CURRENT_LIST_DIR}/WasmDependencies.cmake")
endif()
if(NOT TARGET nlohmann_json::nlohmann_json)
  # Its build files are older than the policy that lets the two variables below count as its options.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(JSON_BuildTests OFF)
  set(JSON_Install ${REQIVO_INSTALL})
  FetchContent_Declare(
    nlohmann_json
    URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
    URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d
    DOWNLOAD_EXTRACT_TIMESTAMP OFF
    FIND_PACKAGE_ARGS 3.11)
  FetchContent_MakeAvailable(nlohmann_json)
endif()

if(REQIVO_BUILD_TESTS)
  reqivo_pinned_source(catch2)
  include("${CMAKE_CURRENT_LIST_DIR}/Catch2.cmake")
endif()

# Our warnings are not for the headers of others. (FetchContent_Declare's own SYSTEM fails with URL_HASH in 3.25.)
foreach(target IN ITEMS nlohmann_json Catch2 Catch2WithMain)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES SYSTEM ON)
  endif()
endforeach()

if(NOT CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  include("${CMAKE_CURRENT_LIST_DIR}/NativeDependencies.cmake")
endif()
