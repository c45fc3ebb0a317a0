# Header-only libraries of the system for a wasm build: through a folder that holds links to them alone, since the rest
# of the system's headers are for another platform.
include_guard(DIRECTORY)

if(TARGET nlohmann_json::nlohmann_json)
  return()  # the project that adds us has its own
endif()
find_path(REQIVO_SYSTEM_JSON_DIR nlohmann/json.hpp
  PATHS /usr/include /usr/local/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
mark_as_advanced(REQIVO_SYSTEM_JSON_DIR)
if(NOT REQIVO_SYSTEM_JSON_DIR)
  return()  # it is fetched, then
endif()

set(linked "${PROJECT_BINARY_DIR}/system-headers")
file(MAKE_DIRECTORY "${linked}")
file(CREATE_LINK "${REQIVO_SYSTEM_JSON_DIR}/nlohmann" "${linked}/nlohmann" SYMBOLIC)
add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED GLOBAL)
target_include_directories(nlohmann_json::nlohmann_json SYSTEM INTERFACE "${linked}")
# A user's wasm build finds no package of the system either, so ours brings these.
set(headers_to_bring "${REQIVO_SYSTEM_JSON_DIR}/nlohmann")
