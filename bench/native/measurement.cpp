#include "measurement.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string_view>

namespace reqivo::bench {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Not ru_maxrss: that one begins with the memory of the process that forked this one.
std::uint64_t kibibytes_in_status(std::string_view field) {
  std::ifstream status("/proc/self/status");
  std::string name;
  std::string rest;
  std::uint64_t value = 0;
  while (status >> name) {
    if (name == field && status >> value) return value;
    std::getline(status, rest);
  }
  return 0;
}

// A system call that does nothing but show up in a trace; bench/system_calls.mjs looks for the
// text.
void leave_mark(const char* text) {
  if (::access(text, F_OK) == 0) return;
}

}  // namespace

std::string Measurement::to_json() const {
  std::ostringstream out;
  out.precision(9);
  out << "{\"wallSeconds\":" << wall_seconds << ",\"userSeconds\":" << user_seconds
      << ",\"systemSeconds\":" << system_seconds << ",\"bodyBytes\":" << body_bytes
      << ",\"residentBeforeKibibytes\":" << resident_before_kibibytes
      << ",\"peakResidentKibibytes\":" << peak_resident_kibibytes
      << ",\"allocations\":" << allocations.allocations << ",\"releases\":" << allocations.releases
      << ",\"allocatedBytes\":" << allocations.bytes << "}";
  return out.str();
}

Measurement measure(const std::function<std::uint64_t()>& work, Detail detail) {
  Measurement result;
  result.resident_before_kibibytes = kibibytes_in_status("VmRSS:");
  rusage before{};
  rusage after{};
  if (detail == Detail::counts) {
    leave_mark("/reqivo-bench-begin");
    start_counting_allocations();
  }
  ::getrusage(RUSAGE_SELF, &before);
  const auto began = std::chrono::steady_clock::now();
  result.body_bytes = work();
  const auto ended = std::chrono::steady_clock::now();
  ::getrusage(RUSAGE_SELF, &after);
  if (detail == Detail::counts) {
    result.allocations = stop_counting_allocations();
    leave_mark("/reqivo-bench-end");
  }
  result.wall_seconds = std::chrono::duration<double>(ended - began).count();
  result.user_seconds = seconds(after.ru_utime) - seconds(before.ru_utime);
  result.system_seconds = seconds(after.ru_stime) - seconds(before.ru_stime);
  result.peak_resident_kibibytes = kibibytes_in_status("VmHWM:");
  return result;
}

}  // namespace reqivo::bench
