// The whole C ABI between C++ and library_reqivo*.js, both ways. Nothing else may cross.
//
// JavaScript moves bytes and settles promises; it holds no policy. It calls in from the outermost
// frame only, never from inside one of the functions declared as implemented there (but for those
// that say so), and hands over plain records: no rejection and no exception crosses.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reqivo::wasm {
class FetchOperation;
class UploadFeed;
}  // namespace reqivo::wasm
namespace emscripten {
using EM_VAL = struct _EM_VAL*;  // as in emscripten/val.h, which only reqivo/js.hpp needs
}

static_assert(sizeof(void*) == 4,
              "Reqivo is for wasm32: its JavaScript takes addresses as numbers");

extern "C" {

// ---- implemented in library_reqivo*.js
//
// `noexcept`: the code that would handle a C++ exception from there is a good part of each call.

/// Has `reqivo_turn` called by a micro-task: before the page draws or anything else happens.
void reqivo_wake_soon() noexcept;
/// Has `reqivo_turn` called by a task, as by a timer that is due: after whatever else is waiting
/// for its turn.
void reqivo_wake_later() noexcept;
/// Has `reqivo_turn` called once, `milliseconds` from now; replaces an earlier call.
void reqivo_set_timer(double milliseconds) noexcept;
void reqivo_clear_timer() noexcept;
/// Whether this build can suspend (Asyncify).
int reqivo_can_suspend() noexcept;
/// Suspends the program until a call into C++ answers that it may go on. Only where
/// `reqivo_can_suspend`.
void reqivo_suspend() noexcept;

/// Calls `reqivo_provide_node` where this is Node and not a page or a worker of one. Only through
/// here: so it is linked only where a program is for Node, too (-sENVIRONMENT).
void reqivo_detect_platform() noexcept;
/// Whether requests with a streamed body can be sent (RequestInit.duplex), as far as can be known
/// beforehand.
int reqivo_can_stream_upload() noexcept;
/// Whether a request body can be streamed to this URL: a browser wants HTTP/2 for it.
int reqivo_can_stream_upload_to(const char* url, std::size_t size) noexcept;
/// Whether the platform drops a User-Agent field that it is given.
int reqivo_keeps_user_agent() noexcept;

/// Keeps the runtime alive after `main` has returned. Under Node, `reqivo_program_stuck` is called
/// when nothing is left that could go on.
void reqivo_program_began() noexcept;
/// The end of what `reqivo_program_began` began. Under Node nothing is left running then, and the
/// process will end with this code. Whether the runtime is to exit, too.
int reqivo_program_ended(int exit_code) noexcept;

/// The process will end with this code, since what `main` returns after it was suspended is lost,
/// and with `main`, whatever is left running then.
void reqivo_set_exit_code(int exit_code) noexcept;

/// Sends a request and gives its handle, which is never used again. `head` is lines ended by LF, of
/// bytes: method, URL, redirect mode, credentials, mode, cache, referrer policy, integrity,
/// keepalive ("1"), priority, then name and value of each field; of the settings an empty one is
/// the platform's default. `body`, null for none, is read after the call, once C++ has left the
/// stack: it stays as long as the operation.
std::int32_t reqivo_fetch_start(reqivo::wasm::FetchOperation* operation, const char* head,
                                std::size_t head_size, const char* body,
                                std::size_t body_size) noexcept;
/// The same; JavaScript asks for the body piece by piece (`reqivo_fetch_wants_piece`).
std::int32_t reqivo_fetch_start_streamed(reqivo::wasm::FetchOperation* operation,
                                         reqivo::wasm::UploadFeed* feed, const char* head,
                                         std::size_t head_size) noexcept;
/// Asks for the next bytes of the body, once C++ has left the stack, one call at a time:
/// `reqivo_fetch_chunk`, `_end` or `_failed` answers it.
void reqivo_fetch_read(std::int32_t handle) noexcept;
/// Answers `reqivo_fetch_wants_piece`; the bytes are copied before the call returns.
void reqivo_fetch_send_piece(std::int32_t handle, const char* piece, std::size_t size) noexcept;
/// Answers `reqivo_fetch_wants_piece`: the body is complete.
void reqivo_fetch_end_upload(std::int32_t handle) noexcept;
/// Forgets the operation; what is under way is aborted. Nothing calls back afterwards.
void reqivo_fetch_release(std::int32_t handle) noexcept;

/// Parses a URL (URL Standard, the URL constructor) of UTF-8; `base` may be empty. Writes its href
/// through `reqivo_allocate_text`. 0: it does not parse.
int reqivo_url_parse(const char* input, std::size_t input_size, const char* base,
                     std::size_t base_size) noexcept;

/// Makes a Promise (for reqivo/js.hpp) and gives its handle, which is never used again.
/// `abort_signal`: an AbortSignal or undefined, by embind's handle; when it is aborted the Promise
/// is rejected with its reason and `reqivo_promise_abort` is called.
std::int32_t reqivo_promise_make(emscripten::EM_VAL abort_signal) noexcept;
/// The Promise itself; the caller owns embind's handle.
emscripten::EM_VAL reqivo_promise_object(std::int32_t promise) noexcept;
int reqivo_promise_settled(std::int32_t promise) noexcept;
/// Calls `start(context)`, which starts its task, and lets C++ exceptions through. 0: an exception
/// of JavaScript left it, and the Promise is rejected with that.
int reqivo_promise_start(std::int32_t promise, void (*start)(void*), void* context);
/// Settles it, once; `reqivo_promise_forget` is called soon.
void reqivo_promise_resolve(std::int32_t promise, emscripten::EM_VAL value) noexcept;
/// `text` is UTF-8: the error's name, code and phase, a line ended by LF each, then its message.
void reqivo_promise_reject(std::int32_t promise, const char* text, std::size_t size,
                           int retryable) noexcept;
/// Calls `convert(context)`, which turns a C++ value into embind's, and lets C++ exceptions
/// through. Null, or embind's handle of what it says against that, as a string that the caller
/// owns.
emscripten::EM_VAL reqivo_embind(void (*convert)(void*), void* context);

// ---- implemented in C++, called from library_reqivo*.js
//
// Those that give an int answer whether the suspended program may go on.

/// `timer`: `reqivo_set_timer` or `reqivo_wake_later` asked for it.
int reqivo_turn(int timer);
/// Only Node calls it: the program waits for what nothing can bring about.
int reqivo_program_stuck();
/// Only Node calls it, inside `reqivo_detect_platform`.
void reqivo_provide_node();

/// Room for `size` bytes that the next call hands over. Null: there is no memory for them, and the
/// next call is `reqivo_fetch_failed`.
char* reqivo_fetch_allocate(reqivo::wasm::FetchOperation* operation, std::size_t size);
/// The head has come: the allocated bytes are lines ended by LF: reason, final URL, then name and
/// value of each field.
int reqivo_fetch_head(reqivo::wasm::FetchOperation* operation, int status, int has_body,
                      int is_redirect);
/// The allocated bytes are the next of the body: never none.
int reqivo_fetch_chunk(reqivo::wasm::FetchOperation* operation);
/// The body is at its end.
int reqivo_fetch_end(reqivo::wasm::FetchOperation* operation);
/// The fetch or the read failed: the allocated bytes are lines ended by LF: the error's name, the
/// code of its cause (Node; behind "connect " where it is of connecting), its message and its
/// cause's message. None where memory ran out.
int reqivo_fetch_failed(reqivo::wasm::FetchOperation* operation);
/// The body is to go on.
int reqivo_fetch_wants_piece(reqivo::wasm::UploadFeed* feed);

/// The Promise's task has finished: what is left of it may go.
void reqivo_promise_forget(std::int32_t promise);
/// The Promise's task is to be destroyed.
int reqivo_promise_abort(std::int32_t promise);

/// Room for the answer of a call that is on the stack; good until the next one.
char* reqivo_allocate_text(std::size_t size);
}
