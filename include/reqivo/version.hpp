// The library's version: CMake reads it from here.
#pragma once

#define REQIVO_VERSION_MAJOR 0
#define REQIVO_VERSION_MINOR 1
#define REQIVO_VERSION_PATCH 0
#define REQIVO_VERSION "0.1.0"
