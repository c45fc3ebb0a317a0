// Asio's own functions, compiled once (ASIO_SEPARATE_COMPILATION) and not in every file that
// includes it.
#include <asio/impl/src.hpp>
