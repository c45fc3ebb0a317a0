#include <cstdio>
#include <reqivo/async.hpp>

#include "deadline.hpp"
#include "misuse.hpp"
#include "platform/failure.hpp"
#include "program_failure.hpp"
#include "scheduler.hpp"

namespace reqivo {
namespace detail {
namespace {

constexpr const char* program_failed = "the program ends with an exception";

// Not by printf: a small program for a page may have no other use for it.
void print_line(const char* what_happened, const char* why) noexcept {
  for (const char* const part : {"reqivo: ", what_happened, ": ", why, "\n"}) {
    std::fputs(part, stderr);
  }
}

/// The program with its exceptions turned into an exit code.
Task<int> guarded(Task<int> program) {
  try {
    co_return co_await std::move(program);
  } catch (...) {
    print_failure(program_failed, std::current_exception());
  }
  co_return 1;
}

Task<int> with_exit_code(Task<void> program) {
  co_await std::move(program);
  co_return 0;
}

}  // namespace

void print_failure(const char* what_happened, const std::exception_ptr& why) noexcept {
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& error) {
    print_line(what_happened, error.what());
  } catch (...) {
    print_line(what_happened, "not a std::exception");
  }
}

void print_program_failure(const char* what) noexcept { print_line(program_failed, what); }

void throw_awaited_twice() { throw_misuse("reqivo: a Task can be awaited once only"); }

void throw_given_away() {
  throw_misuse("reqivo: what is awaited was given away before, to wait_for, gather or create_task");
}

void throw_two_consumers() {
  throw_misuse("reqivo: a Generator is awaited by one consumer at a time");
}

void run_to_end(TaskPromiseBase& task) { Scheduler::current().run_to_end(task); }

void throw_wait_timeout(Duration limit) {
  throw_error(Failure(ErrorCode::wait_timeout, Phase::none, after("wait_for gave up", limit)));
}

}  // namespace detail

Task<void> sleep(Duration wait) {
  detail::PromiseBase& self = co_await detail::ThisPromise();
  detail::Alarm alarm(self, wait);
  co_await alarm;
}

int run_main(Task<int> program) {
  try {
    return detail::run_program(detail::guarded(std::move(program)));
  } catch (const std::exception& error) {  // the program's own are caught inside: it cannot be run
    detail::print_program_failure(error.what());
    return 1;
  }
}

int run_main(Task<void> program) { return run_main(detail::with_exit_code(std::move(program))); }

}  // namespace reqivo
