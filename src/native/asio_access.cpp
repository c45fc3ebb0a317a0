#include <reqivo/asio.hpp>

#include "native/event_loop.hpp"

namespace reqivo {

asio::io_context& this_thread_io_context() {
  native::AsioEventLoop& loop = native::AsioEventLoop::current();
  loop.lend_context();
  return *loop.context();
}

}  // namespace reqivo
