// Reqivo beside Asio code of your own. Native only; needs standalone Asio on the include path, of
// the version that Reqivo was built with, and with the same switches (ASIO_STANDALONE,
// ASIO_DISABLE_STD_ALIGNED_ALLOC; the CMake target gives the latter): a program has one Asio.
#pragma once

// As Reqivo itself was built: what one side takes from the heap the other may give back.
#ifndef ASIO_DISABLE_STD_ALIGNED_ALLOC
#define ASIO_DISABLE_STD_ALIGNED_ALLOC
#endif
#include <asio/io_context.hpp>
#include <asio/version.hpp>
#ifdef ASIO_HAS_STD_ALIGNED_ALLOC
#error "Include reqivo/asio.hpp before Asio's own headers, or define ASIO_DISABLE_STD_ALIGNED_ALLOC"
#endif
// The CMake target gives the version that Reqivo was built with; two in one program crash it.
#if defined(REQIVO_ASIO_VERSION) && ASIO_VERSION != REQIVO_ASIO_VERSION
#error "These headers of Asio are not of the version that Reqivo was built with"
#endif

namespace reqivo {

/// The io_context that carries this thread's tasks, sessions and timers.
///
/// `run` and `run_main` drive it. A program with an Asio loop of its own drives it instead, by
/// `this_thread_io_context().run()`: tasks started by `create_task` then make progress there, and
/// so do the program's own sockets and timers. Use it on this thread only, but for `asio::post`,
/// which any thread may call. Connections that lie idle do not keep its `run()` from returning, and
/// are closed by `Limits::idle_timeout` only while something of Reqivo's goes on. Lifetime: the
/// thread's; sessions keep it alive beyond that.
[[nodiscard]] asio::io_context& this_thread_io_context();

}  // namespace reqivo
