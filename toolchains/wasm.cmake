# The Emscripten toolchain for Reqivo: an active emsdk or an emcc on the PATH where it is new enough, else the one that
# toolchains/install-emscripten has put into the per-user cache. REQIVO_EMSCRIPTEN_ROOT (a variable or in the
# environment) names a folder that holds emcc and overrides them all.
include_guard(GLOBAL)

set(least_version 3.1.69)

# Sets `result` to the version of the Emscripten in `root`; empty where there is none.
function(reqivo_emscripten_version root result)
  set(version "")
  if(EXISTS "${root}/emscripten-version.txt" AND EXISTS "${root}/cmake/Modules/Platform/Emscripten.cmake")
    file(STRINGS "${root}/emscripten-version.txt" version LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

function(reqivo_find_emscripten result)
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache "$ENV{XDG_CACHE_HOME}")
  else()
    set(cache "$ENV{HOME}/.cache")
  endif()
  set(candidates "")
  if(REQIVO_EMSCRIPTEN_ROOT)
    set(candidates "${REQIVO_EMSCRIPTEN_ROOT}")
  elseif(DEFINED ENV{REQIVO_EMSCRIPTEN_ROOT})
    set(candidates "$ENV{REQIVO_EMSCRIPTEN_ROOT}")
  else()
    if(DEFINED ENV{EMSDK})
      list(APPEND candidates "$ENV{EMSDK}/upstream/emscripten")
    endif()
    find_program(emcc emcc NO_CACHE)
    if(emcc)
      file(REAL_PATH "${emcc}" emcc)
      get_filename_component(folder "${emcc}" DIRECTORY)
      list(APPEND candidates "${folder}")
    endif()
    # Where emcc is a script that calls the real one, as package managers have it.
    find_program(em_config em-config NO_CACHE)
    if(em_config)
      execute_process(COMMAND "${em_config}" EMSCRIPTEN_ROOT
                      OUTPUT_VARIABLE folder ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
      list(APPEND candidates "${folder}")
    endif()
    list(APPEND candidates "${cache}/reqivo/emscripten/root/usr/share/emscripten")
  endif()
  set(refused "")
  foreach(candidate IN LISTS candidates)
    reqivo_emscripten_version("${candidate}" version)
    if(version VERSION_GREATER_EQUAL least_version)
      set(${result} "${candidate}" PARENT_SCOPE)
      return()
    elseif(version)
      string(APPEND refused " ${candidate} is ${version}, which is too old.")
    elseif(REQIVO_EMSCRIPTEN_ROOT OR DEFINED ENV{REQIVO_EMSCRIPTEN_ROOT})
      string(APPEND refused " REQIVO_EMSCRIPTEN_ROOT is ${candidate}, which holds none.")
    endif()
  endforeach()
  message(FATAL_ERROR
    "Reqivo found no Emscripten ${least_version} or newer.${refused} On Debian, and on Ubuntu where REQIVO_DEBIAN_MIRROR names "
    "a mirror of Debian, toolchains/setup wasm installs one for this user. Elsewhere take emsdk: clone emscripten-core/emsdk from GitHub, then run "
    "'./emsdk install latest', './emsdk activate latest' and 'source ./emsdk_env.sh'.")
endfunction()

reqivo_find_emscripten(REQIVO_EMSCRIPTEN_ROOT)
set(REQIVO_EMSCRIPTEN_ROOT "${REQIVO_EMSCRIPTEN_ROOT}" CACHE PATH "The folder that holds emcc")
# CMake reads this file again for each of its own checks.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ${CMAKE_TRY_COMPILE_PLATFORM_VARIABLES} REQIVO_EMSCRIPTEN_ROOT)

# In every compilation, CMake's own checks included: another set of flags means another set of system libraries.
set(CMAKE_C_FLAGS_INIT "-fexceptions")
set(CMAKE_CXX_FLAGS_INIT "-fexceptions")
# A debug build that links and runs in a reasonable time: at -O0 the test programs are several times as large.
set(CMAKE_C_FLAGS_DEBUG "-O1" CACHE STRING "Flags of a debug build")
set(CMAKE_CXX_FLAGS_DEBUG "-O1" CACHE STRING "Flags of a debug build")
# With link-time optimisation a program keeps less of the library and of the standard library.
set(CMAKE_C_FLAGS_MINSIZEREL "-Oz -flto -DNDEBUG" CACHE STRING "Flags of a build for size")
set(CMAKE_CXX_FLAGS_MINSIZEREL "-Oz -flto -DNDEBUG" CACHE STRING "Flags of a build for size")
set(CMAKE_C_FLAGS_RELEASE "-O3 -flto -DNDEBUG" CACHE STRING "Flags of a build for speed")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -flto -DNDEBUG" CACHE STRING "Flags of a build for speed")

# Emscripten's toolchain has CMake look for packages only under these folders. What a user names for packages is meant
# to be looked at.
list(APPEND CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})

include("${REQIVO_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake")
