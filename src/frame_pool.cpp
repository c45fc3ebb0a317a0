// Recycles coroutine frames, and by RecyclingAllocator what goes with them: a request makes a
// handful of them, of the same few sizes each time.
#include <array>
#include <new>
#include <reqivo/detail/frame_pool.hpp>
#include <utility>

namespace reqivo::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool recycle = false;  // so that AddressSanitizer sees a frame that is used after its end
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool recycle = false;
#else
constexpr bool recycle = true;
#endif
#else
constexpr bool recycle = true;
#endif

constexpr std::size_t granule = 64;
constexpr std::size_t largest = 2048;
constexpr std::size_t classes = largest / granule;
/// Frames kept for each size: bounds what a burst leaves behind to 64 * (64 + ... + 2048) < 2.2 MB.
constexpr std::size_t kept_per_class = 64;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* first;
  std::size_t count;
};

// Trivial, so that frames can be freed even while the thread's other objects are destroyed.
thread_local constinit std::array<FreeList, classes> free_lists{};
thread_local constinit bool closed = false;

class Cleaner {
 public:
  Cleaner() noexcept = default;
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;
  ~Cleaner() {
    closed = true;
    for (FreeList& list : free_lists) {
      while (list.first != nullptr) {
        void* const frame = std::exchange(list.first, list.first->next);
        ::operator delete(frame);
      }
    }
  }
  void touch() const noexcept {}
};
thread_local const Cleaner cleaner;

constexpr std::size_t class_of(std::size_t size) noexcept { return (size - 1) / granule; }

}  // namespace

void* allocate_frame(std::size_t size) {
  if (!recycle || size > largest) return ::operator new(size);
  FreeList& list = free_lists[class_of(size)];
  if (list.first == nullptr) return ::operator new((class_of(size) + 1) * granule);
  --list.count;
  return std::exchange(list.first, list.first->next);
}

void free_frame(void* frame, std::size_t size) noexcept {
  if (!recycle || size > largest || closed) {
    ::operator delete(frame);
    return;
  }
  FreeList& list = free_lists[class_of(size)];
  if (list.count == kept_per_class) {
    ::operator delete(frame);
    return;
  }
  if (list.count == 0) cleaner.touch();
  ++list.count;
  list.first = new (frame) FreeFrame{list.first};
}

}  // namespace reqivo::detail
