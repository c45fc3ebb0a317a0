// All of Reqivo, but for what needs other libraries' headers: reqivo/json.hpp, reqivo/asio.hpp
// (native) and reqivo/js.hpp (wasm).
#pragma once

#include <reqivo/async.hpp>
#include <reqivo/capabilities.hpp>
#include <reqivo/client.hpp>
#include <reqivo/errors.hpp>
#include <reqivo/fetch_options.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <reqivo/request.hpp>
#include <reqivo/response.hpp>
#include <reqivo/session.hpp>
#include <reqivo/version.hpp>
