#include <reqivo/asio.hpp>

#include "native/event_loop.hpp"

namespace reqivo {

asio::io_context& this_thread_io_context() { return *native::AsioEventLoop::current().context(); }

}  // namespace reqivo
