# The installed package: find_package(reqivo) gives reqivo::reqivo.
include_guard(DIRECTORY)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/reqivo")
set(third_party_dir "${CMAKE_INSTALL_INCLUDEDIR}/reqivo/third_party")

install(TARGETS reqivo EXPORT reqivo-targets FILE_SET HEADERS)
if(CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  install(TARGETS reqivo_js EXPORT reqivo-targets)
  install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/src/wasm/" DESTINATION "${CMAKE_INSTALL_LIBDIR}/reqivo"
    FILES_MATCHING PATTERN "library_reqivo*.js")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/WasmExceptions.cmake" DESTINATION "${package_dir}")
  if(headers_to_bring)
    install(DIRECTORY "${headers_to_bring}" DESTINATION "${third_party_dir}")
  endif()
else()
  install(
    FILES "${PROJECT_SOURCE_DIR}/cmake/FindBrotli.cmake" "${PROJECT_SOURCE_DIR}/cmake/FindZstd.cmake"
    DESTINATION "${package_dir}")
endif()
install(EXPORT reqivo-targets NAMESPACE reqivo:: DESTINATION "${package_dir}")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/reqivo-config.cmake.in" "${PROJECT_BINARY_DIR}/reqivo-config.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS third_party_dir)
# Before 1.0 a minor version may break users.
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/reqivo-version-number.cmake" COMPATIBILITY SameMinorVersion)
configure_file(
  "${PROJECT_SOURCE_DIR}/cmake/reqivo-config-version.cmake.in" "${PROJECT_BINARY_DIR}/reqivo-config-version.cmake"
  @ONLY)
install(
  FILES "${PROJECT_BINARY_DIR}/reqivo-config.cmake" "${PROJECT_BINARY_DIR}/reqivo-config-version.cmake"
        "${PROJECT_BINARY_DIR}/reqivo-version-number.cmake"
  DESTINATION "${package_dir}")

# Ours, and those of what the library holds compiled; what Debian has of llhttp and JSON comes without its licence.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(
  FILES "${PROJECT_SOURCE_DIR}/cmake/licenses/nlohmann_json.txt"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.nlohmann_json)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Emscripten")
  install(
    FILES "${PROJECT_SOURCE_DIR}/cmake/licenses/llhttp.txt"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.llhttp)
  foreach(license IN ITEMS MIT APACHE)
    install(
      FILES "${ada_SOURCE_DIR}/LICENSE-${license}"
      DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.ada-${license})
  endforeach()
endif()
