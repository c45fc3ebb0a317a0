# Renames what llhttp and ada define in our copies: a static library cannot hide symbols, and a program that links
# another copy of them would have each twice, or call ours for its own. In `renamed` each gets a header of its usual name
# that renames and then includes the real one. Needs llhttp_SOURCE_DIR and ada_SOURCE_DIR.
include_guard(DIRECTORY)

set(renamed "${PROJECT_BINARY_DIR}/renamed")

# Not by file(CONFIGURE), which would take an "@word@" of the text for a variable.
function(reqivo_write_if_different file text)
  if(EXISTS "${file}")
    file(READ "${file}" old)
    if(old STREQUAL text)
      return()
    endif()
  endif()
  file(WRITE "${file}" "${text}")
endfunction()

# Every function, those that llhttp means for itself too, whatever the version has.
set(defines "")
foreach(file IN ITEMS include/llhttp.h src/api.c src/http.c src/llhttp.c)
  file(READ "${llhttp_SOURCE_DIR}/${file}" text)
  string(REGEX MATCHALL "llhttp_[a-z0-9_]+\\(" functions "${text}")
  list(APPEND defines ${functions})
endforeach()
list(REMOVE_DUPLICATES defines)
list(TRANSFORM defines REPLACE "(.+)\\(" "#define \\1 reqivo_\\1\n")
list(JOIN defines "" defines)
reqivo_write_if_different(
  "${renamed}/llhttp/llhttp.h" "${defines}#include \"${llhttp_SOURCE_DIR}/include/llhttp.h\"\n")

# All of ada is in its namespace, but for its interface for C, which nobody here calls.
reqivo_write_if_different("${renamed}/ada/ada.h" "#define ada reqivo_ada\n#include \"${ada_SOURCE_DIR}/include/ada.h\"\n")
file(READ "${ada_SOURCE_DIR}/src/ada.cpp" text)
string(REPLACE "#include \"ada_c.cpp\"" "" text "${text}")
reqivo_write_if_different("${renamed}/ada/ada.cpp" "${text}")
