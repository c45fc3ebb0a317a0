# Finds brotli, which ships no CMake package, and defines Brotli::common, Brotli::decoder and Brotli::encoder.
include(FindPackageHandleStandardArgs)

find_path(Brotli_INCLUDE_DIR brotli/decode.h)
find_library(Brotli_COMMON_LIBRARY brotlicommon)
find_library(Brotli_DECODER_LIBRARY brotlidec)
find_library(Brotli_ENCODER_LIBRARY brotlienc)
mark_as_advanced(Brotli_INCLUDE_DIR Brotli_COMMON_LIBRARY Brotli_DECODER_LIBRARY Brotli_ENCODER_LIBRARY)

find_package_handle_standard_args(
  Brotli REQUIRED_VARS Brotli_DECODER_LIBRARY Brotli_COMMON_LIBRARY Brotli_INCLUDE_DIR)

if(Brotli_FOUND AND NOT TARGET Brotli::common)
  add_library(Brotli::common UNKNOWN IMPORTED)
  set_target_properties(Brotli::common PROPERTIES
    IMPORTED_LOCATION "${Brotli_COMMON_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${Brotli_INCLUDE_DIR}")
  add_library(Brotli::decoder UNKNOWN IMPORTED)
  set_target_properties(Brotli::decoder PROPERTIES
    IMPORTED_LOCATION "${Brotli_DECODER_LIBRARY}" INTERFACE_LINK_LIBRARIES Brotli::common)
  if(Brotli_ENCODER_LIBRARY)
    add_library(Brotli::encoder UNKNOWN IMPORTED)
    set_target_properties(Brotli::encoder PROPERTIES
      IMPORTED_LOCATION "${Brotli_ENCODER_LIBRARY}" INTERFACE_LINK_LIBRARIES Brotli::common)
  endif()
endif()
